"""Distributed Map: each item, or batch of items, is an execution of its own, and a Map Run counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, Partial
from bunsui.interpreter.dataflow import effective_input
from bunsui.interpreter.definition import MapState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.item_formats import Item, entries
from bunsui.interpreter.item_reader import read_items
from bunsui.interpreter.jsonvalue import compact
from bunsui.interpreter.map_run import MapRun
from bunsui.interpreter.maps import array_of, concurrency
from bunsui.interpreter.result_writer import keeps_records, record, written_results
from bunsui.interpreter.scheduler import Future, Turns

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run


def attempt(branch: Branch, state: MapState, data: Any) -> Turns:
    """Read the items, run a child execution for each, and write the results."""
    effective = data if state.jsonata else effective_input(branch, state, data)
    map_run = branch.partial.map_run if branch.partial else None
    if map_run is None:
        ahead = None if state.reader is not None else items_of(branch, state, effective)
        map_run = opened(branch, state, effective)
        map_run.begun = branch.event("MapStateStarted", 0 if ahead is None else len(ahead))
        branch.event("MapRunStarted", map_run.arn)
    else:
        ahead = None
        reopen(branch, map_run)
    try:
        if map_run.inputs is None:
            items = read_items(branch, state, effective) if ahead is None else ahead
            map_run.inputs = inputs(branch, state, effective, items)
        limit = concurrency(branch, state, effective) or branch.run.world.limits.distributed_concurrency
        yield from Children(branch, state, map_run, limit).run()
        result = collected(branch, state, effective, map_run)
    except Fault as fault:
        closed(branch, map_run, "FAILED")
        fault.located = True
        branch.event("MapRunFailed", fault.error, fault.cause)
        fault.from_child = True
        raise
    except BaseException:
        closed(branch, map_run, "ABORTED")
        raise
    closed(branch, map_run, "SUCCEEDED")
    branch.partial = None
    branch.event("MapRunSucceeded")
    branch.aside("MapStateSucceeded")
    return result


def opened(branch: Branch, state: MapState, effective: Any) -> MapRun:
    """A new Map Run."""
    run = branch.run
    label = state.label or state.name
    prefix = f"arn:aws:states:{run.world.region}:{run.world.account}"
    count = 0 if state.tolerated_count is None else state.tolerated_count(branch, effective)
    share = 0 if state.tolerated_percentage is None else state.tolerated_percentage(branch, effective)
    map_run = MapRun(
        arn=f"{prefix}:mapRun:{run.machine_name}/{label}:{run.world.identifier()}",
        execution=run.arn,
        max_concurrency=concurrency(branch, state, effective),
        tolerated_count=int(count),
        tolerated_percentage=float(share),
        started=run.world.scheduler.now,
        batched=state.batcher is not None,
    )
    run.map_runs.append(map_run)
    return map_run


def reopen(branch: Branch, map_run: MapRun) -> None:
    """A redrive takes up a Map Run; its event follows the same one as its start did."""
    map_run.status, map_run.stopped = "RUNNING", None
    map_run.redrives += 1
    branch.previous = map_run.begun
    branch.event("MapRunRedriven", map_run.arn, map_run.redrives)


def closed(branch: Branch, map_run: MapRun, status: str) -> None:
    """The Map Run ends, and is kept for a redrive."""
    map_run.status, map_run.stopped = status, branch.run.world.scheduler.now
    branch.partial = Partial(map_run=map_run)


def items_of(branch: Branch, state: MapState, effective: Any) -> list[Item]:
    """The elements of the array to iterate over, or the entries of the object."""
    value = effective if state.items is None else state.items(branch, effective)
    return entries(value) if isinstance(value, dict) else [Item(item) for item in array_of(state, value)]


def context_of(at: int, item: Item) -> dict[str, Any]:
    """`$$.Map` while an item is selected."""
    named = {} if item.key is None else {"Key": item.key}
    value = item.value if item.key is None else item.value["Value"]
    return {"Item": {"Index": at, **named, "Value": value, "Source": item.source}}


def inputs(branch: Branch, state: MapState, effective: Any, items: list[Item]) -> list[Any]:
    """The inputs of the child executions: selected items, perhaps in batches."""
    if state.item_selector is None:
        selected = [item.value for item in items]
    else:
        selected = []
        for at, item in enumerate(items):
            branch.item = context_of(at, item)
            branch.touch()
            selected.append(state.item_selector(branch, effective))
        branch.item = None
        branch.touch()
    return selected if state.batcher is None else list(batches(branch, state, effective, selected))


def batches(branch: Branch, state: MapState, effective: Any, items: list[Any]) -> Iterator[dict[str, Any]]:
    """Items in groups, as ItemBatcher says."""
    batcher = state.batcher
    assert batcher is not None
    most = batcher.max_items(branch, effective) if batcher.max_items else None
    room = batcher.max_bytes(branch, effective) if batcher.max_bytes else None
    shared = batcher.batch_input(branch, effective) if batcher.batch_input else None
    head: dict[str, Any] = {} if shared is None else {"BatchInput": shared}
    base = len(compact({**head, "Items": []}).encode())
    batch: list[Any] = []
    used = base
    for item in items:
        length = len(compact(item).encode()) + 1 if room is not None else 0
        if batch and ((most is not None and len(batch) >= most) or (room is not None and used + length > room)):
            yield {**head, "Items": batch}
            batch, used = [], base
        batch.append(item)
        used += length
    if batch:
        yield {**head, "Items": batch}


def collected(branch: Branch, state: MapState, effective: Any, map_run: MapRun) -> Any:
    """What the state returns: the outputs, or where they were written."""
    if state.writer is not None:
        return written_results(branch, state, effective, map_run)
    return [map_run.results[at] for at in sorted(map_run.results)]


class Children:
    """The child executions of one Map Run."""

    def __init__(self, branch: Branch, state: MapState, map_run: MapRun, limit: int) -> None:
        self.branch = branch
        self.state = state
        self.map_run = map_run
        self.data = map_run.inputs or []
        self.limit = limit
        self.scheduler = branch.run.world.scheduler
        self.joined: Future = self.scheduler.future()
        self.running: dict[int, Run] = {}
        map_run.total = len(self.data)
        self.before = {**map_run.failed, **map_run.aborted}
        map_run.failed.clear()
        map_run.aborted.clear()
        self.waiting: Iterator[int] = iter([at for at in range(len(self.data)) if at not in map_run.results])
        self.pumping = False
        self.recorded = keeps_records(state.writer)

    def run(self) -> Turns:
        """Run them all.

        Raises:
            Fault: more failed than is tolerated.
        """
        self.pump()
        try:
            yield self.joined
        except BaseException:
            self.stop()
            raise

    def pump(self) -> None:
        """Start what may run."""
        if self.pumping:
            return
        self.pumping = True
        while len(self.running) < self.limit and not self.joined.done:
            at = next(self.waiting, None)
            if at is None:
                break
            self.start(at)
        self.pumping = False
        if not self.running and not self.joined.done:
            self.joined.resolve()

    def start(self, at: int) -> None:
        """Start one, or redrive the one that failed."""
        from bunsui.interpreter.run import Run

        parent = self.branch.run
        earlier = self.before.get(at)
        if earlier is not None and not earlier.express:
            self.running[at] = earlier
            earlier.on_end = self._done(at)
            earlier.redrive()
            return
        child = Run(
            parent.world,
            self.state.processor,
            self.data[at],
            name=parent.world.identifier(),
            machine_arn=f"{parent.machine_arn}/{self.state.label or self.state.name}",
            role=parent.role,
            express=self.state.express,
            nested=True,
        )
        child.on_end = self._done(at)
        self.running[at] = child
        child.start()

    def _done(self, at: int) -> Callable[[Run], None]:
        def done(child: Run) -> None:
            self.running.pop(at, None)
            if self.joined.done:
                return
            if child.failure is not None:
                self.joined.fail(child.failure)
            elif child.status == "SUCCEEDED":
                self.map_run.results[at] = child.output
                if self.recorded:
                    self.map_run.records[at] = record(child)
                self.pump()
            else:
                self.map_run.failed[at] = child
                self.check_tolerance()
                self.pump()

        return done

    def check_tolerance(self) -> None:
        """Fail the Map Run once too many have failed."""
        run = self.map_run
        failed = len(run.failed)
        share = 100 * failed / max(1, run.total)
        too_many = failed > run.tolerated_count if run.tolerated_count else False
        too_much = share > run.tolerated_percentage if run.tolerated_percentage else False
        neither = not run.tolerated_count and not run.tolerated_percentage
        if too_many or too_much or neither:
            self.joined.fail(
                Fault(faults.EXCEED_TOLERATED_FAILURES, "The specified tolerated failure threshold was exceeded")
            )

    def stop(self) -> None:
        """Give up those that still run."""
        self.joined.fail(Fault(faults.RUNTIME))
        self.map_run.aborted.update(self.running)
        for child in list(self.running.values()):
            child.stop()
