"""The command line: `bunsui` and `python -m bunsui`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    What needs no command is answered before click is imported, which alone takes three times as long as Python's start.

    Args:
        words: of the command line, without the program's name; those of the process when not given.
    """
    whole_process = words is None
    words = sys.argv[1:] if words is None else words
    if len(words) == 1 and words[0] in ("--help", "-h", "--version"):
        from bunsui.cli.menu import help_text, version_text

        sys.stdout.write(version_text() if words[0] == "--version" else help_text())
        return 0
    if whole_process:
        # What imports and declarations make is no garbage; looking for some every 700 objects is 5 % of a `synth`.
        gc.set_threshold(100_000)
    from bunsui.cli.app import run

    code = run(list(words))
    if whole_process:
        # Python would look through everything for garbage once more at its end: 50 ms after a `synth`.
        gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
