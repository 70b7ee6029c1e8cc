"""The objects that a run starts from: invoices as suppliers sent them, the export of orders, rates, and discounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"
NOTE = "inbox/delivery.json"


def raw_objects() -> Iterator[tuple[str, bytes]]:
    """Key and content of every object; the delivery note comes last, because the pipeline waits for it."""
    keys = sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file())
    for key in [*(key for key in keys if key != NOTE), NOTE]:
        yield key, (DATA / key).read_bytes()
