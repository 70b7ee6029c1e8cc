"""Asking whether a plan may be carried out, and telling how that goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from click import style

from bunsui.cli.output import Output
from bunsui.cli.plans import show_plan
from bunsui.cli.words import clock, size

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bunsui.deploy.events import Event, ResourceEvent, Uploaded
    from bunsui.deploy.models import Plan

QUESTIONS = {"delete": "Delete this stack?"}
STATUS_WIDTH = len("CREATE_IN_PROGRESS")


class Conversation:
    """Shows plans, asks, and tells events; bars where stderr is a terminal, lines elsewhere. A context manager."""

    def __init__(self, out: Output, *, yes: bool) -> None:
        self._out = out
        self._yes = yes
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._resources = 0
        self._finished: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    @property
    def approve(self) -> Callable[[Plan], bool] | None:
        """Shows a plan and says whether it may be; None when it may not be asked."""
        return self._approve if self._yes or self._out.can_ask else None

    def notify(self, event: Event) -> None:
        """Tell an event."""
        if self._out.quiet:
            return
        tell: dict[str, Callable[[Any], None]] = {"uploaded": self._uploaded, "resource": self._resource}
        tell.get(event.event, self._note)(event)

    def _approve(self, plan: Plan) -> bool:
        self._stop()
        self._resources = sum(len(one.changes) for one in (*plan.first, plan))
        self._finished = set()
        if self._yes:
            if not self._out.quiet:
                show_plan(self._out, plan, err=True)
            return True
        show_plan(self._out, plan, err=True)
        return self._out.ask(QUESTIONS.get(plan.operation, "Deploy these changes?"))

    def _note(self, event: Any) -> None:
        self._line(f"{event.stack}: {event.text}")

    def _uploaded(self, event: Uploaded) -> None:
        bars = self._advance("uploading", event.total, event.number)
        if not bars and not event.skipped:
            self._line(f"uploaded {event.number}/{event.total} {event.key} ({size(event.size)})")

    def _resource(self, event: ResourceEvent) -> None:
        name = f"{event.path}/{event.logical_id}" if event.path else event.logical_id
        if event.status.endswith(("_COMPLETE", "_FAILED", "_SKIPPED")) and event.logical_id != event.stack:
            self._finished.add((event.stack, event.path, event.logical_id))
        words = f"{clock(event.time)} {_coloured(event.status.ljust(STATUS_WIDTH))} {event.type} {name}"
        self._line(f"{words}: {event.reason}" if event.reason else words)
        if self._resources:
            self._advance("resources", self._resources, min(len(self._finished), self._resources))

    def _line(self, text: str) -> None:
        if self._bars is None:
            self._out.note(text)
        else:
            from rich.text import Text

            self._bars.console.print(Text.from_ansi(text), soft_wrap=True)

    def _advance(self, what: str, total: int, done: int) -> bool:
        """Move a bar; whether there are bars."""
        if not self._out.is_terminal(err=True):
            return False
        if self._bars is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            console = self._out.console(err=True)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bars = Progress(*columns, console=console, transient=True)
            self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
        return True

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._tasks = None, {}


def _coloured(status: str) -> str:
    if "FAILED" in status or "ROLLBACK" in status:
        return style(status, fg="red")
    return style(status, fg="green") if status.rstrip().endswith("_COMPLETE") else status
