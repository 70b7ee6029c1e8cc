"""Time and turns: a discrete-event loop over coroutines.

A strand is one line of control: the main one of an execution, a branch, an iteration. It is a generator that yields a
future when it has to wait. On a virtual clock waiting takes no time: the clock jumps to the next timer.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Generator
from random import Random
from typing import Any, Protocol

from bunsui.interpreter.faults import StateMachineStopped

VIRTUAL_START = 1_735_689_600.0
"""Where virtual time begins: 2025-01-01T00:00:00Z."""

Turns = Generator["Future | None", Any, Any]


class Clock(Protocol):
    """Where time comes from."""

    @property
    def step(self) -> float:
        """The most seconds to let pass in one go."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep_until(self, moment: float) -> None:
        """Let time pass."""


class VirtualClock:
    """Time that passes only when nothing else can happen."""

    step = float("inf")

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self._now = start

    def now(self) -> float:
        """Virtual seconds since 1970."""
        return self._now

    def sleep_until(self, moment: float) -> None:
        """Jump."""
        self._now = max(self._now, moment)


class RealClock:
    """The time of the machine, in short steps: another thread may answer a task token meanwhile."""

    step = 0.05

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep_until(self, moment: float) -> None:
        """Sleep."""
        time.sleep(max(0.0, moment - time.time()))


class Timer:
    """Something that is to happen, unless it is called off."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Call it off."""
        self.action = None


class Future:
    """A value that somebody waits for; the first answer counts."""

    __slots__ = ("_next", "_scheduler", "_waiter", "done", "error", "value")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiter: Strand | None = None
        self._next: Future | None = None
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def resolve(self, value: Any = None) -> None:
        """Answer."""
        if not self.done:
            self.done, self.value = True, value
            self._wake()

    def fail(self, error: BaseException) -> None:
        """Answer with an error, raised where the strand waits."""
        if not self.done:
            self.done, self.error = True, error
            self._wake()

    def then(self, other: Future) -> None:
        """Let another future have the same answer."""
        self._next = other

    def _wake(self) -> None:
        if self._waiter is not None:
            self._scheduler.ready(self._waiter)
        if self._next is not None and self.error is not None:
            self._next.fail(self.error)
        elif self._next is not None:
            self._next.resolve(self.value)

    def wait(self, strand: Strand) -> None:
        """Let a strand sleep until the answer comes."""
        self._waiter = strand
        if self.done:
            self._wake()


class Strand:
    """One line of control."""

    __slots__ = ("_done", "_turns", "_waiting", "alive")

    def __init__(self, turns: Turns, done: Callable[[Any, BaseException | None], None]) -> None:
        self._turns = turns
        self._done = done
        self._waiting: Future | None = None
        self.alive = True

    def turn(self, scheduler: Scheduler) -> None:
        """Run until the strand waits, rests or ends."""
        if not self.alive:
            return
        waiting, self._waiting = self._waiting, None
        try:
            if waiting is not None and waiting.error is not None:
                future = self._turns.throw(waiting.error)
            else:
                future = self._turns.send(waiting.value if waiting is not None else None)
        except StopIteration as stop:
            self.alive = False
            self._end(stop.value)
            return
        except Exception as error:
            self.alive = False
            self._done(None, error)
            return
        if future is None:
            scheduler.ready(self)
        else:
            self._waiting = future
            future.wait(self)

    def _end(self, value: Any) -> None:
        """Tell the value; that an execution is stopped while it is told is told instead."""
        try:
            self._done(value, None)
        except StateMachineStopped as error:
            self._done(None, error)

    def cancel(self) -> None:
        """Never run again."""
        if self.alive:
            self.alive = False
            self._turns.close()


class Scheduler:
    """The strands that can run, the timers, and the clock.

    A seed of 0 lets strands run in the order in which they became ready; any other seed shuffles that order, and lets
    strands pause between states and wake at the same moment, so that a test can search interleavings.
    """

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.now = clock.now()
        self.shuffles = seed != 0
        self._random = Random(seed)  # noqa: S311
        self._ready: list[Strand] = []
        self._next = 0
        self._timers: list[tuple[float, int, float, int, Timer]] = []
        self._sequence = 0

    def future(self) -> Future:
        """A new future of this loop."""
        return Future(self)

    def ready(self, strand: Strand) -> None:
        """The strand can go on."""
        self._ready.append(strand)

    def at(self, moment: float, action: Callable[[], None], rank: int = 0) -> Timer:
        """Call `action` at a time; of simultaneous ones the lower rank goes first."""
        self._sequence += 1
        timer = Timer(action)
        tie = self._random.random() if self.shuffles else 0.0
        heapq.heappush(self._timers, (moment, rank, tie, self._sequence, timer))
        return timer

    def sleep(self, seconds: float) -> Future:
        """A future that is answered after a while."""
        future = self.future()
        self.at(self.now + max(0.0, seconds), future.resolve)
        return future

    def _pop(self) -> Strand | None:
        if self._next >= len(self._ready):
            self._ready.clear()
            self._next = 0
            return None
        if self.shuffles:
            other = self._random.randrange(self._next, len(self._ready))
            self._ready[self._next], self._ready[other] = self._ready[other], self._ready[self._next]
        strand = self._ready[self._next]
        self._next += 1
        if self._next > 1024:
            del self._ready[: self._next]
            self._next = 0
        return strand

    def run(self, finished: Callable[[], bool], until: float | None = None) -> None:
        """Go on until `finished`, until nothing is left to do, or until the clock reaches a time."""
        while not finished():
            strand = self._pop()
            if strand is not None:
                strand.turn(self)
            elif not self._advance(until):
                break
        if until is not None and not finished():
            self.clock.sleep_until(until)
            self.now = max(self.now, until)

    def _advance(self, until: float | None) -> bool:
        """Let the clock reach the next timer, and fire it."""
        timers = self._timers
        while timers and timers[0][-1].action is None:
            heapq.heappop(timers)
        if not timers or (until is not None and timers[0][0] > until):
            return False
        moment = timers[0][0]
        if moment > self.now:
            goal = min(moment, self.now + self.clock.step)
            self.clock.sleep_until(goal)
            self.now = max(goal, self.clock.now())
            if self.now < moment:
                return True
        rank = timers[0][1]
        while timers and timers[0][:2] == (moment, rank):
            timer = heapq.heappop(timers)[-1]
            if timer.action is not None:
                timer.action()
            if not self.shuffles:
                break
        return True
