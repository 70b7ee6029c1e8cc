"""Simulating a pipeline: its compiled machines run on the interpreter, functions only take time and give results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bunsui.interpreter import Execution
from bunsui.model.binding import Bound
from bunsui.model.pipeline import Pipeline
from bunsui.session.failure import explain
from bunsui.session.model import Failure, Status
from bunsui.simulate.assumption import SECONDS, UNSET, Assumption, Failing, check, steps
from bunsui.simulate.functions import Stub
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.meter import Meter
from bunsui.simulate.model import Item, Price, Simulated, Simulation, Transitions, Waves
from bunsui.simulate.order import needs_of
from bunsui.simulate.plausible import plausible
from bunsui.simulate.prices import AS_OF, HOME, LEFT_OUT, charges
from bunsui.simulate.runs import Run, runs
from bunsui.simulate.stage import JOINS_TABLE, begin, compiled
from bunsui.simulate.surroundings import Surroundings
from bunsui.simulate.timing import Timing, timing, waves
from bunsui.targets.lambda_ import Lambda

SESSION = "simulated"
KILLED = "Sandbox.Timedout"
"""What ends a function at its own timeout is called so (AWS Step Functions developer guide, error handling)."""


class Parameters(NamedTuple):
    """The parameters of a run: JSON values, and the names of those that nobody gave."""

    values: Mapping[str, Any]
    made_up: tuple[str, ...]


def parameters_of(
    pipeline: Pipeline, texts: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
) -> Parameters:
    """All parameters, as a session would have them; one that is not given and has no default gets a plausible value.

    Raises:
        UsageError, BunsuiErrors: BUN405.
    """
    from bunsui.session.parameters import resolve

    declared = pipeline.parameters
    given = {**(texts or {}), **(values or {})}.keys()
    missing = tuple(one.name for one in declared if one.required and one.name not in given)
    defaults = {one.name: one.default if not one.required else plausible(one.type) for one in declared}
    kinds = {one.name: one.type for one in declared}
    return Parameters(resolve(kinds, texts=texts, values=values, defaults=defaults), missing)


def simulate(
    pipeline: Pipeline,
    parameters: Parameters,
    assumed: Mapping[str, Assumption],
    failing: Iterable[Failing] = (),
    *,
    region: str = HOME,
) -> Simulation:
    """Run the pipeline once, from start to end.

    Args:
        pipeline: the declaration.
        parameters: of the run.
        assumed: step -> what is assumed of it; a try of the others takes `SECONDS`.
        failing: steps that fail.
        region: whose prices count.

    Raises:
        DeclarationError: BUN301 when a limit of AWS would be exceeded.
        UsageError: BUN703, a step that is to fail does not exist.
    """
    failing = tuple(failing)
    check(failing, pipeline)
    made = compiled(pipeline)
    meter, s3 = Meter(made), MemoryS3()
    stubs = _stubs(pipeline, assumed, failing)
    around = Surroundings(made, assumed, s3)
    handle, world = begin(
        made,
        parameters.values,
        stubs,
        s3,
        session=SESSION,
        services=lambda given: around.attend(meter.watch(given), given["dynamodb"].tables),
    )
    execution = handle.wait()
    found = runs(execution, steps(pipeline))
    seconds = {name: run.ended - run.began for name, run in found.items() if name in pipeline.operations}
    shortest, levels = timing(needs_of(pipeline), seconds), waves(needs_of(pipeline), seconds)
    executions = (execution, *execution.nested)
    total = sum(one.transitions for one in executions) + round(meter.used["states:transition"])
    meter.used["states:transition"] = total
    return Simulation(
        pipeline=pipeline.name,
        status=Status(execution.status),
        parameters=dict(parameters.values),
        made_up=parameters.made_up,
        makespan_s=_rounded(execution.duration),
        critical_path=shortest.path,
        critical_path_s=_rounded(shortest.makespan),
        waves=Waves(
            levels=len(levels),
            makespan_s=_rounded(sum(levels)),
            ratio=round(sum(levels) / execution.duration, 3) if execution.duration else 1.0,
        ),
        failure=_failure(execution, found, pipeline),
        operations=tuple(
            _told(bound, assumed, found.get(name), shortest) for name, bound in pipeline.operations.items()
        ),
        transitions=Transitions(
            total=total,
            per_operation=round(total / max(1, len(seconds)), 2),
            executions=len(executions),
            joins=len(world.tables.tables[JOINS_TABLE].items),
            most_events=max(len(one.event_types) for one in executions),
        ),
        price=_price(meter.used, region),
        notes=_notes(pipeline, parameters, assumed),
    )


def _stubs(pipeline: Pipeline, assumed: Mapping[str, Assumption], failing: Iterable[Failing]) -> dict[str, Stub]:
    found = {}
    errors = {one.operation: one.errors() for one in failing}
    for name, bound in steps(pipeline).items():
        one = assumed.get(name, Assumption())
        seconds = SECONDS if one.seconds is None else one.seconds
        result = plausible(bound.operation.result_type()) if one.result is UNSET else one.result
        stub = found[name] = Stub(result, errors.get(name), seconds, failing=seconds)
        target = getattr(bound.operation, "runs", None)
        if isinstance(target, Lambda) and seconds > target.timeout:
            stub.errors = type(KILLED, (RuntimeError,), {})(f"Task timed out after {target.timeout}.00 seconds")
            stub.failing = target.timeout
    return found


def _rounded(seconds: float) -> float:
    """To microseconds, which is what the virtual clock keeps since 1970."""
    return round(seconds, 6)


def _told(bound: Bound, assumed: Mapping[str, Assumption], run: Run | None, shortest: Timing) -> Simulated:
    name = bound.operation.name
    one = assumed.get(name, Assumption())
    told: dict[str, Any] = {"assumed_s": SECONDS, "source": "default"}
    if one.seconds is not None:
        told = {"assumed_s": one.seconds, "source": one.source}
    if run is None:
        return Simulated(job=bound.job, operation=name, status=Status.NOT_STARTED, **told)
    return Simulated(
        job=bound.job,
        operation=name,
        status=run.status,
        started_s=_rounded(run.began),
        finished_s=_rounded(run.ended),
        duration_s=_rounded(run.ended - run.began),
        slack_s=abs(_rounded(shortest.slack[name])),
        tries=run.tries,
        handled=run.last is not None and run.last.handled,
        error=run.last.error if run.last is not None else "",
        **told,
    )


def _failure(execution: Execution, found: Mapping[str, Run], pipeline: Pipeline) -> Failure | None:
    if execution.status == Status.SUCCEEDED:
        return None
    wrong = [(run.ended, name) for name, run in found.items() if run.last and run.last.error and not run.last.handled]
    if not wrong:
        told = explain(execution.error, execution.cause)
        return Failure(kind=told.kind, error=told.error, message=told.message)
    _, name = min(wrong)
    last = found[name].last
    assert last is not None
    job = steps(pipeline)[name].job
    return Failure(kind=last.kind or "error", error=last.error, message=last.message, job=job, operation=name)


def _price(used: Mapping[str, float], region: str) -> Price:
    items = tuple(
        Item(what=one.what, quantity=round(one.quantity, 6), usd_each=one.each, usd=one.total, elsewhere=one.elsewhere)
        for one in charges(used, region)
    )
    return Price(region=region, as_of=AS_OF, usd=sum(item.usd for item in items), items=items, left_out=LEFT_OUT)


def _notes(pipeline: Pipeline, parameters: Parameters, assumed: Mapping[str, Assumption]) -> tuple[str, ...]:
    unknown = [name for name in steps(pipeline) if assumed.get(name, Assumption()).seconds is None]
    notes = []
    if unknown:
        whose = "every operation" if len(unknown) == len(steps(pipeline)) else ", ".join(unknown)
        notes.append(f"nothing says how long they take, so {SECONDS:g} s each: {whose}")
    if parameters.made_up:
        notes.append(f"not given, so a value of its type was made up: {', '.join(parameters.made_up)}")
    return tuple(notes)
