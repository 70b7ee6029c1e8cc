"""How far the interpreter agrees with executions recorded on AWS: `python -m tests.interpreter.conformance`."""

import sys
import tomllib
from collections import Counter
from pathlib import Path

from tests.interpreter.conftest import SHARED
from tests.interpreter.recorded import GROUPS, judge, load
from tests.interpreter.recorded_states import judge_definition, judge_state

DISAGREEMENTS = Path(__file__).with_name("disagreements.toml")
JUDGES = {
    **{group: (lambda case, group=group: judge(case, group)) for group in GROUPS},
    "teststate": judge_state,
    "validation": judge_definition,
}
COLUMNS = ("group", "language", "cases", "status, output, error", "cause", "event types", "whole history")


def verdicts(data, group):
    """The verdict of every case of a group."""
    return [JUDGES[group](case) for case in load(data, group)]


def named():
    """The cases that are known to disagree, with the reason, by group."""
    return tomllib.loads(DISAGREEMENTS.read_text("utf-8"))


def share(yes, of):
    """`n of m`, with a percentage."""
    return f"{yes} of {of}  {100 * yes / of:5.1f} %" if of else "-"


def rows(found):
    """The lines of the table."""
    for group in JUDGES:
        mine = [verdict for verdict in found if verdict.group == group]
        languages = sorted({verdict.language for verdict in mine})
        for language in ["all", *(languages if len(languages) > 1 else [])]:
            some = [verdict for verdict in mine if language in ("all", verdict.language)]
            typed = [verdict for verdict in some if verdict.types is not None]
            whole = [verdict for verdict in some if verdict.history is not None]
            yield (
                group if language == "all" else "",
                language,
                str(len(some)),
                share(sum(verdict.result for verdict in some), len(some)),
                share(sum(verdict.cause for verdict in some), len(some)),
                share(sum(verdict.types for verdict in typed), len(typed)),
                share(sum(verdict.history for verdict in whole), len(whole)),
            )


def table(found):
    """The table as text."""
    lines = [COLUMNS, *rows(found)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * len(text[0]), *text[1:]])


def main():
    data = SHARED / "data"
    if not data.is_dir():
        print(f"no recorded data at {data}; set BUNSUI_SHARED", file=sys.stderr)
        return 2
    found = [verdict for group in JUDGES for verdict in verdicts(data, group)]
    print(table(found))
    known = named()
    differ = [verdict for verdict in found if not verdict.agrees]
    print(f"\n{len(differ)} cases disagree:")
    for verdict in differ:
        reason = known.get(verdict.group, {}).get(verdict.name)
        print(f"  {verdict.group}: {verdict.name}\n      {reason or 'NOT NAMED: ' + verdict.note}")
    agree = Counter(
        verdict.group for verdict in found if verdict.agrees and verdict.name in known.get(verdict.group, {})
    )
    for group, count in agree.items():
        print(f"  {group}: {count} named cases agree by now; take them off {DISAGREEMENTS.name}")
    unnamed = [verdict for verdict in differ if verdict.name not in known.get(verdict.group, {})]
    return 1 if unnamed or agree else 0


if __name__ == "__main__":
    sys.exit(main())
