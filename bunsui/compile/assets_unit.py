"""Code units: which files go into the zip of a handler's module."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import os
import pkgutil
import sys
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple

from bunsui.errors import DeclarationError, Where

NEVER = ("__pycache__", ".*", "node_modules", "*.pyc", "*.pyo", "*.egg-info", "*.dist-info", "cfn-out")
"""Names of files and folders that are not packed."""


class File(NamedTuple):
    """One file of a zip.

    Attributes:
        path: within the zip, with `/`.
        sha256: of the content, hexadecimal.
        executable: whether its owner may run it.
        source: where it was found.
    """

    path: str
    sha256: str
    executable: bool
    source: Path


class Unit(NamedTuple):
    """The outermost regular package that holds a module, or the module's single file.

    Attributes:
        name: dotted name of the package or module.
        root: its folder or file.
        prefix: folder in the zip of the namespace that holds it, or empty.
    """

    name: str
    root: Path
    prefix: str


def locate(module: str, where: Where | None = None) -> Unit:
    """The unit of a module; no module is imported for it.

    Raises:
        DeclarationError: BUN302 when there is none, or it is not a file.
    """
    path: list[str] | None = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        origin, path = _find(name, path)
        if origin is None and path is None:
            raise _error(f"module {module!r} is not found", "run bunsui in the project's folder", where)
        if origin is None:
            continue
        file = Path(origin)
        if not file.is_file() or file.suffix != ".py":
            raise _error(f"module {module!r} is not a Python file of its own", "give a module of your project", where)
        if parts[0] == "bunsui":
            raise _error(f"module {module!r} is bunsui's own", "put the operation into a module of your project", where)
        root = file.parent if file.name == "__init__.py" else file
        return Unit(name, root, "/".join(parts[: depth - 1]))
    raise _error(f"{module!r} is a folder without Python file of its own", "give a module of it", where)


def _find(name: str, path: list[str] | None) -> tuple[str | None, list[str] | None]:
    """The file of a module and where to look for what is below it."""
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__spec__", None) is None and getattr(loaded, "__file__", None):
        return loaded.__file__, list(getattr(loaded, "__path__", ())) or None
    spec = _spec(name, path)
    if spec is None:
        return None, None
    below = spec.submodule_search_locations
    origin = spec.origin if spec.has_location or below is None else None
    return origin, list(below) if below is not None else None


def _spec(name: str, path: list[str] | None) -> ModuleSpec | None:
    if "." not in name:
        try:
            return importlib.util.find_spec(name)
        except ValueError:
            return None
    if name in sys.modules:
        return sys.modules[name].__spec__
    # importlib.util.find_spec would import, and so execute, the packages above; PathFinder asks an imported parent.
    portions: list[str] = []
    for importer in map(pkgutil.get_importer, path or ()):
        spec = importer.find_spec(name) if importer is not None else None
        if spec is not None and spec.loader is not None:
            return spec
        if spec is not None:
            portions += spec.submodule_search_locations or ()
    if not portions:
        return None
    namespace = ModuleSpec(name, None, is_package=True)
    namespace.submodule_search_locations = portions
    return namespace


def files(unit: Unit, exclude: tuple[str, ...] = (), where: Where | None = None) -> tuple[File, ...]:
    """The unit's files, sorted by their path in the zip.

    Args:
        unit: what to pack.
        exclude: glob patterns of paths in the zip, of files or folders; `*` matches `/` too.
        where: of the declaration, for errors.

    Raises:
        DeclarationError: BUN302 for links that lead out of the unit and files that cannot be read.
    """
    start = f"{unit.prefix}/{unit.root.name}" if unit.prefix else unit.root.name
    found: list[File] = []
    try:
        if unit.root.is_file():
            found.append(_file(unit.root, start))
        else:
            _walk(unit.root, start, unit.root.resolve(), exclude, found, where)
    except OSError as error:
        raise _error(f"{start} cannot be read: {error.strerror}", "check the file", where) from None
    return tuple(sorted(found))


def _walk(
    folder: Path, place: str, root: Path, exclude: tuple[str, ...], found: list[File], where: Where | None
) -> None:
    with os.scandir(folder) as listed:
        entries = list(listed)
    for entry in entries:
        path = f"{place}/{entry.name}"
        if _left_out(entry.name, path, exclude):
            continue
        source = Path(entry.path)
        if entry.is_symlink():
            real = source.resolve()
            if not real.is_relative_to(root) or real in (root, *root.parents) or folder.resolve().is_relative_to(real):
                raise _error(
                    f"{path} is a link that leads out of {root.name}", "exclude it, or put a copy there", where
                )
        if entry.is_dir():
            if not (source / "pyvenv.cfg").exists():
                _walk(source, path, root, exclude, found, where)
        elif entry.is_file():
            found.append(_file(source, path))
        else:
            raise _error(f"{path} is not a regular file", "exclude it", where)


def _left_out(name: str, path: str, exclude: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in NEVER) or any(
        fnmatch.fnmatchcase(path, pattern.rstrip("/")) for pattern in exclude
    )


def _file(source: Path, path: str) -> File:
    status = source.stat()
    sha256 = _sha256(str(source), status.st_mtime_ns, status.st_size, status.st_ino)
    return File(path, sha256, bool(status.st_mode & 0o100), source)


@lru_cache(maxsize=100_000)
def _sha256(source: str, *version: int) -> str:
    """Hash of a file; `version` makes sure that a changed file is read again."""
    return hashlib.sha256(Path(source).read_bytes()).hexdigest()


def _error(message: str, hint: str, where: Where | None) -> DeclarationError:
    return DeclarationError("BUN302", message, where=where, hint=hint)


@lru_cache(maxsize=1)
def runtime_files() -> tuple[File, ...]:
    """What every zip has besides the unit: the runtime as the package `bunsui`."""
    import bunsui.runtime

    folder = Path(bunsui.runtime.__file__).parent
    names = {path: "__init__.py" if path.name == "zip_init.py" else path.name for path in folder.glob("*.py")}
    made = [_file(path, f"bunsui/{name}") for path, name in names.items() if path.name != "__init__.py"]
    return tuple(sorted(File(file.path, file.sha256, False, file.source) for file in made))
