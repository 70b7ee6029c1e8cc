"""Every error a user can see: what went wrong, where it was declared, why, and what to do.

    BunsuiError                one problem
      DeclarationError         the declaration is wrong                          exit code 2
      UsageError               the command, a parameter or the configuration is  exit code 2
      AwsError                 AWS, its credentials or the network said no       exit code 3
      DeploymentError          a change set or stack failed                      exit code 1
      ApprovalError            somebody must say yes first, or said no           exit code 4
    BunsuiErrors               several problems of one declaration, told together

A code is stable: it never changes its meaning and is never used again. `CODES` is the registry; the reference page
docs/errors.md is generated from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class ExitCode(IntEnum):
    """What a bunsui command tells the shell."""

    OK = 0
    FAILED = 1
    USAGE = 2
    AWS = 3
    APPROVAL = 4
    RUNNING = 8
    INTERRUPTED = 130


class Where(NamedTuple):
    """A place in the user's source: file path as Python knows it, and 1-based line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.relative()}:{self.line}"

    def relative(self, root: Path | None = None) -> str:
        """The file below `root` (default: the working directory) in POSIX form; its bare name if it lies elsewhere."""
        return _relative(self.file, str(root or Path.cwd()))


@lru_cache(maxsize=4096)
def _relative(file: str, root: str) -> str:
    path = Path(file)
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix() if not path.is_absolute() else path.name


class BunsuiError(Exception):
    """One problem.

    Attributes:
        code: a key of `CODES`, such as `BUN101`.
        message: what is wrong, one sentence without a full stop.
        where: the declaration at fault, or None where there is none.
        hint: what to do about it.
        related: other places that take part, with a word on each.
    """

    exit_code = ExitCode.FAILED

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: Where | None = None,
        hint: str = "",
        related: Iterable[tuple[str, Where]] = (),
    ) -> None:
        if code not in CODES:
            raise KeyError(f"{code} is not in bunsui.errors.CODES")
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.related = tuple(related)

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}"]
        if self.where is not None:
            lines.append(f"  at {self.where}")
        lines += [f"  {label}: {where}" for label, where in self.related]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.message, self.where, self.hint, self.related)


def _rebuild(
    kind: type[BunsuiError],
    code: str,
    message: str,
    where: Where | None,
    hint: str,
    related: tuple[tuple[str, Where], ...],
) -> BunsuiError:
    return kind(code, message, where=where, hint=hint, related=related)


class DeclarationError(BunsuiError):
    """A pipeline, job, operation or resource is declared wrongly."""

    exit_code = ExitCode.USAGE


class UsageError(BunsuiError):
    """A command line, a session parameter or the configuration is wrong."""

    exit_code = ExitCode.USAGE


class AwsError(BunsuiError):
    """AWS refused, could not be reached, or has no credentials for us."""

    exit_code = ExitCode.AWS


class DeploymentError(BunsuiError):
    """A change set or a stack failed; the message names the resource."""

    exit_code = ExitCode.FAILED


class ApprovalError(BunsuiError):
    """Somebody has to agree first, and nobody did."""

    exit_code = ExitCode.APPROVAL


class BunsuiErrors(Exception):
    """Several problems found in one go, in the order of their places."""

    def __init__(self, errors: Iterable[BunsuiError]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(self.errors)} errors")

    @property
    def exit_code(self) -> ExitCode:
        """The gravest of the collected exit codes."""
        return max((error.exit_code for error in self.errors), default=ExitCode.FAILED)

    def __str__(self) -> str:
        return "\n\n".join(str(error) for error in self.errors)


def raise_all(errors: Iterable[BunsuiError]) -> None:
    """Raise nothing, the one error, or all of them as `BunsuiErrors`."""
    found = list(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise BunsuiErrors(found)


CODES: dict[str, str] = {
    # 1xx: one declaration
    "BUN101": "a field of a declaration has a wrong value",
    "BUN102": "a name is not allowed",
    "BUN103": "a parameter has no source",
    "BUN104": "types do not fit",
    "BUN105": "an annotation cannot be understood",
    "BUN106": "a handler cannot be used",
    "BUN107": "an output has no such field",
    "BUN108": "an input does not belong to the function",
    "BUN109": "an access cannot be declared",
    "BUN110": "a requirement is not pinned or not valid",
    "BUN111": "a condition has no meaning",
    # 2xx: the pipeline
    "BUN201": "a name is used twice",
    "BUN202": "the graph has a cycle",
    "BUN203": "an operation belongs to no job or to several",
    "BUN204": "an operation or parameter is not part of the pipeline",
    "BUN205": "a pipeline is empty",
    "BUN206": "a pipeline parameter cannot be used",
    # 3xx: compiling
    "BUN301": "a limit of AWS would be exceeded",
    "BUN302": "the code of an operation cannot be packed",
    "BUN303": "requirements cannot be resolved",
    "BUN304": "the assembly differs from the declaration",
    "BUN305": "a generated role is not least privilege",
    "BUN306": "the assembly cannot be read or written",
    # 4xx: the project and its configuration
    "BUN401": "the configuration is wrong",
    "BUN402": "a pipeline cannot be loaded",
    "BUN403": "no such pipeline",
    "BUN404": "no such environment",
    "BUN405": "a parameter of a session is wrong",
    "BUN406": "the command line is wrong",
    "BUN407": "durations of operations cannot be used",
    # 5xx: AWS
    "BUN501": "no credentials or no access",
    "BUN502": "AWS cannot be reached",
    "BUN503": "AWS refused a request",
    "BUN504": "the control stack is missing",
    "BUN505": "the account or region is not the configured one",
    # 6xx: deploying
    "BUN601": "a change set failed",
    "BUN602": "a stack failed",
    "BUN603": "approval is needed",
    "BUN604": "approval was declined",
    "BUN605": "the pipeline is not deployed",
    # 7xx: sessions
    "BUN701": "no such session",
    "BUN702": "a session cannot be started",
    "BUN703": "no such job or operation in the session",
    "BUN704": "nothing waits for this answer",
    "BUN705": "somebody else has to answer",
    # 8xx: the embedded AWS
    "BUN801": "the embedded AWS is not installed",
    "BUN802": "the embedded AWS did not start",
    "BUN803": "the embedded AWS is not running",
    # 9xx: the interpreter
    "BUN901": "a definition is not valid",
    "BUN902": "an integration has no service",
}
