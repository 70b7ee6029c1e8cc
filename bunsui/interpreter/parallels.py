"""Parallel: branches that run at the same time, joined by an array of their outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bunsui.interpreter.branch import Branch, Partial
from bunsui.interpreter.dataflow import arguments, effective_input
from bunsui.interpreter.definition import Machine, ParallelState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.scheduler import Strand, Turns
from bunsui.interpreter.steps import run_machine


def attempt(branch: Branch, state: ParallelState, data: Any) -> Turns:
    """Run all branches; the first that fails ends the others."""
    payload = arguments(branch, state, data, data) if state.jsonata else None
    if not state.jsonata:
        effective = effective_input(branch, state, data)
        payload = arguments(branch, state, effective, effective)
    kept = branch.partial or Partial()
    if branch.partial is None:
        branch.event("ParallelStateStarted")
    fork = Fork(branch)
    for at, machine in enumerate(state.branches):
        if at in kept.results:
            fork.keep(at, kept.results[at])
        else:
            fork.add(at, machine, payload, kept.open.get(at))
    results = yield from fork.join(len(state.branches))
    branch.aside("ParallelStateSucceeded")
    return results


class Fork:
    """The running branches of one Parallel.

    All of them start, even if the first fails at once: on AWS they start at the same time, and what they have called by
    then has been called.
    """

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.scheduler = branch.run.world.scheduler
        self.start = branch.previous
        self.joined = self.scheduler.future()
        self.results: dict[int, Any] = {}
        self.lines: dict[int, Branch] = {}
        self.strands: dict[int, Strand] = {}
        self.failed: int | None = None
        self.expected = -1

    def keep(self, at: int, result: Any) -> None:
        """A result of the attempt before a redrive."""
        self.results[at] = result

    def add(self, at: int, machine: Machine, payload: Any, before: Branch | None) -> None:
        """Start a branch, or go on with one that a redrive takes up."""
        if before is None:
            line = Branch(self.branch.run, self.start, self.branch.variables, self.branch.item)
            line.input = payload
            line.volume = self.branch.volume
            turns = run_machine(line, machine, payload)
        else:
            line = before
            turns = resumed(line, machine)
        self.lines[at] = line
        self.branch.children.append(line)
        self.strands[at] = strand = Strand(turns, self._done(at))
        if self.scheduler.shuffles:
            self.scheduler.ready(strand)
        else:
            strand.turn(self.scheduler)

    def _done(self, at: int) -> Callable[[Any, BaseException | None], None]:
        def done(value: Any, error: BaseException | None) -> None:
            if error is not None:
                self.failed = at if self.failed is None else self.failed
                self.joined.fail(error)
                return
            self.results[at] = value
            self.branch.previous = self.lines[at].previous
            if len(self.results) == self.expected:
                self.joined.resolve()

        return done

    def join(self, expected: int) -> Turns:
        """Wait for all of them.

        Raises:
            Fault: the first one that a branch did not catch.
        """
        self.expected = expected
        if len(self.results) == expected:
            self.joined.resolve()
        try:
            if not self.joined.done or self.scheduler.shuffles:
                yield self.joined
            if self.joined.error is not None:
                raise self.joined.error
        except Fault as fault:
            self.give_up()
            fault.from_child = True
            for line in self.branch.children:
                line.abort()
            if self.failed is not None:
                self.branch.previous = self.lines[self.failed].previous
            raise
        except BaseException:
            self.give_up()
            raise
        finally:
            self.branch.children = []
        self.branch.partial = None
        return [self.results[at] for at in range(expected)]

    def give_up(self) -> None:
        """End all that still run; a redrive goes on with them."""
        for strand in self.strands.values():
            strand.cancel()
        still_open = {at: line for at, line in self.lines.items() if at not in self.results}
        self.branch.partial = Partial(self.results, still_open)


def resumed(line: Branch, machine: Machine) -> Turns:
    """Go on where a branch stopped."""
    name = line.state.name if line.state else None
    return run_machine(line, machine, line.input, name)
