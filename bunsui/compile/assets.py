"""Assets: the zip of a code unit with its requirements and the runtime, known by the digest of what goes into it.

`collect` needs neither network (when a lock is there) nor the zip; `build` makes the zip, the same bytes
wherever it runs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from bunsui.compile import assets_imports, assets_unit, requirements
from bunsui.compile.assets_unit import File, Unit
from bunsui.compile.requirements_pip import Platform
from bunsui.errors import DeclarationError, Where

LARGEST = 262_144_000
"""Bytes of an unpacked zip (AWS Lambda quotas: 250 MB)."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can tell."""

Memo = MutableMapping[Any, Any]


class Asset(NamedTuple):
    """The code of one unit for one platform.

    Attributes:
        digest: SHA-256 of what the zip holds, hexadecimal.
        package: dotted name of the unit.
        python: such as `3.13`.
        architecture: `x86_64` or `arm64`.
        files: the unit's and the runtime's, sorted by their path.
        lock: text of the lock of its requirements, or None where it has none.
        lock_name: the lock's file name within the assembly.
    """

    digest: str
    package: str
    python: str
    architecture: str
    files: tuple[File, ...]
    lock: str | None = None
    lock_name: str | None = None

    def describe(self) -> dict[str, Any]:
        """What the manifest says of it."""
        found: dict[str, Any] = {"package": self.package, "python": self.python, "architecture": self.architecture}
        found["files"] = len(self.files)
        if self.lock_name is not None:
            found["requirements"] = self.lock_name
        return found


def collect(
    module: str,
    required: Iterable[str],
    python: str,
    architecture: str,
    exclude: tuple[str, ...] = (),
    folder: Path | None = None,
    *,
    memo: Memo | None = None,
    where: Where | None = None,
) -> Asset:
    """The asset of a handler's module.

    Args:
        module: dotted name.
        required: PEP 508 requirements.
        python: such as `3.13`.
        architecture: `x86_64` or `arm64`.
        exclude: glob patterns of paths in the zip.
        folder: the assembly's, where an earlier lock may lie; a lock that fits is used again.
        memo: remembers units and locks between the calls of one compilation.
        where: of the declaration, for errors.

    Raises:
        DeclarationError: BUN110, BUN302, BUN303.
    """
    memo = {} if memo is None else memo
    unit = assets_unit.locate(module, where)
    if (unit, exclude) not in memo:
        units = assets_imports.closure(unit, exclude, where)
        memo[unit, exclude] = [file for one in units for file in assets_unit.files(one, exclude, where)]
    packed = tuple(sorted((*memo[unit, exclude], *assets_unit.runtime_files())))
    lock_name, lock = _lock(requirements.validate(required, where), python, architecture, folder, memo, where)
    key = unit, exclude, python, architecture, lock
    if key not in memo:
        digest = _digest(packed, python, architecture, lock)
        memo[key] = Asset(digest, unit.name, python, architecture, packed, lock, lock_name)
    asset: Asset = memo[key]
    return asset


def _lock(
    required: tuple[str, ...], python: str, architecture: str, folder: Path | None, memo: Memo, where: Where | None
) -> tuple[str | None, str | None]:
    if not required:
        return None, None
    name = requirements.lock_name(required, python, architecture)
    if name not in memo:
        before = folder / name if folder is not None else None
        text = before.read_text(encoding="utf-8") if before is not None and before.is_file() else None
        memo[name] = requirements.resolve(required, python, architecture, text, where)
    return name, memo[name]


def _digest(files: tuple[File, ...], python: str, architecture: str, lock: str | None) -> str:
    lines = [f"{file.path}\0{file.sha256}\0{int(file.executable)}\n" for file in files]
    text = "".join([f"{python}\0{architecture}\n", *lines, "\n", lock or ""])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def build(asset: Asset, target: Path, platform: Platform | None = None, cache: Path | None = None) -> Path:
    """The asset's zip in the folder `target`, made unless it is there already.

    Args:
        asset: what to pack.
        target: folder for zips, such as `.bunsui/assets`.
        platform: what requirements must run on, where it is not what the function declares; the zip is named after it.
        cache: folder for installed requirements; by default `requirements` beside `target`.

    Raises:
        DeclarationError: BUN302 when a file has changed or gone since, two files have one place, or the zip is too
            large for Lambda; BUN303 when requirements cannot be installed.
    """
    declared = Platform.of(asset.python, asset.architecture)
    other = platform if asset.lock is not None and platform not in (None, declared) else None
    zipped = target / (f"{asset.digest}-{other}.zip" if other else f"{asset.digest}.zip")
    if zipped.is_file():
        return zipped
    target.mkdir(parents=True, exist_ok=True)
    installed: tuple[File, ...] = ()
    if asset.lock is not None:
        folder = requirements.install(asset.lock, other or declared, cache or target.parent / "requirements")
        installed = tuple(_installed(folder))
    files = _merged(asset, installed)
    import tempfile

    handle, name = tempfile.mkstemp(dir=target, prefix=".new-", suffix=".zip")
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(files, stream)
        os.replace(name, zipped)  # noqa: PTH105 - the two are strings of one folder
    finally:
        Path(name).unlink(missing_ok=True)
    return zipped


def _installed(folder: Path) -> Iterator[File]:
    """What requirements brought; their hashes were checked as wheels."""
    for source in folder.rglob("*"):
        if source.is_file():
            yield File(source.relative_to(folder).as_posix(), "", bool(source.stat().st_mode & 0o100), source)


def _merged(asset: Asset, installed: tuple[File, ...]) -> list[File]:
    own = {file.path for file in asset.files}
    for file in installed:
        if file.path in own or file.path.startswith("bunsui/"):
            raise DeclarationError(
                "BUN302",
                f"a requirement of {asset.package!r} brings {file.path}, which the function's code has too",
                hint="rename the package of the project, or leave the requirement out",
            )
    return sorted((*asset.files, *installed))


def _write(files: list[File], stream: Any) -> None:
    import zipfile

    size = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in files:
            data = _content(file)
            size += len(data)
            if size > LARGEST:
                raise DeclarationError(
                    "BUN302",
                    f"code and requirements have more than {LARGEST // 1024 // 1024} MB, which Lambda does not take",
                    hint="exclude data files, or require less",
                )
            entry = zipfile.ZipInfo(file.path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
            archive.writestr(entry, data)


def _content(file: File) -> bytes:
    try:
        data = file.source.read_bytes()
    except OSError as error:
        raise _moved(file, f"cannot be read: {error.strerror}") from None
    if file.sha256 and hashlib.sha256(data).hexdigest() != file.sha256:
        raise _moved(file, "has changed since it was compiled")
    return data


def _moved(file: File, what: str) -> DeclarationError:
    return DeclarationError("BUN302", f"{file.path} {what}", hint="compile again while nothing changes the project")


__all__ = ["Asset", "File", "Platform", "Unit", "build", "collect"]
