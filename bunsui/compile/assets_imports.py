"""What else of the project a code unit imports, so that it is packed too.

Imports are read from the source, not run. Only what lies beside the unit, in the folder that its top-level name is
imported from, is the project's; everything else is a requirement, the standard library, or boto3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bunsui.compile.assets_unit import Unit, files, locate
from bunsui.errors import BunsuiError, Where

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]*(\(?[^#\n]*)|import[ \t]+([A-Za-z_][^#\n;]*))",
    re.MULTILINE,
)


def closure(unit: Unit, exclude: tuple[str, ...] = (), where: Where | None = None) -> list[Unit]:
    """The unit and every unit of the project that it imports, directly or not, in order of their names.

    Raises:
        DeclarationError: BUN302 when a file of them cannot be read.
    """
    base = unit.root.parents[unit.prefix.count("/") + 1] if unit.prefix else unit.root.parent
    if base.name in ("site-packages", "dist-packages"):
        return [unit]
    found = {unit.name: unit}
    waiting = [unit]
    while waiting:
        for name in sorted(_imported(waiting.pop(), exclude, where)):
            other = _of_project(name, base)
            if other is not None and other.name not in found:
                found[other.name] = other
                waiting.append(other)
    return [found[name] for name in sorted(found)]


def _imported(unit: Unit, exclude: tuple[str, ...], where: Where | None) -> set[str]:
    """Absolute dotted names that the unit's modules import, and what they import from those."""
    names: set[str] = set()
    for file in files(unit, exclude, where):
        if file.path.endswith(".py"):
            names.update(_names(file.source.read_bytes()))
    return {name for name in names if name != unit.name and not name.startswith(f"{unit.name}.")}


def _names(source: bytes) -> Iterator[str]:
    for origin, parts, modules in _IMPORT.findall(source):
        if origin:
            yield origin.decode()
            yield from (f"{origin.decode()}.{part}" for part in _first_words(parts.strip(b"( ")))
        else:
            yield from _first_words(modules)


def _first_words(listed: bytes) -> list[str]:
    return [words[0] for part in listed.decode(errors="replace").split(",") if (words := part.strip(" )\t\r").split())]


def _of_project(name: str, base: Path) -> Unit | None:
    top = base / name.partition(".")[0]
    if top.name == "bunsui" or not (top.is_dir() or top.with_suffix(".py").is_file()):
        return None
    try:
        unit = locate(name)
    except BunsuiError:
        return None  # a name of a module rather than a module, or a folder of no interest
    return unit if unit.root.is_relative_to(base) else None
