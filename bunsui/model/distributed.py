"""How the elements of a distributed map are worked on: each, or a batch of them, in an execution of its own."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SkipValidation

from bunsui.model.declaration import Declaration, refuse, show
from bunsui.model.resource import Access, access_of

CONCURRENCY = 1_000
"""Executions at a time where nothing is said: as many functions as an account runs by default (AWS Lambda quotas)."""

BATCH_BYTES = 192 * 1024
"""Bytes that the elements of a batch may have; a state's input of 256 KiB has what else the operation is given, too."""

EXPRESS = 300
"""Seconds that an express execution may take (AWS Step Functions quotas)."""

LABEL = 40
"""Characters (AWS Step Functions developer guide, "state-map-distributed", "Label")."""

_LABEL = re.compile(rf"[^\s?*<>{{}}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]{{1,{LABEL}}}")


def _label(label: str | None) -> str | None:
    if label is not None and not _LABEL.fullmatch(label):
        raise refuse(
            f"label={label!r} is not allowed",
            f'use at most {LABEL} characters, no white space, brackets or any of ? * : ; , \\ | ^ ~ $ # % & ` "',
        )
    return label


def _results(value: object) -> object:
    access = access_of(value) if value is not None else None
    if value is not None and (access is None or access.resource.kind != "Bucket" or not access.path):
        raise refuse(f"results={show(value)} is no part of a bucket", "write results=lake / 'checked'", "BUN109")
    return access


class Distributed(Declaration):
    """Settings of a distributed map: `Map(…, distributed=Distributed(batch=100, tolerated=5))`.

    Attributes:
        batch: elements that one call of the function gets at most; it is run for each of them.
        batch_bytes: bytes of JSON that the elements of a batch have at most.
        tolerated: elements that may fail without failing the map; their results are None.
        tolerated_percent: the same as a share of all; where both are given, neither may be passed.
        results: part of a bucket where AWS writes the results; the map then results in the Dataset of the manifest.
        max_items: elements that are read at most; what comes after them is left out.
        label: part of the names of the executions; by default the map's name.
        express: run express executions, which cost less where they are short and many, and keep no history.
    """

    batch: int | None = Field(default=None, ge=1, le=100_000)
    batch_bytes: int = Field(default=BATCH_BYTES, ge=1_024, le=BATCH_BYTES)
    tolerated: int = Field(default=0, ge=0)
    tolerated_percent: int = Field(default=0, ge=0, le=100)
    results: Annotated[SkipValidation[Access | None], BeforeValidator(_results)] = None
    max_items: int | None = Field(default=None, ge=1, le=100_000_000)
    label: Annotated[str | None, AfterValidator(_label)] = None
    express: bool = False

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)

    @property
    def tolerates(self) -> bool:
        """Whether an element may fail."""
        return bool(self.tolerated or self.tolerated_percent)
