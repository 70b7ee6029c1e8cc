"""What the states of a step are written with: the job's plan, the variables in sight, what encloses the step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from bunsui.compile.states import CONTEXT_INPUT, Link, Scope, constant, field, jsonata, text, variable
from bunsui.graph.part import Part
from bunsui.model import types
from bunsui.model.binding import Bound
from bunsui.model.binding_condition import BoundCondition
from bunsui.model.names import Names, spill_prefix
from bunsui.model.references import FromConstant, FromHere, FromList, FromOutput, FromParameter, Source
from bunsui.model.repeat import Repeat
from bunsui.model.skipping import stands_alone
from bunsui.model.target import Json
from bunsui.runtime.result import LENGTH, THERE

RESULT = "out"
"""What the variables of results begin with."""

KEPT = "*"
"""What a job's output calls all its results that lie in S3 and do not travel."""


def fact(path: tuple[str, ...]) -> str:
    """How an envelope names the value at a path of the result (docs/architecture.md, "Values between operations")."""
    return ".".join(path) or "."


def facts(
    operations: Collection[Bound], conditions: Iterable[BoundCondition] = ()
) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each step, what of its result others read inside the state machine: name -> path."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    read = chain(*(bound.read for outer in operations for bound in outer.all), *(one.refers for one in conditions))
    for source in read:
        if isinstance(source, FromOutput):
            found.setdefault(source.operation, {})[fact(source.path)] = source.path
    for outer in operations:
        for bound in outer.all:
            for part in stand_ins(bound):
                found.setdefault(part.operation.name, {}).update(found.get(bound.operation.name, {}))
    return {name: dict(sorted(wanted.items())) for name, wanted in found.items()}


def stand_ins(bound: Bound) -> list[Bound]:
    """The steps within it whose result can become its own."""
    own = isinstance(bound.operation, Repeat)
    return [part for key, part in bound.parts.items() if own or stands_alone(bound, key)]


def reached(value: str, path: Sequence[str]) -> str:
    """JSONata of what the path of a fact leads to in a value; undefined where it leads nowhere."""
    if path and path[-1] in _ASKED:
        return _ASKED[path[-1]].format(reached(value, path[:-1]))
    return ".".join([value, *map(field, path)])


_ASKED: Mapping[str, str] = {
    LENGTH: '($type({0}) = "array" ? $count({0}) : $type({0}) = "string" ? $length({0})'
    ' : $type({0}) = "object" ? $count($keys({0})))',
    THERE: "($exists({0}) ? {0} != null : false)",
}
"""Last steps that are no field: what they mean."""


class JobPlan(NamedTuple):
    """What a job's machine is made of.

    Attributes:
        pipeline, job: names.
        operations: steps of the job, by name.
        exports: steps whose results leave the job.
        workers: operation -> worker that runs it.
        part: the order of the steps.
        inline: bytes that a result may have in the state machine.
        names: of everything in AWS.
        facts: step -> what of its result is read inside the state machine: name -> path.
        skips: step that can be skipped -> those that it is skipped with.
        missing: steps of the pipeline whose results may be missing where the job takes them.
        apart: steps whose results are put into S3 however small they are.
        stored: step of the pipeline whose result lies in S3 and does not travel -> its job.
        results: steps of the pipeline whose results nothing consumes.
    """

    pipeline: str
    job: str
    operations: Mapping[str, Bound]
    exports: tuple[str, ...]
    workers: Mapping[str, str]
    part: Part
    inline: int
    names: Names
    facts: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    skips: Mapping[str, tuple[str, ...]] = {}
    missing: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    stored: Mapping[str, str] = {}
    results: frozenset[str] = frozenset()

    @property
    def kept(self) -> int:
        """How many results that nothing consumes lie in S3."""
        return len([name for name in self.exports if name in self.stored and name in self.results])

    @property
    def travelling(self) -> tuple[str, ...]:
        """Steps whose results leave the job in its output."""
        return tuple(name for name in self.exports if name not in self.stored)

    @property
    def takes(self) -> dict[str, frozenset[str]]:
        """Step -> those whose results are handed to it."""
        stored = self.stored
        return {
            name: frozenset(one for one in bound.feeds if one not in stored) for name, bound in self.operations.items()
        }

    @property
    def in_store(self) -> Scope:
        """Step -> JSONata of the envelope of its result, for those that do not travel."""
        return {name: text({"stored": name, "job": job}) for name, job in self.stored.items()}


