"""Expressions: JSONata in both engines, JSONPath wording, intrinsic functions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunsui.interpreter import execute
from bunsui.interpreter.jsonata import UNDEFINED, JsonataError, compiled, walk
from bunsui.interpreter.jsonata_functions import Ambient
from bunsui.interpreter.jsonata_pure import PureEngine
from tests.interpreter.strategies import values

INPUT = {"a": [1, 2, {"b": 3}], "n": None, "s": "text", "o": {"x": {"y": 1}}, "e": [], "one": [5]}
BINDINGS = {"states": {"input": INPUT, "context": {"Execution": {"Name": "me"}}}, "v": {"k": [1]}}
EXPRESSIONS = [
    ("$states.input.a[2].b", 3),
    ("$states.input.missing", UNDEFINED),
    ("$states.input.n", None),
    ("$states.input.o.x", {"y": 1}),
    ("$sum([1, 2.5])", 3.5),
    ("$nothing", UNDEFINED),
    ("$map([1..3], function($i) { $i * 2 })", [2, 4, 6]),
    ("$merge([{'a': 1}, {'b': 2}])", {"a": 1, "b": 2}),
    ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
    ("$range(0, 10, 5)", [0, 5, 10]),
    ("$range(1, 1, 1)", 1),
    ("$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("$parse('{\"a\": [1]}')", {"a": [1]}),
    ("$exists($nothing) ? 1 : 2", 2),
    ("$millis()", 1000),
    ("$now()", "1970-01-01T00:00:01.000Z"),
    ("{'a': $states.input.n}", {"a": None}),
    ("$states.context.Execution.Name & '!'", "me!"),
    ("$random(1) = $random(1)", True),
    ("$length($uuid())", 36),
    ("$v.k", [1]),
]
FAILING = [
    "1 / 0",
    "'a' + 1",
    "$eval('1')",
    "$partition([1], 0)",
    "$parse('{')",
    "$hash('a', 'CRC')",
    "function($x) { $x }",
]
NOT_JSONATA = ["(", "$x ?? 1", "$x ?: 1", "1 +"]


def ambient():
    return Ambient(lambda: 1000)


def rust(text):
    return compiled(text).evaluate(dict(BINDINGS), ambient())


def pure(text):
    return PureEngine(text, text).evaluate(dict(BINDINGS), ambient())


@pytest.mark.parametrize("engine", [rust, pure])
@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_both_engines_agree(engine, text, expected):
    assert engine(text) == expected
    assert type(engine(text)) is type(expected)


@pytest.mark.parametrize("engine", [rust, pure])
@pytest.mark.parametrize("text", FAILING)
def test_both_engines_fail(engine, text):
    with pytest.raises(JsonataError):
        engine(text)


@pytest.mark.parametrize("text", NOT_JSONATA)
def test_later_jsonata_is_refused(text):
    with pytest.raises(JsonataError):
        compiled(text)


@pytest.mark.parametrize(("text", "expected"), [("$v + 1", 2.0**70), ("[$v]", [2.0**70]), ("$v = $v", True)])
def test_huge_integers_become_doubles(text, expected):
    assert compiled(text).evaluate({"v": 2**70}, ambient()) == expected


def test_recursion_without_end_is_an_error():
    with pytest.raises(JsonataError):
        rust("($f := function($x) { $f($x + 1) + 1 }; $f(1))")


def test_newer_operators_may_stand_in_strings():
    assert rust("'a ?? b ?: c'") == "a ?? b ?: c"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3), st.sampled_from(["a", "a.b", "a.x.b", "b.c.a"]))
def test_paths_walked_here_are_the_engines(document, path):
    walked = walk(tuple(path.split(".")), document)
    if walked is not NotImplemented:
        assert compiled(f"$v.{path}").evaluate({"v": document}, ambient()) == walked


def failing(state, data, language="JSONPath"):
    definition = {"QueryLanguage": language, "StartAt": "S", "States": {"S": {**state, "End": True}}}
    execution = execute(definition, data)
    return execution.error, (execution.cause or "").partition("(entered at the event id #2). ")[2]


@pytest.mark.parametrize(
    ("parameters", "error", "cause"),
    [
        (
            {"x.$": "$.gone"},
            "States.Runtime",
            "The JSONPath '$.gone' specified for the field 'x.$' could not be found in the input '{\"a\":1}'",
        ),
        ({"x.$": "States.ArrayGetItem($.a, 0)"}, "States.IntrinsicFailure", "1 is not an array"),
        ({"x.$": "States.Format('{}{}', 1)"}, "States.IntrinsicFailure", "fewer values"),
        ({"x.$": "States.StringToJson('{')"}, "States.IntrinsicFailure", "cannot parse"),
        ({"x.$": "States.ArrayRange(1, 2000, 1)"}, "States.IntrinsicFailure", "more than 1000"),
        ({"x.$": "States.JsonMerge($, $, true)"}, "States.IntrinsicFailure", "shallow"),
        ({"x.$": "States.Base64Decode('*')"}, "States.IntrinsicFailure", "States.Base64Decode('*')"),
        ({"x.$": "States.Hash('a', 'CRC')"}, "States.IntrinsicFailure", "unknown algorithm"),
    ],
)
def test_failures_name_the_place(parameters, error, cause):
    found = failing({"Type": "Pass", "Parameters": parameters}, {"a": 1})
    assert found[0] == error
    assert cause in found[1]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("States.Format('{} and \\{\\}', $.a)", "1 and {}"),
        ("States.Array(1, 'it\\'s', null, true)", [1, "it's", None, True]),
        ("States.ArrayContains($.list, 2)", True),
        ("States.ArrayUnique(States.Array(1, 1, 2))", [1, 2]),
        ("States.ArrayLength($.list)", 3),
        ("States.MathAdd(1.5, -0.5)", 2),
        ("States.MathRandom(1, 2)", 1),
        ("States.Base64Decode(States.Base64Encode('é'))", "é"),
        ("States.JsonMerge($, States.StringToJson('{\"a\":2}'), false)", {"a": 2, "list": [1, 2, 3]}),
        ("States.StringSplit('a.b+c', '.+')", ["a", "b", "c"]),
        ("States.ArrayPartition($.list, 2)", [[1, 2], [3]]),
    ],
)
def test_intrinsic_functions(call, expected):
    state = {"Type": "Pass", "Parameters": {"x.$": call}, "End": True}
    execution = execute({"StartAt": "S", "States": {"S": state}}, {"a": 1, "list": [1, 2, 3]})
    assert execution.output == {"x": expected}


@pytest.mark.parametrize(
    ("field", "cause"),
    [
        ("{% $states.input.gone %}", "specified for the field 'Output' returned nothing (undefined)."),
        ("{% 'a' + 1 %}", "specified for the field 'Output' threw an error during evaluation. T2001"),
    ],
)
def test_jsonata_failures_name_the_field(field, cause):
    error, text = failing({"Type": "Pass", "Output": field}, {}, "JSONata")
    assert error == "States.QueryEvaluationError"
    assert cause in text


@pytest.mark.parametrize(
    ("rule", "data", "matches"),
    [
        ({"Variable": "$.s", "StringMatches": "a*c\\*"}, {"s": "abbc*"}, True),
        ({"Variable": "$.s", "StringMatches": "a*"}, {"s": 5}, False),
        (
            {"Variable": "$.t", "TimestampLessThanPath": "$.u"},
            {"t": "2020-01-01T00:00:00Z", "u": "2021-01-01T00:00:00Z"},
            True,
        ),
        ({"Not": {"Variable": "$.x", "IsPresent": True}}, {}, True),
        ({"And": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.a", "IsNumeric": True}]}, {"a": 1.0}, True),
        ({"Or": [{"Variable": "$.a", "BooleanEquals": True}, {"Variable": "$.a", "IsNull": True}]}, {"a": 1}, False),
        ({"Variable": "$.t", "IsTimestamp": True}, {"t": "2020-01-01"}, False),
    ],
)
def test_choice_rules(rule, data, matches):
    states = {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }
    assert execute({"StartAt": "C", "States": states}, data).output is matches


def test_a_choice_without_a_match_or_a_default_fails():
    states = {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "D"}]},
        "D": {"Type": "Succeed"},
    }
    assert execute({"StartAt": "C", "States": states}, {"a": 2}).error == "States.NoChoiceMatched"


def passed(expression, data=None):
    """How a Pass state with one JSONPath expression ends: the output, or the error and the end of its cause."""
    state = {"Type": "Pass", "Parameters": {"x.$": expression}, "End": True}
    execution = execute({"StartAt": "P", "States": {"P": state}}, data or {})
    return execution.output["x"] if execution.status == "SUCCEEDED" else (execution.error, execution.cause)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("States.UUID(1)", "wrong number of arguments: 1"),
        ("States.Format()", "wrong number of arguments: 0"),
        ("States.Base64Encode($.long)", "the string has more than 10000 characters"),
        ("States.Hash($.long, 'MD5')", "the string has more than 10000 characters"),
    ],
)
def test_intrinsic_functions_refuse(expression, reason):
    error, cause = passed(expression, {"long": "x" * 10_001})
    assert (error, cause.endswith(f"had the following error: {reason}")) == ("States.IntrinsicFailure", True)


def test_errors_of_functions_of_our_own_read_like_those_of_jsonata():
    state = {"Type": "Pass", "Output": "{% $hash('a', 'CRC') %}", "End": True}
    execution = execute({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": state}})
    assert "during evaluation. T0410: $hash does not know" in execution.cause
