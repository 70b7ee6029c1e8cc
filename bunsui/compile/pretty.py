"""JSON for people: indented by two, keys as they come, one line feed at the end."""

from __future__ import annotations

from typing import Any


def pretty(content: Any) -> str:
    """The content as JSON text; NaN and keys that are no strings do not occur in what synth writes."""
    import orjson

    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
