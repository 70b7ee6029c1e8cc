"""Map, inline: the processor runs once for each item, within the same execution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, Partial
from bunsui.interpreter.dataflow import effective_input
from bunsui.interpreter.definition import MapState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.scheduler import Strand, Turns
from bunsui.interpreter.steps import run_machine


def attempt(branch: Branch, state: MapState, data: Any) -> Turns:
    """Run all iterations, some at a time; the first that fails ends the others."""
    effective = data if state.jsonata else effective_input(branch, state, data)
    items = items_of(branch, state, effective)
    limit = concurrency(branch, state, effective) or branch.run.world.limits.inline_concurrency
    if branch.partial is None:
        branch.event("MapStateStarted", len(items))
    results = yield from Iterations(branch, state, effective, items, limit).run()
    branch.aside("MapStateSucceeded")
    return results


def items_of(branch: Branch, state: MapState, effective: Any) -> list[Any]:
    """The array to iterate over."""
    return array_of(state, effective if state.items is None else state.items(branch, effective))


def array_of(state: MapState, items: Any) -> list[Any]:
    """What a Map iterates over.

    Raises:
        Fault: it is not an array.
    """
    if not isinstance(items, list):
        if state.jsonata:
            text = f"Map state input must be an array but was: {compact(items)}"
            raise Fault(faults.QUERY_EVALUATION_ERROR, text)
        raise Fault(faults.RUNTIME, f'Reference path "{state.items_path}" must point to array.')
    return items


def concurrency(branch: Branch, state: MapState, effective: Any) -> int:
    """MaxConcurrency; 0 where the state leaves it open."""
    return int(state.max_concurrency(branch, effective)) if state.max_concurrency is not None else 0


def item_context(at: int, value: Any) -> dict[str, Any]:
    """`$$.Map` of an iteration."""
    return {"Item": {"Index": at, "Value": value}}


def item_input(branch: Branch, state: MapState, effective: Any, value: Any) -> Any:
    """What ItemSelector makes of an item, seen from the iteration's frame."""
    if state.item_selector is None:
        return value
    return state.item_selector(branch, effective)


class Iterations:
    """The iterations of one inline Map.

    Those that concurrency allows to start together all start, even if the first fails at once.
    """

    def __init__(self, branch: Branch, state: MapState, effective: Any, items: list[Any], limit: int) -> None:
        self.branch = branch
        self.state = state
        self.effective = effective
        self.items = items
        self.limit = limit
        self.scheduler = branch.run.world.scheduler
        self.joined = self.scheduler.future()
        self.running: dict[int, tuple[Branch, Strand]] = {}
        kept = branch.partial or Partial()
        self.results = dict(kept.results)
        self.before = kept.open
        self.waiting: Iterator[int] = iter([at for at in range(len(items)) if at not in self.results])
        self.failed: tuple[int, Branch] | None = None
        self.started = 0
        self.pumping = False

    def run(self) -> Turns:
        """Iterate and wait for the end."""
        self.pump()
        try:
            if not self.joined.done or self.scheduler.shuffles:
                yield self.joined
            if self.joined.error is not None:
                raise self.joined.error
        except Fault as fault:
            self.stop(fault)
            raise
        except BaseException:
            self.give_up()
            raise
        self.branch.partial = None
        results = self.results
        return [results[at] for at in range(len(self.items))]

    def pump(self) -> None:
        """Start what may run; called again whenever an iteration ends."""
        if self.pumping:
            return
        self.pumping = True
        while len(self.running) < self.limit and (not self.joined.done or self.started < self.limit):
            at = next(self.waiting, None)
            if at is None:
                break
            self.started += 1
            self.start(at)
        self.pumping = False
        if not self.running and not self.joined.done and len(self.results) == len(self.items):
            self.joined.resolve()

    def start(self, at: int) -> None:
        """Start one iteration."""
        branch = self.branch
        line = self.before.get(at)
        resume = line.state.name if line is not None and line.state is not None else None
        if line is None:
            line = Branch(branch.run, branch.previous, branch.variables, item_context(at, self.items[at]))
            line.entered, line.entered_at, line.state = branch.entered, branch.entered_at, branch.state
            line.volume = branch.volume
        strand = Strand(self.iteration(at, line, resume), self._done(at, line))
        self.running[at] = line, strand
        if self.scheduler.shuffles:
            self.scheduler.ready(strand)
        else:
            strand.turn(self.scheduler)

    def iteration(self, at: int, line: Branch, resume: str | None) -> Turns:
        """Events around the processor."""
        if resume is not None:
            output = yield from run_machine(line, self.state.processor, line.input, resume)
        else:
            line.event("MapIterationStarted", self.branch.state.name if self.branch.state else "", at)
            line.input = self.branch.input
            data = item_input(line, self.state, self.effective, self.items[at])
            line.state = None
            output = yield from run_machine(line, self.state.processor, data)
        return output

    def _done(self, at: int, line: Branch) -> Callable[[Any, BaseException | None], None]:
        def done(value: Any, error: BaseException | None) -> None:
            name = self.branch.state.name if self.branch.state else ""
            self.running.pop(at, None)
            if error is not None:
                if isinstance(error, Fault):
                    line.aside("MapIterationFailed", name, at)
                if self.failed is None:
                    self.failed = at, line
                self.joined.fail(error)
                return
            self.results[at] = value
            told = line.aside("MapIterationSucceeded", name, at)
            last = len(self.results) == len(self.items)
            self.branch.previous = told if last else line.previous
            self.pump()

        return done

    def stop(self, fault: Fault) -> None:
        """An iteration failed: the others are given up."""
        fault.from_child = True
        name = self.branch.state.name if self.branch.state else ""
        self.give_up()
        for at, (line, _) in self.running.items():
            line.abort()
            line.aside("MapIterationAborted", name, at)
        if self.failed is not None:
            self.branch.previous = self.failed[1].previous

    def give_up(self) -> None:
        """End all that still run; a redrive goes on with them."""
        for _, strand in self.running.values():
            strand.cancel()
        still_open = {at: line for at, (line, _) in self.running.items()}
        if self.failed is not None:
            still_open[self.failed[0]] = self.failed[1]
        self.branch.partial = Partial(self.results, still_open)
