"""A job in the session's machine: whether it runs, its execution, and what happens when that fails.

What follows a failure is written in a Catch; an execution that is stopped or times out can write nothing, and is
completed by whoever reads the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from bunsui.compile import failure, records
from bunsui.compile.children import OUTPUT, allowed, child
from bunsui.compile.condition import condition
from bunsui.compile.question import Asker, Terms, ask
from bunsui.compile.states import (
    CONTEXT_INPUT,
    ONWARD,
    Link,
    Scope,
    aside,
    field,
    jsonata,
    state_name,
    text,
    variable,
    whole,
)
from bunsui.compile.steps.context import fact, reached
from bunsui.compile.steps.failing import TIMEOUT, named
from bunsui.compile.steps.guard import REASON, does_not_hold
from bunsui.model.approval import MESSAGE_LIMIT
from bunsui.model.binding_condition import BoundCondition
from bunsui.model.handle import FAILED
from bunsui.model.names import Names
from bunsui.model.references import FromOutput, FromParameter
from bunsui.model.retry import EVERY
from bunsui.model.target import Json, State

RESULT = "job"
"""What the variables of results begin with."""

ANY_FAILURE = "States.TaskFailed"
"""Every error but a timeout (Amazon States Language specification, "Errors")."""

_ERROR = "$states.errorOutput"


class Question(NamedTuple):
    """What people are asked about a job that failed.

    Attributes:
        asker: the job as one that asks.
        message: put before what went wrong.
        terms: how they may answer.
    """

    asker: Asker
    message: str
    terms: Terms


class JobStart(NamedTuple):
    """How one job is started.

    Attributes:
        name: its own.
        needs: jobs that must have finished before.
        parameters: pipeline parameters that it takes.
        inputs: operation -> the job whose output has its result.
        exports: operations in its output.
        results: those of them that nothing consumes; they are the pipeline's output.
        timeout: seconds that it can take at most.
        when: what must hold for it to run.
        reads: operation that this refers to -> the job whose output has its result.
        on: errors after which the session goes on; none where it does not.
        instead: operation -> envelope of what stands in for its result then.
        handler: the job that runs then.
        handles: whether it is one that runs because another failed.
        asks: what people are asked when it failed, if they are.
    """

    name: str
    needs: frozenset[str]
    parameters: tuple[str, ...]
    inputs: Mapping[str, str]
    exports: tuple[str, ...]
    results: tuple[str, ...]
    timeout: int
    when: BoundCondition | None
    reads: Mapping[str, str]
    on: tuple[str, ...]
    instead: Mapping[str, Json]
    handler: JobStart | None
    handles: bool
    asks: Question | None = None

    @property
    def longest(self) -> int:
        """Seconds that it can take at most, with an answer to what is asked when it fails."""
        return self.timeout + (0 if self.asks is None else self.asks.terms.timeout)

    @property
    def feeds(self) -> frozenset[str]:
        """Jobs whose results it takes."""
        own = frozenset(self.inputs.values()) | frozenset(self.reads.values())
        return own | self.handler.feeds if self.handler is not None else own


class JobRun(NamedTuple):
    """The states of one job.

    Attributes:
        job: how it is started.
        names: of everything in AWS.
        scope: job -> JSONata of its output.
        depth: of nested Parallels.
    """

    job: JobStart
    names: Names
    scope: Scope
    depth: int

    @property
    def caught(self) -> str:
        """The variable of the error that it failed with."""
        return f"$failure{self.depth}"

    @property
    def reason(self) -> str:
        """The variable of the reason for which it has no results after a failure."""
        return f"$reason{self.depth}"

    def links(self) -> list[Link]:
        """All of them; they enter the variable of its output into the scope."""
        name, result = self.job.name, variable(f"{RESULT}{self.depth}", self.job.name)
        self.scope[name] = f"${result}"
        if self.job.on:
            way = aside(self._instead(result))
            first, ends = self._asked(way.first)
            links = [self._run(result, first, {**ends, **way.ends}), self._finished(way.beside)]
        else:
            links = [self._run(result, self._failed_state, self._stop()), self._finished({})]
        links = [Link(state_name(f"{name}: started"), records.job_started(name, self.names)), *links]
        return links if self.job.when is None else self._decided(self.job.when, result, links)

    def _run(self, result: str, failed: str, ends: Mapping[str, State]) -> Link:
        """The execution; where it fails `failed` comes next."""
        name = self.job.name
        run = child(self.names.job(name), jsonata(records.run_name(name)), self._input(), self.job.timeout)
        run["Assign"] = {result: jsonata(OUTPUT)}
        told = {self.caught.removeprefix("$"): jsonata(_ERROR)}
        if self.job.on:
            error = f"$substring({failure.job_error(_ERROR)}, 0, {REASON})"
            told[self.reason.removeprefix("$")] = jsonata(f'"it failed with " & {error}')
        run["Catch"] = [{"ErrorEquals": ["States.ALL"], "Assign": told, "Next": failed}]
        return Link(state_name(name), run, ends=ends)

    def _finished(self, beside: Mapping[str, State]) -> Link:
        name = self.job.name
        return Link(state_name(f"{name}: finished"), records.job_finished(name, self.scope[name]), beside)

    def _input(self) -> dict[str, Json]:
        job = self.job
        given: dict[str, Json] = {
            "parameters": {name: jsonata(f"{CONTEXT_INPUT}.parameters.{field(name)}") for name in job.parameters},
            "inputs": {
                name: jsonata(f"{whole(source, self.scope)}.{field(name)}") for name, source in job.inputs.items()
            },
        }
        if job.results:
            given["inline"] = allowed()
        if job.handles:
            told = {"error": failure.job_error(self.caught), "message": failure.job_message(self.caught)}
            given[FAILED] = {name: jsonata(value) for name, value in told.items()}
        return given

    @property
    def _failed_state(self) -> str:
        return state_name(f"{self.job.name}: failed")

    def _stop(self) -> dict[str, State]:
        """The states that record the failure and fail the session."""
        stop = state_name(f"{self.job.name}: stop")
        failed = {**records.job_failed(self.job.name, self.caught), "Next": stop}
        return {self._failed_state: failed, stop: fail(self.caught)}

    def _asked(self, handled: str) -> tuple[str, Mapping[str, State]]:
        """What a failure leads to, and the states for it: `handled` if the error is one to go on after."""
        if EVERY in self.job.on:
            return handled, {}
        error = failure.job_error(self.caught)
        names = [name for name in named(self.job.on) if name != ANY_FAILURE]
        one = f"{error} in {text(names)}"
        if ANY_FAILURE in self.job.on:
            one = f'{one} or {error} != "{TIMEOUT}"'
        asked = state_name(f"{self.job.name}: go on?")
        rule = {"Condition": jsonata(one), "Next": handled}
        choice: State = {"Type": "Choice", "Choices": [rule], "Default": self._failed_state}
        return asked, {asked: choice, **self._stop()}

    def _instead(self, result: str) -> list[Link]:
        """The states that follow a failure after which the session goes on; they assign the result."""
        name, outputs = self.job.name, self._outputs(self.reason)
        record = records.job_handled(name, self.caught, outputs)
        handled, assign = state_name(f"{name}: handled"), {"Assign": {result: jsonata(outputs)}}
        if self.job.asks is not None:
            return [*self._question(self.job.asks), Link(handled, {**record, **assign})]
        if self.job.handler is None:
            return [Link(handled, {**record, **assign})]
        handler = JobRun(self.job.handler, self.names, dict(self.scope), self.depth)
        return [
            Link(handled, record),
            *handler.links(),
            Link(state_name(f"{name}: results"), {"Type": "Pass", **assign}),
        ]

    def _question(self, question: Question) -> list[Link]:
        """What to do about the failure: on with `skip`; anything else, and silence, fails the session with it."""
        name, answer = self.job.name, f"answer{self.depth}"
        said = " & ".join(
            [
                text(f"{question.message} {name} failed with ".lstrip()),
                failure.job_error(self.caught),
                f'": " & $substring({failure.job_message(self.caught)}, 0, {MESSAGE_LIMIT})',
            ]
        )
        task = ask(question.asker, said, question.terms)
        task["Assign"] = {answer: jsonata("$states.result.answer")}
        task["Catch"] = [{"ErrorEquals": ["States.Timeout"], "Next": self._failed_state}]
        rule = {"Condition": jsonata(f'${answer} = "skip"'), "Next": ONWARD}
        choice: State = {"Type": "Choice", "Choices": [rule], "Default": self._failed_state}
        return [
            Link(state_name(f"{name}: ask"), task),
            Link(state_name(f"{name}: answered"), choice, ends=self._stop()),
        ]

    def _decided(self, when: BoundCondition, result: str, links: list[Link]) -> list[Link]:
        """The states behind the one that decides whether the job runs."""
        name, reason = self.job.name, does_not_hold(when)
        outputs, instead = self._outputs(reason, skipped=True), state_name(f"{name}: skipped")
        decide: State = {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata(condition(when, self._read)), "Next": ONWARD}],
            "Default": instead,
        }
        skipped = {**records.job_skipped(name, reason, outputs), "Assign": {result: jsonata(outputs)}}
        *before, last = links
        last = replace(last, beside={**last.beside, instead: skipped})
        return [Link(state_name(f"{name}: when"), decide), *before, last]

    def _outputs(self, reason: str, *, skipped: bool = False) -> str:
        """JSONata of what stands for the job's output: values that were declared, and otherwise the reason."""
        values = {} if skipped else self.job.instead
        nothing = f'{{"skipped": {reason}}}'
        found = [f"{text(name)}: {text(values[name]) if name in values else nothing}" for name in self.job.exports]
        return f"{{{', '.join(found)}}}"

    def _read(self, source: FromOutput | FromParameter) -> str:
        if isinstance(source, FromParameter):
            return reached(f"{CONTEXT_INPUT}.parameters.{field(source.name)}", source.path)
        result = f"{whole(self.job.reads[source.operation], self.scope)}.{field(source.operation)}"
        return f"{result}.facts.{field(fact(source.path))}"


def fail(caught: str) -> State:
    """The state that fails the session with a caught error."""
    return {
        "Type": "Fail",
        "Error": jsonata(f'$exists({caught}.Error) ? {caught}.Error : "States.Unknown"'),
        "Cause": jsonata(f'$exists({caught}.Cause) ? {caught}.Cause : ""'),
    }
