"""What a job's machine looks like, and what it does when it is run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from statelint.linter import Linter

from bunsui import Fallback, Job, Lambda, Parameter, Pipeline, Retry
from bunsui.compile.stack import _escape
from bunsui.compile.states import STATE_NAME_LIMIT
from bunsui.interpreter import execute

from .pipelines import FILLED_IN, World, compiled, expected, filled, operation, pipeline, states


def definition(declared: Pipeline, job: str = "main") -> dict[str, Any]:
    made = filled(compiled(declared).jobs[job].definition)
    assert Linter.validate(made) == []
    return made


def single(**settings: Any) -> dict[str, Any]:
    made = definition(Pipeline("p", operations=[operation("work", **settings)]))
    return made["States"]["work"]


def test_machine_of_one_operation() -> None:
    made = definition(pipeline({"work": ["month"]}))
    assert made == {
        "Comment": "Job main of pipeline p",
        "QueryLanguage": "JSONata",
        "StartAt": "work",
        "States": {
            "work": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {
                    "FunctionName": "p-work",
                    "Payload": {
                        "bunsui": {
                            "pipeline": "p",
                            "session": "{% $states.context.Execution.Input.session %}",
                            "attempt": "{% $states.context.Execution.Input.attempt %}",
                            "job": "main",
                            "operation": "work",
                            "try": "{% $states.context.State.RetryCount %}",
                            "inline": 32768,
                        },
                        "inputs": {"month": {"value": "{% $states.context.Execution.Input.parameters.month %}"}},
                    },
                },
                "TimeoutSeconds": 90,
                "Assign": {"out0_work": "{% $states.result.Payload %}"},
                "Retry": [
                    {
                        "ErrorEquals": [
                            "Lambda.ClientExecutionTimeoutException",
                            "Lambda.ServiceException",
                            "Lambda.AWSLambdaException",
                            "Lambda.SdkClientException",
                            "Lambda.TooManyRequestsException",
                        ],
                        "JitterStrategy": "FULL",
                        "IntervalSeconds": 2,
                        "MaxAttempts": 6,
                        "BackoffRate": 2.0,
                    }
                ],
                "Output": {"work": "{% $states.result.Payload %}"},
                "End": True,
            }
        },
    }


def test_a_list_of_outputs_is_a_list_of_envelopes() -> None:
    a, b, month = operation("a"), operation("b", returns=dict), Parameter("month", int)
    fed = operation("c", {"all": [a, b.output.x, month, "text"]})
    made = definition(Pipeline("p", parameters=[month], operations=[a, b, fed]))
    assert made["States"]["c"]["Arguments"]["Payload"]["inputs"] == {
        "all": {
            "list": [
                "{% $out0_a %}",
                '{% $merge([$out0_b, {"path": ["x"]}]) %}',
                {"value": "{% $states.context.Execution.Input.parameters.month %}"},
                {"value": "text"},
            ]
        }
    }


def test_payload_of_a_running_machine() -> None:
    world = World(compiled(pipeline({"work": ["month"]})))
    result = world.run_job("main", {}, {"month": 3})
    assert result.status == "SUCCEEDED"
    assert result.output == {"work": {"value": expected(world.plan.pipeline, {"month": 3})["work"]}}
    assert world.events == [
        {
            "bunsui": {
                "pipeline": "p",
                "session": "s-1",
                "attempt": 1,
                "job": "main",
                "operation": "work",
                "try": 0,
                "inline": 32768,
            },
            "inputs": {"month": {"value": 3}},
        }
    ]


@pytest.mark.parametrize(
    ("retry", "own"),
    [
        (Retry(attempts=1), None),
        (
            Retry(attempts=3, on=[ValueError, "Sandbox.Timedout"]),
            {"ErrorEquals": ["ValueError", "Sandbox.Timedout"], "MaxAttempts": 2, "JitterStrategy": "FULL"},
        ),
        (
            Retry(attempts=5, interval=7, backoff=1.5, max_delay=60, jitter=False, on=ValueError),
            {"ErrorEquals": ["ValueError"], "MaxAttempts": 4, "IntervalSeconds": 7, "BackoffRate": 1.5}
            | {"MaxDelaySeconds": 60},
        ),
        (Retry(on=[ValueError, Exception]), {"ErrorEquals": ["States.ALL"]}),
        (Retry(interval=60, max_delay=5, on=OSError), {"MaxDelaySeconds": 5, "IntervalSeconds": 60}),
        (Retry(), {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 2.0}),
    ],
)
def test_retries(retry: Retry, own: dict[str, Any] | None) -> None:
    retriers = single(retry=retry)["Retry"]
    service = next(one for one in retriers if "Lambda.ServiceException" in one["ErrorEquals"])
    assert service["MaxAttempts"] == 6
    if own is None:
        assert retriers == [service]
        return
    assert own.items() <= next(one for one in retriers if one is not service).items()
    assert "JitterStrategy" not in own or retry.jitter
    everything = own.get("ErrorEquals") == ["States.ALL"]
    assert (retriers[-1] is service) is not everything, "what names every error has to come last"


def test_no_jitter_when_it_is_not_wanted() -> None:
    assert "JitterStrategy" not in single(retry=Retry(jitter=False, on=ValueError))["Retry"][0]


def test_a_retry_tells_its_number() -> None:
    declared = Pipeline("p", operations=[operation("work", retry=Retry(attempts=4, on=[ValueError]))])
    world = World(compiled(declared), fails={"work": (ValueError("no"), 2)})
    assert world.run_job("main", {}, {}).status == "SUCCEEDED"
    assert [event["bunsui"]["try"] for event in world.events] == [0, 1, 2]


def test_an_error_keeps_its_name_when_retries_are_over() -> None:
    declared = Pipeline("p", operations=[operation("work", retry=Retry(attempts=2, on=[ValueError]))])
    world = World(compiled(declared), fails={"work": (ValueError("no"), 9)})
    result = world.run_job("main", {}, {})
    assert (result.status, result.error, len(world.events)) == ("FAILED", "ValueError", 2)


def test_every_task_has_a_timeout_that_the_function_reaches_first() -> None:
    made = definition(Pipeline("p", operations=[operation("work", runs=Lambda(timeout=900))]))
    assert made["States"]["work"]["TimeoutSeconds"] == 930


def test_fallback_stands_in_for_the_result() -> None:
    first = operation("first", on_error=Fallback(7, on=[ValueError]))
    second = operation("second", {"first": first})
    declared = Pipeline("p", operations=[first, second])
    assert definition(declared)["States"]["first"]["Catch"] == [
        {"ErrorEquals": ["ValueError"], "Next": "first: fallback"}
    ]
    world = World(compiled(declared), fails={"first": (ValueError("no"), 9)})
    assert world.run_job("main", {}, {}).status == "SUCCEEDED"
    assert world.events[-1]["inputs"] == {"first": {"value": 7}}


def test_fallback_of_the_last_operation_is_the_output() -> None:
    declared = Pipeline("p", operations=[operation("only", returns=list, on_error=Fallback([{"a": 1}]))])
    definition(declared)
    world = World(compiled(declared), fails={"only": (KeyError("no"), 9)})
    assert world.run_job("main", {}, {}).output == {"only": {"value": [{"a": 1}]}}


def test_fallback_does_not_hide_other_errors() -> None:
    declared = Pipeline("p", operations=[operation("only", on_error=Fallback(1, on=[ValueError]))])
    world = World(compiled(declared), fails={"only": (KeyError("no"), 9)})
    result = world.run_job("main", {}, {})
    assert (result.status, result.error) == ("FAILED", "KeyError")


CONSTANTS = [
    "plain",
    "{% $states.input %}",
    "{%%}",
    "{% unfinished",
    "only its end %}",
    "a {% b %}",
    "${AWS::Region} and ${Other}",
    '{% "quoted" %}',
    "\\ back \" quote ' é 水 \u2028",
    "",
    "$",
    ["{% $x %}", {"deep": "{% 1 + 1 %}"}],
    {"${AWS::AccountId}": 1, "b": None},
    [],
    {},
    0,
    1.5,
    -3,
    True,
    False,
    None,
]


@pytest.mark.parametrize("value", CONSTANTS, ids=repr)
def test_constants_arrive_as_they_are(value: Any) -> None:
    declared = Pipeline("p", operations=[operation("work", {"value": value}, on_error=Fallback(3))])
    made = compiled(declared).jobs["main"].definition
    assert Linter.validate(filled(made)) == []
    world = World(compiled(declared))
    substituted = substitute(_escape(json.dumps(made, ensure_ascii=False)))
    execute(substituted, {"session": "s", "attempt": 1, "parameters": {}, "inputs": {}}, services=world.services())
    assert world.events[0]["inputs"] == {"value": {"value": value}}


def substitute(text: str) -> Any:
    """What Fn::Sub makes of a text."""
    return json.loads(re.sub(r"\$\{(!?)([^}]*)\}", lambda m: f"${{{m[2]}}}" if m[1] else FILLED_IN[m[0]], text))


def test_a_field_is_taken_with_a_path() -> None:
    count = operation("count", returns=dict)
    rows = operation("rows", {"n": count.output.total["in rows"]}, returns=int)
    declared = Pipeline("p", operations=[count, rows])
    arguments = definition(declared)["States"]["rows"]["Arguments"]
    assert arguments["Payload"]["inputs"] == {"n": '{% $merge([$out0_count, {"path": ["total", "in rows"]}]) %}'}
    world = World(compiled(declared))
    with pytest.raises(TypeError):  # the stand-in's result is no record, which is what following the path shows
        world.read({"value": "count:1", "path": ["total", "in rows"]})


def test_a_single_field_stays_a_list() -> None:
    count = operation("count", returns=dict)
    declared = Pipeline("p", operations=[count, operation("rows", {"n": count.output.total})])
    seen: list[Any] = []
    world = World(compiled(declared))
    world.read = lambda envelope, about: seen.append(envelope) or 1  # type: ignore[method-assign, func-returns-value]
    assert world.run_job("main", {}, {}).status == "SUCCEEDED"
    assert [envelope["path"] for envelope in seen] == [["total"]]


@pytest.mark.parametrize("name", ["and", "or", "in", "true", "false", "null", "function", "Execution"])
def test_names_that_jsonata_reads_otherwise(name: str) -> None:
    declared = pipeline(
        {name: [f"{name}x"], "left": [name], "right": [name]}, {"a": [name], "b": ["left"], "c": ["right"]}
    )
    world = World(compiled(declared))
    result = world.run({f"{name}x": 1})
    assert result.status == "SUCCEEDED", result.cause
    values = expected(declared, {f"{name}x": 1})
    assert result.output == {"b": {"left": {"value": values["left"]}}, "c": {"right": {"value": values["right"]}}}


@pytest.mark.parametrize("name", ["and", "or", "in", "true", "false", "null"])
def test_parameters_that_jsonata_reads_otherwise(name: str) -> None:
    declared = pipeline({"work": [name]})
    world = World(compiled(declared))
    assert world.run({name: 42}).status == "SUCCEEDED"
    assert world.events[0]["inputs"] == {name: {"value": 42}}


def test_order_alone_makes_an_edge_without_data() -> None:
    first, second = operation("first"), operation("second")
    first >> second
    declared = Pipeline("p", operations=[second, first])
    assert definition(declared)["StartAt"] == "first"
    world = World(compiled(declared))
    result = world.run_job("main", {}, {})
    assert world.order() == ["first", "second"]
    assert set(result.output) == {"first", "second"}
    assert world.events[1]["inputs"] == {}


def test_unconsumed_and_crossing_results_leave_the_job() -> None:
    declared = pipeline({"a": [], "b": ["a"], "c": ["a"], "d": ["b"]}, {"one": ["a", "b", "c"], "two": ["d"]})
    made = compiled(declared)
    assert made.exports == {"one": ("b", "c"), "two": ("d",)}
    assert set(World(made).run_job("one", {}, {}).output) == {"b", "c"}


def test_inner_variables_never_shadow_outer_ones() -> None:
    declared = pipeline(
        {"a": [], "b": ["a"], "c": ["b"], "d": ["b"], "e": ["c", "d"], "f": ["a"], "g": ["e", "f"], "h": ["g", "a"]}
    )
    made = definition(declared)
    assert any("Branches" in state for _, branch in states(made) for state in [branch])

    def walk(machine: dict[str, Any], outer: frozenset[str]) -> None:
        own = {name for state in machine["States"].values() for name in state.get("Assign", {})}
        assert not own & outer
        for state in machine["States"].values():
            for branch in state.get("Branches", ()):
                walk(branch, outer | own)

    walk(made, frozenset())


def test_long_names_are_shortened_uniquely() -> None:
    names = [f"{'x' * 100}{end}" for end in ("a", "b", "c")]
    needs = {"start": [], **{name: ["start"] for name in names}, "end": names}
    declared = pipeline(needs)
    found = [name for name, _ in states(definition(declared))]
    assert len(found) == len(set(found))
    assert max(map(len, found)) <= STATE_NAME_LIMIT
    world = World(compiled(declared))
    result = world.run_job("main", {}, {})
    assert result.output == {"end": {"value": expected(declared, {})["end"]}}


def test_description_becomes_the_comment() -> None:
    assert single(description="Counts rows.")["Comment"] == "Counts rows."


def test_jobs_get_their_inputs_from_the_execution() -> None:
    declared = Pipeline(
        "p",
        parameters=[Parameter("month", int)],
        jobs=[Job("one", first := operation("first", ("month",))), Job("two", operation("second", {"first": first}))],
    )
    world = World(compiled(declared))
    result = world.run_job("two", {"first": "given"}, {})
    assert world.events[0]["inputs"] == {"first": {"value": "given"}}
    assert result.status == "SUCCEEDED"
