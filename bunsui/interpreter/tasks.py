"""Task: calling a service, waiting for its answer, and the events around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bunsui.errors import BunsuiError
from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, Partial
from bunsui.interpreter.calls import Call, Submitted, Took
from bunsui.interpreter.dataflow import arguments, effective_input
from bunsui.interpreter.definition import TaskState
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonvalue import too_large
from bunsui.interpreter.scheduler import Future, Turns
from bunsui.interpreter.services.dynamodb_types import check_types
from bunsui.interpreter.world import OpenTask

if TYPE_CHECKING:
    from bunsui.interpreter.run import Run


def attempt(branch: Branch, state: TaskState, data: Any) -> Turns:
    """One attempt of a Task; the value is its result."""
    watch = Watch(branch)
    token = None
    if state.resource.pattern or state.resource.family == "activity":
        branch.token = token = branch.run.world.token(OpenTask(watch.answer, watch.beat))
        branch.touch()
    effective = data if state.jsonata else effective_input(branch, state, data)
    given = arguments(branch, state, effective, effective)
    if state.resource.service in CHECKS:
        CHECKS[state.resource.service](given)
    watch.limits(branch, state, effective)
    role = None if state.credentials is None else state.credentials(branch, effective)
    handler = handler_of(branch, state)
    events = EVENTS[state.resource.family](branch, state, given, watch, role)
    call = Call(
        integration=state.resource.name,
        resource=state.resource.arn,
        arguments=given,
        token=token,
        state=state.name,
        attempt=branch.retries,
        time=branch.run.world.scheduler.now,
        run=branch.run,
        earlier=branch.partial.child if branch.partial else None,
    )
    try:
        result = yield from answered(handler, call, events, watch, state)
        if too_large(result):
            raise faults.data_limit(state.resource.arn if state.resource.family == "lambda" else state.resource.service)
    except Fault as fault:
        fault.located = True
        (events.timed_out if fault.timed_out else events.failed)(fault)
        raise
    finally:
        watch.cancel()
        if token is not None:
            branch.run.world.close_token(token)
        if watch.child is not None:
            watch.child.stop()
            branch.partial = Partial(child=watch.child)
    branch.partial = None
    events.succeeded(result)
    return result


def answered(handler: Callable[[Call], Any], call: Call, events: Events, watch: Watch, state: TaskState) -> Turns:
    """Ask, and wait as the integration pattern says."""
    answer = handler(call)
    if state.resource.family == "activity":
        if answer is not None:
            return (yield from settled(answer, watch))
        return (yield from watch.wait(watch.answer))
    if isinstance(answer, Submitted):
        watch.child = answer.run
        events.submitted(answer.response)
        return (yield from first_of(answer.answer, watch))
    if not state.resource.pattern:
        return (yield from settled(answer, watch)) if isinstance(answer, Took | Future) else answer
    result = yield from settled(answer, watch)
    events.submitted(result)
    if state.resource.pattern == "waitForTaskToken":
        return (yield from watch.wait(watch.answer))
    return result


def first_of(answer: Any, watch: Watch) -> Turns:
    """The end of the job, or what somebody sends for its token, whichever is first."""
    if isinstance(answer, Future) and not answer.done:
        answer.then(watch.answer)
        return (yield from watch.wait(watch.answer))
    return (yield from settled(answer, watch))


def settled(answer: Any, watch: Watch) -> Turns:
    """The answer itself, after the time that it takes."""
    if isinstance(answer, Took):
        future = watch.scheduler.future()
        error, result = answer.error, answer.result
        done = (lambda: future.fail(error)) if error is not None else (lambda: future.resolve(result))
        watch.timers.append(watch.scheduler.at(watch.scheduler.now + answer.seconds, done))
        return (yield from watch.wait(future))
    if isinstance(answer, Future):
        return (yield from watch.wait(answer))
    return answer


def handler_of(branch: Branch, state: TaskState) -> Callable[[Call], Any]:
    """The callable for a task's integration.

    Raises:
        BunsuiError: `services` has none.
    """
    services = branch.run.world.services
    resource = state.resource
    for name in (resource.name, f"{resource.service}:{resource.action}"):
        if name in services:
            handler: Callable[[Call], Any] = services[name]
            return handler
    if resource.family == "activity":
        if "activity:*" in services:
            raise Fault(faults.RUNTIME, f"The activity {resource.arn} does not exist.")
        return lambda call: None
    shown = resource.arn if resource.family == "lambda" else resource.name
    raise BunsuiError(
        "BUN902",
        f"state {state.name!r} calls {shown}, and there is no service for it",
        hint=f"pass services={{{'lambda:invoke' if resource.family == 'lambda' else resource.name!r}: <callable>}}",
    )


class Watch:
    """The timeout and the heartbeat of one attempt."""

    def __init__(self, branch: Branch) -> None:
        self.scheduler = branch.run.world.scheduler
        self.answer = self.scheduler.future()
        self.timers: list[Any] = []
        self.timeout: float | None = None
        self.heartbeat: float | None = None
        self.deadline: float | None = None
        self.child: Run | None = None
        self._beats = 0
        self._waiting: Future | None = None

    def limits(self, branch: Branch, state: TaskState, effective: Any) -> None:
        """Read TimeoutSeconds and HeartbeatSeconds."""
        if state.timeout is not None:
            self.timeout = state.timeout(branch, effective)
            self.deadline = self.scheduler.now + (self.timeout or 0)
        if state.heartbeat is not None:
            self.heartbeat = state.heartbeat(branch, effective)

    def beat(self) -> None:
        """A sign of life."""
        self._beats += 1
        if self.heartbeat is not None and self._waiting is not None:
            waiting, beats = self._waiting, self._beats
            moment = self.scheduler.now + self.heartbeat

            def missed() -> None:
                if beats == self._beats:
                    waiting.fail(faults.timeout(heartbeat=True))

            self.timers.append(self.scheduler.at(moment, missed, rank=1))

    def wait(self, future: Future) -> Turns:
        """Wait no longer than allowed.

        Raises:
            Fault: the service failed, or took too long.
        """
        self._waiting = future
        if not future.done:
            if self.deadline is not None:
                self.timers.append(self.scheduler.at(self.deadline, lambda: future.fail(faults.timeout()), rank=1))
            self.beat()
        return (yield future)

    def cancel(self) -> None:
        """The attempt is over."""
        for timer in self.timers:
            timer.cancel()


@dataclass(slots=True)
class Events:
    """The events of an integration; the attempt begins with two of them."""

    branch: Branch
    state: TaskState
    given: Any
    watch: Watch
    role: Any

    def __post_init__(self) -> None:
        self.begin()

    def more(self) -> dict[str, Any]:
        """Optional details of the first event."""
        found: dict[str, Any] = {}
        if self.watch.timeout is not None:
            found["timeoutInSeconds"] = self.watch.timeout
        if self.watch.heartbeat is not None:
            found["heartbeatInSeconds"] = self.watch.heartbeat
        if self.role is not None:
            found["taskCredentials"] = {"roleArn": self.role.get("RoleArn")}
        return found

    def begin(self) -> None:
        """Scheduled and started."""
        resource = self.state.resource
        region = self.branch.run.world.region
        self.branch.event("TaskScheduled", resource.service, resource.operation, self.given, region, self.more())
        self.branch.event("TaskStarted", resource.service, resource.operation)

    def submitted(self, response: Any) -> None:
        """The job is on its way."""
        self.branch.event("TaskSubmitted", self.state.resource.service, self.state.resource.operation, response)

    def succeeded(self, result: Any) -> None:
        """It worked."""
        self.branch.event("TaskSucceeded", self.state.resource.service, self.state.resource.operation, result)

    def failed(self, fault: Fault) -> None:
        """It did not."""
        resource = self.state.resource
        self.branch.event("TaskFailed", resource.service, resource.operation, fault.error, fault.cause)

    def timed_out(self, fault: Fault) -> None:
        """It took too long."""
        resource = self.state.resource
        self.branch.event("TaskTimedOut", resource.service, resource.operation, fault.error, fault.cause)


class LambdaEvents(Events):
    """The events of a task whose Resource is a function."""

    __slots__ = ()

    def begin(self) -> None:
        """Scheduled and started."""
        self.branch.event("LambdaFunctionScheduled", self.state.resource.arn, self.given, self.more())
        self.branch.event("LambdaFunctionStarted")

    def succeeded(self, result: Any) -> None:
        """It worked."""
        self.branch.event("LambdaFunctionSucceeded", result)

    def failed(self, fault: Fault) -> None:
        """It did not."""
        self.branch.event("LambdaFunctionFailed", fault.error, fault.cause)

    def timed_out(self, fault: Fault) -> None:
        """It took too long."""
        self.branch.event("LambdaFunctionTimedOut", fault.error, fault.cause)


class ActivityEvents(Events):
    """The events of an activity; it starts when a worker takes it."""

    __slots__ = ()

    def begin(self) -> None:
        """Scheduled, and started where a worker is known."""
        resource = self.state.resource
        self.branch.event("ActivityScheduled", resource.arn, self.given, self.more())
        worker = self.branch.run.world.services.get(f"{resource.service}:{resource.action}")
        if worker is not None:
            self.branch.event("ActivityStarted", getattr(worker, "worker_name", "worker"))

    def succeeded(self, result: Any) -> None:
        """It worked."""
        self.branch.event("ActivitySucceeded", result)

    def failed(self, fault: Fault) -> None:
        """It did not."""
        self.branch.event("ActivityFailed", fault.error, fault.cause)

    def timed_out(self, fault: Fault) -> None:
        """It took too long."""
        self.branch.event("ActivityTimedOut", fault.error, fault.cause)


CHECKS: Mapping[str, Callable[[Any], None]] = dict.fromkeys(("dynamodb", "aws-sdk:dynamodb"), check_types)
"""What Step Functions asks of parameters before it calls the service."""

EVENTS = {"integration": Events, "lambda": LambdaEvents, "activity": ActivityEvents}
