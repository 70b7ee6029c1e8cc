"""A pipeline: a DAG of jobs with typed parameters, checked as a whole when it is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr

from bunsui.errors import DeclarationError
from bunsui.model.binding import Bound, Unit, bind
from bunsui.model.binding_condition import BoundCondition
from bunsui.model.declaration import Declaration, Name, refuse, show
from bunsui.model.job import HandlerJob, Job, with_handlers
from bunsui.model.lasting import START
from bunsui.model.operation import A_YEAR, Operation, Requirements
from bunsui.model.references import FromOutput, Parameter
from bunsui.model.resource import Resource
from bunsui.model.skipping import Skips, skips
from bunsui.model.step import Step

MAIN_JOB = "main"
"""The job of a pipeline that declares none."""


def _parameters(value: object) -> object:
    if isinstance(value, Mapping):
        return tuple(_parameter(name, kind) for name, kind in value.items())
    for one in _listed(value):
        if not isinstance(one, Parameter):
            raise refuse(f"parameters: {show(one)} is no Parameter", "write parameters={'month': int}")
    return _listed(value)


def _parameter(name: object, kind: object) -> Parameter:
    if isinstance(kind, Parameter) and kind.name != name:
        raise refuse(
            f"parameters: {name!r} is Parameter({kind.name!r})", "list it: parameters=[Parameter('month', int)]"
        )
    return kind if isinstance(kind, Parameter) else Parameter(name, kind)  # type: ignore[arg-type]


def _jobs(value: object) -> object:
    for one in _listed(value):
        if isinstance(one, Step):
            raise refuse(
                f"jobs: {show(one)} is no job", f"write operations=[{one.name}], or jobs=[Job('main', {one.name})]"
            )
        if not isinstance(one, Job):
            raise refuse(f"jobs: {show(one)} is no job", "write jobs=[Job('ingest', first, second)]")
    return with_handlers(_listed(value))


def _listed(value: object) -> tuple[Any, ...]:
    """What was given as a list; a single thing means a list of it."""
    if isinstance(value, str | Mapping | Declaration) or not isinstance(value, Iterable):
        return (value,)
    return tuple(value)


class Pipeline(Declaration):
    """A DAG of jobs.

    Attributes:
        name: unique in an environment; the stack and everything in it is named after it.
        parameters: name -> type, or a list of `Parameter`s; a session gives their values.
        jobs: every operation belongs to exactly one; `operations=[…]` instead makes one job of them.
        requirements: PEP 508 requirements packed with the code of every operation.
        tags: on every resource, besides the environment's.
        deadline: seconds after which a session is timed out, with everything that it runs.
        description: for people.

    Raises:
        DeclarationError, BunsuiErrors: everything that is wrong with the pipeline, told together.
    """

    name: Name
    parameters: Annotated[tuple[Parameter, ...], BeforeValidator(_parameters)] = ()
    jobs: Annotated[tuple[Job, ...], BeforeValidator(_jobs)] = ()
    requirements: Requirements = ()
    tags: dict[str, str] = Field(default={})
    deadline: int | None = Field(default=None, ge=1, le=A_YEAR)
    description: str = ""

    _bound: Mapping[str, Bound] = PrivateAttr()
    _conditions: Mapping[str, BoundCondition] = PrivateAttr()

    def __init__(self, name: str, /, *, jobs: Iterable[Job] = (), operations: Iterable[Step] = (), **data: Any) -> None:
        jobs, operations = _listed(jobs), _listed(operations)
        if operations and not jobs:
            jobs, operations = (Job(MAIN_JOB, *operations),), ()
        super().__init__(name=name, jobs=jobs, **data)
        if operations:
            raise DeclarationError(
                "BUN203",
                f"pipeline {name!r} has jobs=, and operations= beside them",
                where=self.where,
                hint="put each operation into a job",
            )
        self._bound, self._conditions = bind(self.name, self.parameters, self.jobs, self.where)
        for one in (*self.jobs, *(operation for job in self.jobs for operation in job.operations)):
            one.close(f"pipeline {self.name!r}", self.where)

    @property
    def operations(self) -> Mapping[str, Bound]:
        """Every step by name with its job and the sources of its inputs, in order of declaration."""
        return self._bound

    @property
    def results(self) -> Mapping[str, Bound]:
        """The steps whose results nothing takes: what a session of it comes to."""
        taken = {name for bound in self._bound.values() for name in bound.feeds}
        taken |= {
            one.operation for when in self._conditions.values() for one in when.refers if isinstance(one, FromOutput)
        }
        handlers = {job.handler.name for job in self.jobs if isinstance(job, HandlerJob)}
        return {name: bound for name, bound in self._bound.items() if name not in taken | handlers}

    @property
    def longest(self) -> int:
        """Seconds that a session can take at most: every job after the other."""
        seconds = sum(job.longest for job in self.jobs)
        return min(self.deadline or A_YEAR, START + seconds)

    @property
    def conditions(self) -> Mapping[str, BoundCondition]:
        """Job -> what must hold for it to run."""
        return self._conditions

    @property
    def skips(self) -> Skips:
        """The steps that can be skipped, and whose skip skips them."""
        return skips(self._bound, {job.name for job in self.jobs if job.may_be_missing})

    def missing(self, job: str = "") -> frozenset[str]:
        """The steps whose results may be missing where they are taken in a job, or outside of all jobs."""
        away = {one.name for one in self.jobs if one.may_be_missing and one.name != job}
        return frozenset(self.skips) | {name for name, bound in self._bound.items() if bound.job in away}

    @property
    def units(self) -> Mapping[str, Unit]:
        """Every operation with code to run, by name: steps of jobs, and operations within steps."""
        return {
            bound.operation.name: Unit(bound.operation, bound)
            for outer in self._bound.values()
            for bound in outer.all
            if isinstance(bound.operation, Operation)
        }

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources that operations read or write, by id."""
        found = {
            access.resource.id: access.resource
            for outer in self._bound.values()
            for bound in outer.all
            for access in bound.operation.accesses
        }
        return tuple(found[id] for id in sorted(found))