class Context(NamedTuple):
    """Where a step's states stand.

    Attributes:
        plan: the job's.
        scope: step -> JSONata of the envelope of its result; a step enters its own.
        depth: of nested Parallels; variables of the same name must not shadow each other.
        emit: the states of any step, for the steps within a step.
        here: what the enclosing step provides, by name: envelopes.
        stands_for: step -> the one whose result it makes.
        given: JSONata of what a job's execution is started with.
        about: more of what functions are told.
        batch: the elements that a function is run for, one after the other.
    """

    plan: JobPlan
    scope: Scope
    depth: int
    emit: Callable[[Bound, Context], list[Link]]
    here: Mapping[str, Json] = {}
    stands_for: Mapping[str, str] = {}
    given: str = CONTEXT_INPUT
    about: Mapping[str, Json] = {}
    batch: Json = None

    def links(self, bound: Bound) -> list[Link]:
        """The states of a step within this one, in a place of their own: a branch, or an iteration."""
        return self.emit(bound, self)

    def instead(self, bound: Bound, part: Bound, here: Mapping[str, Json] | None = None) -> list[Link]:
        """The states of a step within another one, `bound`, whose result it makes."""
        name = self.stands_for.get(bound.operation.name, bound.operation.name)
        named = {**self.stands_for, part.operation.name: name}
        return self.emit(part, self._replace(stands_for=named, here=self.here if here is None else here))

    def result(self, name: str) -> str:
        """The variable for the result of a step, which from now on is in sight."""
        found = variable(f"{RESULT}{self.depth}", self.stands_for.get(name, name))
        self.scope[name] = f"${found}"
        return found

    def payload(self, bound: Bound, **more: Json) -> dict[str, Json]:
        """What an operation's function is invoked with (docs/architecture.md, "Values between operations")."""
        about = {
            "pipeline": self.plan.pipeline,
            "session": jsonata(f"{self.given}.session"),
            "attempt": jsonata(f"{self.given}.attempt"),
            "job": self.plan.job,
            "operation": bound.operation.name,
            "try": jsonata("$states.context.State.RetryCount"),
            "inline": self.inline(bound.operation.name),
        }
        if facts := self.plan.facts.get(bound.operation.name):
            about["facts"] = {name: list(path) for name, path in facts.items()}
        if optional := self.optional(bound):
            about["optional"] = optional
        if bound.operation.name in self.plan.apart:
            about["apart"] = True
        if bound.operation.name in self.plan.stored:
            about["store"] = True
        if jobs := {self.plan.stored[name] for name in bound.feeds & self.plan.stored.keys()}:
            about["stored"] = {job: self.prefix(job) for job in sorted(jobs)}
        payload = {"bunsui": {**about, **self.about, **more}, "inputs": self.inputs(bound)}
        return payload if self.batch is None else {**payload, "items": self.batch}

    def inline(self, name: str) -> Json:
        """Bytes that a step's result may have in the state machine; who runs the pipeline as a step may allow less."""
        made = self.stands_for.get(name, name)
        if made not in self.plan.results or types.is_small(self.plan.operations[made].operation.result_type()):
            return self.plan.inline
        return jsonata(f"$min([{self.plan.inline}, {self.given}.inline])")

    def prefix(self, job: str) -> str:
        """What the keys of a job's stored results begin with, as a value."""
        begin = text(f"{spill_prefix(self.plan.names.stack)}/")
        return jsonata(f'{begin} & {self.given}.session & "/" & $string({self.given}.attempt) & {text(f"/{job}")}')

    def optional(self, bound: Bound) -> list[str]:
        """Parameters that are left to their default where what feeds them was skipped."""
        defaults = {one.name for one in bound.operation.signature().parameters if one.optional}
        return [name for name in bound.inputs if name in defaults and self.may_miss(bound.inputs[name])]

    def may_miss(self, source: Source) -> bool:
        """Whether there may be no result."""
        return isinstance(source, FromOutput) and source.operation in self.plan.missing

    def inputs(self, bound: Bound) -> dict[str, Json]:
        """The envelope of each input."""
        return {
            parameter: self.envelope(source)
            for parameter, source in bound.inputs.items()
            if self.batch is None or not isinstance(source, FromHere)
        }

    def envelope(self, source: Source) -> Json:
        """The envelope of one input, or JSONata of it."""
        match source:
            case FromConstant(value):
                return {"value": constant(value)}
            case FromParameter(parameter, path):
                value = jsonata(f"{self.given}.parameters.{field(parameter)}")
                return {"value": value, "path": list(path)} if path else {"value": value}
            case FromHere(name):
                return self.here[name]
            case FromList(items):
                return {"list": [self.envelope(item) for item in items]}
            case _:
                whole = self.whole(source.operation)
                if not source.path:
                    return jsonata(whole)
                return jsonata(f'$merge([{whole}, {{"path": {text(source.path)}}}])')

    def read(self, source: FromOutput | FromParameter) -> str:
        """JSONata of a value that is read inside the state machine; undefined where an optional field is absent."""
        if isinstance(source, FromParameter):
            return reached(f"{self.given}.parameters.{field(source.name)}", source.path)
        return f"{self.whole(source.operation)}.facts.{field(fact(source.path))}"

    def inside(self, source: Source) -> str:
        """JSONata of an input that is read inside the state machine."""
        if isinstance(source, FromOutput | FromParameter):
            return self.read(source)
        assert isinstance(source, FromConstant)
        return text(source.value)

    def told(self, name: str, value: str) -> str:
        """JSONata of the envelope of a result that JSONata makes, with what others read of it."""
        wanted = self.plan.facts.get(name, {})
        shown = ", ".join(f"{text(one)}: {reached(value, path)}" for one, path in wanted.items())
        return f'{{"value": {value}, "facts": {{{shown}}}}}' if shown else f'{{"value": {value}}}'

    def whole(self, operation: str) -> str:
        """JSONata of the envelope of a step's whole result, of this job or of another."""
        return self.scope.get(operation, f"{self.given}.inputs.{field(operation)}")
