"""What there is on the command line, as tables, and `bunsui --help`."""

from __future__ import annotations

COMMANDS = {
    "synth": "Compile pipelines and write their assemblies.",
    "permissions": "Tell what every role of a pipeline may do, and why.",
    "graph": "Draw the graph of a pipeline.",
    "simulate": "Tell how long a run of a pipeline takes, and what it costs.",
    "diff": "Tell what deploying a pipeline would change.",
    "deploy": "Deploy a pipeline.",
    "destroy": "Delete a pipeline's stack; what it retains stays.",
    "bootstrap": "Create or update the control stack of the account and region.",
    "run": "Start a session and wait for its end.",
    "status": "Tell how a session stands, and why it failed.",
    "list": "List sessions, newest first.",
    "logs": "Print what a session's functions logged.",
    "watch": "Follow a session until it is over.",
    "approvals": "List what sessions ask people.",
    "approve": "Approve what a session asks.",
    "reject": "Reject what a session asks.",
    "answer": "Answer what a session asks in another way.",
    "cancel": "Stop a session and what it runs.",
    "local": "Start, stop, look at and reset the embedded AWS.",
}
"""Command -> what it does, in the order in which one needs them."""

OPTIONS = (
    ("environment", "--env", "NAME", "Environment of bunsui.toml to act on; `local` is the embedded AWS."),
    ("profile", "--profile", "NAME", "Profile of the AWS configuration files."),
    ("region", "--region", "NAME", "AWS region."),
    ("endpoint_url", "--endpoint-url", "URL", "Endpoint of all services, instead of AWS."),
    ("root", "--root", "DIR", "Folder of the project, instead of the working directory."),
    ("json", "--json", "", "Print one JSON object on stdout (docs/schemas/) and never ask."),
    ("quiet", "--quiet / -q", "", "Print nothing but results and errors."),
    ("no_color", "--no-color", "", "Print without colours; NO_COLOR does the same."),
)
"""Field of Settings, how it is written, what its value is called (empty for a switch), what it does."""

EPILOG = """\
A SESSION is the id of a session, or `latest`. Exit codes: 0 ok, 1 failed, 2 wrong usage or declaration,
3 AWS or credentials, 4 approval needed or declined, 8 still running, 130 interrupted.

Completion: eval "$(_BUNSUI_COMPLETE=bash_source bunsui)" in ~/.bashrc; zsh_source and fish_source likewise.
"""


def help_text() -> str:
    """What `bunsui --help` prints."""
    own = [(spelled(flags, value), text) for _, flags, value, text in OPTIONS]
    own += [("-h, --help", "Show this, or a command's help."), ("--version", "Show the version.")]
    parts = [
        "Usage: bunsui [OPTIONS] COMMAND [ARGS]...",
        "  Data pipelines on AWS, declared as Python objects.",
        _block("Commands", list(COMMANDS.items())),
        _block("Options, before or behind the command", own),
        EPILOG,
    ]
    return "\n\n".join(parts)


def version_text() -> str:
    """What `bunsui --version` prints."""
    from bunsui._version import __version__

    return f"bunsui {__version__}\n"


def spelled(flags: str, value: str) -> str:
    """How an option is written, as in `-q, --quiet` or `--env NAME`."""
    names = ", ".join(sorted(flags.split(" / "), key=len))
    return f"{names} {value}" if value else names


def _block(title: str, rows: list[tuple[str, str]]) -> str:
    width = max(len(left) for left, _ in rows)
    return "\n".join([f"{title}:", *(f"  {left.ljust(width)}  {right}" for left, right in rows)])
