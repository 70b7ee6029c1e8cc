"""pip, asked for another platform than the one it runs on."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bunsui.errors import DeclarationError, Where

_GLIBC = {"3.10": 26, "3.11": 26}
"""Minor version of glibc 2 on Amazon Linux 2; later runtimes are on Amazon Linux 2023 (AWS, lambda-runtimes)."""

_GLIBC_2023 = 34
_OLDEST_GLIBC = 17
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}

_RUN = """
import json, sys
from pip._vendor.packaging import markers
from pip._internal.cli.main import main
environment = markers.default_environment()
environment.update(json.loads(sys.argv[1]))
markers.default_environment = lambda: dict(environment)
sys.exit(main(sys.argv[2:]))
"""
# pip chooses wheels by --platform and --python-version, yet evaluates markers for the interpreter that it runs on.


class Platform(NamedTuple):
    """What wheels must run on.

    Attributes:
        python: such as `3.13`.
        tags: platform tags of wheels, best first; empty for this machine and interpreter.
        machine: as `platform.machine()` says there.
    """

    python: str
    tags: tuple[str, ...]
    machine: str

    @classmethod
    def of(cls, python: str, architecture: str) -> Platform:
        """Lambda's, for a Python version and `x86_64` or `arm64`."""
        name = _MACHINES[architecture]
        newest = _GLIBC.get(python, _GLIBC_2023)
        tags = [f"manylinux_2_{minor}_{name}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)]
        return cls(python, (*tags, f"manylinux2014_{name}"), name)

    @classmethod
    def host(cls) -> Platform:
        """The interpreter and machine that run this: what the embedded AWS runs functions with."""
        import platform as machine
        import sysconfig

        return cls(machine.python_version(), (), sysconfig.get_platform())

    @property
    def is_host(self) -> bool:
        """Whether it is this interpreter on this machine."""
        return not self.tags

    def __str__(self) -> str:
        return f"cp{self.python}-{self.machine}" if self.is_host else f"cp{self.python}-{self.tags[0]}"

    def options(self) -> list[str]:
        """Options of pip."""
        if self.is_host:
            return ["--only-binary=:all:"]
        chosen = [option for tag in self.tags for option in ("--platform", tag)]
        return ["--only-binary=:all:", "--implementation", "cp", "--python-version", self.python, *chosen]

    def markers(self) -> dict[str, str]:
        """Environment markers that differ from this interpreter's; Lambda runs some late patch release."""
        if self.is_host:
            return {}
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.99",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.99",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def report(requirements: Sequence[str], platform: Platform, where: Where | None = None) -> list[tuple[str, str, str]]:
    """Name, version and SHA-256 of every wheel that the requirements need on the platform.

    Raises:
        DeclarationError: BUN303.
    """
    arguments = ["install", "--dry-run", "--ignore-installed", "--report", "-", *platform.options()]
    if not platform.is_host:
        # Nothing is written there; before 23.3 pip wants one for another platform even so.
        arguments += ["--target", f"{os.devnull}.d"]
    found = json.loads(_pip([*arguments, "--", *requirements], platform, f"for {', '.join(requirements)}", where))
    return [_pin(item, where) for item in found["install"]]


def _pin(item: dict[str, Any], where: Where | None) -> tuple[str, str, str]:
    about = item["metadata"]
    sha256 = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
    if not sha256:
        raise DeclarationError(
            "BUN303",
            f"the index gives no SHA-256 of {about['name']} {about['version']}",
            where=where,
            hint="use an index that gives hashes (PEP 503, PEP 691)",
        )
    return str(about["name"]), str(about["version"]), str(sha256)


def download(
    pins: Iterable[tuple[str, str, str]], platform: Platform, target: Path, where: Where | None = None
) -> None:
    """Download the wheels of these pins into a folder; for this machine others than the locked ones will do.

    Raises:
        DeclarationError: BUN303.
    """
    import tempfile

    hashed = not platform.is_host
    lines = [f"{name}=={version}" + (f" --hash=sha256:{sha256}" if hashed else "") for name, version, sha256 in pins]
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = ["download", "--no-deps", "--dest", str(target), *platform.options(), "-r", str(listed)]
        _pip([*arguments, "--require-hashes"] if hashed else arguments, platform, "for the locked requirements", where)


def _pip(arguments: list[str], platform: Platform, what: str, where: Where | None) -> str:
    import subprocess

    common = ["--quiet", "--no-input", "--no-color", "--disable-pip-version-check"]
    command = [sys.executable, "-c", _RUN, json.dumps(platform.markers()), arguments[0], *common, *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, own arguments
    if done.returncode == 0:
        return done.stdout
    if "No module named 'pip" in done.stderr:
        raise DeclarationError(
            "BUN303",
            "requirements cannot be resolved without pip",
            where=where,
            hint="install pip into this environment: python -m ensurepip",
        )
    raise DeclarationError(
        "BUN303",
        f"pip finds no wheels {what} on Python {platform.python}, {platform.machine}: {_said(done.stderr)}",
        where=where,
        hint="choose versions that have wheels for that platform, or another python= or architecture=",
    )


def _said(text: str) -> str:
    """The errors without credentials."""
    lines = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    told = "; ".join(lines) or text.strip()[-1000:]
    return re.sub(r"://[^/@\s]+@", "://****@", told)
