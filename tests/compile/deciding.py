"""Steps with typed parameters and no code, and their pipelines run with stubs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statelint.linter import Linter

from bunsui import Lambda, Operation, Pipeline
from bunsui.errors import Where
from bunsui.model.signature import Parameter as Wanted
from bunsui.model.signature import Signature
from bunsui.simulate.stage import definitions
from bunsui.testing import PipelineRun, PipelineRunner


class Default:
    """A parameter of this type that has a default."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind


def step(name: str, takes: Mapping[str, Any] | None = None, returns: Any = int, **settings: Any) -> Operation:
    """An operation whose handler takes what is given as parameter -> type."""
    made = Operation(name, handler=f"code:{name}", runs=Lambda(), **settings)
    wanted = tuple(
        Wanted(one, kind.kind if isinstance(kind, Default) else kind, isinstance(kind, Default))
        for one, kind in (takes or {}).items()
    )
    made._signature = Signature(wanted, returns, Where(__file__, 1))
    return made


def runner(*steps: Any, **settings: Any) -> PipelineRunner:
    """Of a pipeline of one job, whose machines are accepted by statelint."""
    return linted(PipelineRunner(Pipeline("p", operations=steps, **settings)))


def linted(made: PipelineRunner) -> PipelineRunner:
    """The runner, when statelint has nothing to say about its machines."""
    for name, definition in definitions(made._plan).items():
        assert Linter.validate(definition) == [], name
    return made


def run(*steps: Any, parameters: Mapping[str, Any] | None = None, **stubs: Any) -> PipelineRun:
    """A pipeline of one job with these results."""
    return runner(*steps).stub(**stubs).run(**(parameters or {}))


def outputs(run: PipelineRun, job: str = "main") -> Any:
    """The session's outputs of a job: operation -> envelope."""
    assert run.succeeded, (run.error, run.message)
    return run.session["outputs"][job]


def states(runner: PipelineRunner, job: str = "main") -> list[str]:
    """The names of the states of a job's machine."""
    machine = runner._plan.jobs[job]
    return list(definitions(runner._plan)[machine.name]["States"])
