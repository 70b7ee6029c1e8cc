"""Where states go: targets that exist, ways that end, states that are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bunsui.interpreter import schema
from bunsui.interpreter.diagnostics import MISSING_TARGET, Diagnostic, Scope, wrong


def transitions(value: Mapping[str, Any], states: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """Targets that do not exist, states without a way on, and states that nothing reaches."""
    start = value.get("StartAt")
    if isinstance(start, str) and start not in states:
        yield Diagnostic(MISSING_TARGET, f"Missing 'Next' target: {start}", scope.at("StartAt"))
    edges: dict[str, list[str]] = {}
    for name, content in states.items():
        if not isinstance(content, dict):
            continue
        edges[name] = found = []
        for place, target in targets_of(content):
            found.append(target)
            if target not in states:
                yield Diagnostic(MISSING_TARGET, f"Missing 'Next' target: {target}", scope.at("States", name, place))
        kind = content.get("Type")
        if isinstance(kind, str) and kind in schema.LINEAR:
            goes_on = [field for field in ("Next", "End") if content.get(field) not in (None, False)]
            if len(goes_on) != 1:
                yield wrong("Exactly one of these fields is required: [Next, End]", scope.at("States", name))
    if not isinstance(start, str) or start not in states:
        return
    reached = {start}
    queue = [start]
    while queue:
        for target in edges.get(queue.pop(), ()):
            if target not in reached:
                reached.add(target)
                queue.append(target)
    for name in states:
        if name not in reached:
            yield Diagnostic(MISSING_TARGET, f'State "{name}" is not reachable.', scope.at("States", name))


def targets_of(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a state can go: the place below it that says so, and the name."""
    for field in ("Next", "Default"):
        target = content.get(field)
        if isinstance(target, str):
            yield field, target
    for field in ("Choices", "Catch"):
        entries = content.get(field)
        for at, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
                yield f"{field}[{at}]/Next", entry["Next"]
