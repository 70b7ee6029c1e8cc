"""Writes the JSON schemas of what `--json` prints: `python -m bunsui.cli.schemas docs/schemas`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter

from bunsui.cli.results import RESULTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """File name -> text."""
    return {f"{command.replace(' --', '-').replace(' ', '-')}.json": _schema(command) for command in RESULTS}


def _schema(command: str) -> str:
    made = TypeAdapter(RESULTS[command]).json_schema(mode="serialization", by_alias=True)
    title = "Instead of a result, when a command fails" if command == "errors" else f"bunsui {command} --json"
    return json.dumps({"$schema": DIALECT, **made, "title": title}, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write them, and remove those of commands that are no more."""
    made = schemas()
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
