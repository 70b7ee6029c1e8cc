"""What this room wants from the compiler and from whoever is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bunsui.deploy.models import Plan

ROOT = "template.json"
"""File name of the root template in an assembly."""

Approve = Callable[[Plan], bool]
Build = Callable[[Any], Path]
"""Makes the zip of an asset of the assembly, or finds the one made before."""


class Asset(Protocol):
    """The code of one unit."""

    @property
    def digest(self) -> str:
        """SHA-256 of what its zip holds, hexadecimal."""


class Assembly(Protocol):
    """What synth makes of a pipeline."""

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""

    @property
    def stack(self) -> str:
        """Name of its stack."""

    @property
    def templates(self) -> Mapping[str, str]:
        """File name -> JSON text; the root is `template.json`."""

    @property
    def assets(self) -> Iterable[Asset]:
        """The code of its functions."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of the stack."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A pipeline that has to be deployed already.

    Attributes:
        pipeline: its name.
        stack: name of its stack.
        by: the pipeline that runs it.
    """

    pipeline: str
    stack: str
    by: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look whether AWS is done.

    Attributes:
        first_s: seconds before the second look.
        longest_s: no longer than that between two looks.
        growth: of the seconds from look to look.
        sleep: waits.
    """

    first_s: float = 0.1
    longest_s: float = 4.0
    growth: float = 1.6
    sleep: Callable[[float], None] = time.sleep

    def after(self, delay_s: float) -> float:
        """Wait so long and return how long to wait the next time."""
        self.sleep(delay_s)
        return min(delay_s * self.growth, self.longest_s)
