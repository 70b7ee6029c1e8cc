"""Assets: the zip of one code unit, content-addressed.

A code unit is the outermost regular package that holds the handler's module, or the module's file alone. Folders above it without
`__init__.py` are kept as folders. A digest is known without building the zip, and depends on contents only.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bunsui.errors import DeclarationError

RUNTIME = Path(__file__).parent.parent / "runtime"
_SKIPPED = {"__pycache__", "node_modules", ".venv"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of an asset: its path in the zip, where it is, and the SHA-256 of its content."""

    path: str
    source: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Asset:
    """The code of one unit for one platform.

    Attributes:
        digest: SHA-256 over contents, platform and requirements.
        unit: dotted name of the package or module.
        files: sorted by path.
        python, architecture: what it runs on.
        requirements: as declared, sorted.
        lock: their exact versions and hashes, as a pip requirements file; empty without requirements.
    """

    digest: str
    unit: str
    files: tuple[File, ...]
    python: str
    architecture: str
    requirements: tuple[str, ...]
    lock: str

    def describe(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "unit": self.unit,
            "files": len(self.files),
            "python": self.python,
            "architecture": self.architecture,
            "requirements": list(self.requirements),
        }


def collect(
    module: str,
    requirements: tuple[str, ...],
    python: str,
    architecture: str,
    exclude: tuple[str, ...] = (),
    lock: str = "",
) -> Asset:
    """The asset of the code unit that holds a module.

    Raises:
        DeclarationError: BUN302 when the module or its files cannot be found.
    """
    unit, base, start = _unit(module)
    files = tuple(sorted({*_files(start, base, exclude), *_runtime()}, key=lambda file: file.path))
    text = "".join(f"{file.path} {file.sha256}\n" for file in files)
    digest = hashlib.sha256(f"{python} {architecture}\n{lock}\n{text}".encode()).hexdigest()
    return Asset(digest, unit, files, python, architecture, requirements, lock)


@functools.cache
def _unit(module: str) -> tuple[str, Path, Path]:
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        spec = importlib.util.find_spec(name)
        if spec is None:
            break
        if spec.origin is None or not spec.has_location:
            continue
        origin = Path(spec.origin)
        start = origin.parent if origin.name == "__init__.py" else origin
        return name, start.parents[depth - 1], start
    raise DeclarationError(
        "BUN302", f"there is no module {module!r} to pack", hint="modules are looked up from the project's folder"
    )


@functools.cache
def _files(start: Path, base: Path, exclude: tuple[str, ...]) -> tuple[File, ...]:
    return tuple(_walk(start, base, exclude))


def _walk(start: Path, base: Path, exclude: tuple[str, ...]) -> Iterator[File]:
    paths = [start] if start.is_file() else _below(start)
    for path in paths:
        name = path.relative_to(base).as_posix()
        if not any(fnmatch(name, pattern) for pattern in exclude):
            yield File(name, path, hashlib.sha256(path.read_bytes()).hexdigest())


def _below(folder: Path) -> Iterator[Path]:
    for current, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _SKIPPED and not one.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(".pyc"):
                yield Path(current) / name


@functools.cache
def _runtime() -> tuple[File, ...]:
    return tuple(
        File(f"bunsui/{path.name}", path, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(RUNTIME.glob("*.py"))
    )
