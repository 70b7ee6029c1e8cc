"""Requirements of operations: locked at synth for the function's platform, unpacked from wheels when an asset is built.

A lock names each wheel by version and hash and says what it was made for; it is committed with the assembly, so that
later runs of synth need no network. pip finds and downloads; wheels are unpacked here, since what pip writes beside
them (scripts with the interpreter's path, compiled files) differs from machine to machine.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bunsui.compile.requirements_pip import Platform, download, report
from bunsui.errors import DeclarationError, Where, raise_all

_TITLE = "# bunsui requirements 1"
_NOTHING = "# nothing\n"
"""The body of a lock whose requirements are all for other platforms."""

_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")


class Pin(NamedTuple):
    """One locked distribution."""

    name: str
    version: str
    sha256: str


def validate(requirements: Iterable[str], where: Where | None = None) -> tuple[str, ...]:
    """The requirements in one spelling, sorted and without duplicates.

    Raises:
        DeclarationError: BUN110 for each that is not PEP 508, names a URL or path, or is bunsui itself.
    """
    found: set[str] = set()
    errors = []
    for requirement in requirements:
        try:
            found.add(_normal(requirement, where))
        except DeclarationError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(sorted(found))


def _normal(text: str, where: Where | None) -> str:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    if re.match(r"\s*(-e\b|--editable|file:|\.{0,2}/|[A-Za-z]:\\|git\+|https?:)", text) or text.strip() in (".", ".."):
        raise _refused(
            text, "is a path or URL", "name a package of your index; code of the project is packed anyway", where
        )
    try:
        requirement = Requirement(text)
    except InvalidRequirement as wrong:
        reason = str(wrong).partition("\n")[0]
        raise _refused(
            text, f"is no requirement: {reason}", "write it as pip takes it, such as 'pyarrow==22.0.0'", where
        ) from None
    if requirement.url:
        raise _refused(text, "names a URL", "name a package of your index; a URL cannot be locked by hash alone", where)
    if canonicalize_name(requirement.name) == "bunsui":
        raise _refused(text, "is packed with every function", "leave it out", where)
    return str(requirement)


def _refused(text: str, reason: str, hint: str, where: Where | None) -> DeclarationError:
    return DeclarationError("BUN110", f"requirement {text!r} {reason}", where=where, hint=hint)


def lock_name(requirements: tuple[str, ...], python: str, architecture: str) -> str:
    """File name of the lock within an assembly."""
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:10]
    return f"requirements/python{python}-{architecture}-{digest}.txt"


def resolve(
    requirements: Iterable[str], python: str, architecture: str, lock: str | None = None, where: Where | None = None
) -> str:
    """The lock of these requirements for a platform.

    Args:
        requirements: PEP 508.
        python: such as `3.13`.
        architecture: `x86_64` or `arm64`.
        lock: an earlier lock; it is the answer when it was made for the same.
        where: of the declaration, for errors.

    Raises:
        DeclarationError: BUN110 (see `validate`), BUN303 when pip is missing, finds nothing that fits, or has no hash.
    """
    wanted = validate(requirements, where)
    header = _header(wanted, python, architecture)
    if lock is not None and lock.startswith(header) and _is_sound(lock[len(header) :]):
        return lock
    found = sorted(
        f"{_canonical(name)}=={version} --hash=sha256:{sha256}"
        for name, version, sha256 in report(wanted, Platform.of(python, architecture), where)
    )
    return header + ("".join(f"{pin}\n" for pin in found) or _NOTHING)


def _header(requirements: tuple[str, ...], python: str, architecture: str) -> str:
    return "\n".join([_TITLE, f"# python {python}, {architecture}", *(f"# {one}" for one in requirements), "", ""])


def _is_sound(body: str) -> bool:
    return body == _NOTHING or (bool(body) and all(_PIN.fullmatch(line) for line in body.splitlines()))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> tuple[Pin, ...]:
    """What a lock names."""
    return tuple(Pin(**found.groupdict()) for line in lock.splitlines() if (found := _PIN.fullmatch(line)))


def install(lock: str, platform: Platform, cache: Path, where: Where | None = None) -> Path:
    """A folder with the locked distributions for a platform; made once, whoever asks first.

    Args:
        lock: text of the lock.
        platform: of the function, where wheels must have the locked hashes; or this machine's, where only versions
            count.
        cache: folder for such folders, such as `.bunsui/requirements`.
        where: of the declaration, for errors.

    Raises:
        DeclarationError: BUN303 when a wheel cannot be had, or is not what was locked.
    """
    import tempfile

    digest = hashlib.sha256(f"{platform}\n{lock}".encode()).hexdigest()
    target = cache / digest
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as folder:
        wheels, made = Path(folder) / "wheels", Path(folder) / "made"
        wheels.mkdir()
        made.mkdir()
        if locked := pins(lock):
            download([(pin.name, pin.version, pin.sha256) for pin in locked], platform, wheels, where)
        for wheel in sorted(wheels.iterdir()):
            _unpack(wheel, made, where)
        try:
            os.rename(made, target)  # noqa: PTH104 - Path.rename says the same; the OSError is what counts
        except OSError:
            # Another process was faster; what it made is the same.
            if not target.is_dir():
                raise
    return target


def _unpack(wheel: Path, target: Path, where: Where | None) -> None:
    """Unpack a wheel as installers do, without scripts and headers (PyPA, "Binary distribution format")."""
    import shutil
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = _place(entry.filename)
            if entry.is_dir() or path is None:
                continue
            if path.is_absolute() or ".." in path.parts:
                raise DeclarationError(
                    "BUN303", f"{wheel.name} has a file outside itself: {entry.filename}", where=where
                )
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, file.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            file.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)


def _place(name: str) -> PurePosixPath | None:
    path = PurePosixPath(name)
    if not path.parts or not path.parts[0].endswith(".data"):
        return path
    kind = path.parts[1] if len(path.parts) > 2 else ""
    return PurePosixPath(*path.parts[2:]) if kind in ("purelib", "platlib", "data") else None
