"""Simulating a pipeline: its compiled machines run on the interpreter, functions only take time and give results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bunsui.model.operation import Operation
from bunsui.model.pipeline import Pipeline
from bunsui.model.repeat import Repeat
from bunsui.simulate.assumption import SECONDS, UNSET, Assumption, Failing, check, steps
from bunsui.simulate.functions import Stub, limit_of
from bunsui.simulate.memory import MemoryS3
from bunsui.simulate.meter import Meter
from bunsui.simulate.model import Simulation
from bunsui.simulate.plausible import last, plausible
from bunsui.simulate.prices import HOME
from bunsui.simulate.stage import begin, compiled
from bunsui.simulate.surroundings import Surroundings
from bunsui.simulate.telling import Parameters, Played

SESSION = "simulated"


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
    around = Surroundings(made, assumed, s3)
    handle, world = begin(
        made,
        parameters.values,
        _stubs(pipeline, assumed, failing),
        s3,
        session=SESSION,
        services=lambda given: around.attend(meter.watch(given), given["dynamodb"]),
    )
    return Played(pipeline, parameters, assumed, handle.wait(), world, meter).told(region)


def _stubs(pipeline: Pipeline, assumed: Mapping[str, Assumption], failing: Iterable[Failing]) -> dict[str, Stub]:
    found = {}
    errors = {one.operation: one.errors() for one in failing}
    repeated = {
        inner for bound in steps(pipeline).values() if isinstance(bound.operation, Repeat) for inner in bound.all
    }
    for name, bound in steps(pipeline).items():
        if not isinstance(bound.operation, Operation):
            continue
        one = assumed.get(name, Assumption())
        seconds = SECONDS if one.seconds is None else one.seconds
        made_up = last if bound in repeated else plausible
        result = made_up(bound.operation.result_type()) if one.result is UNSET else one.result
        found[name] = Stub(result, errors.get(name), seconds, failing=seconds, limit=limit_of(bound.operation))
    return found
