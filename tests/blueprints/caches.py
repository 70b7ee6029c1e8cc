"""What tests on the embedded AWS have in common."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).parents[2]


def share_caches(folder: Path) -> None:
    """Zips and installed requirements, which are named after their content, are made once for all runs of the tests."""
    for name in ("assets", "requirements"):
        cache = PROJECT / ".bunsui" / name
        cache.mkdir(parents=True, exist_ok=True)
        (folder / ".bunsui").mkdir(exist_ok=True)
        (folder / ".bunsui" / name).symlink_to(cache)
