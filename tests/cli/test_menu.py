from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import bunsui.cli.commands
from bunsui import __version__
from bunsui.cli.app import group
from bunsui.cli.menu import COMMANDS, OPTIONS, help_text
from bunsui.cli.options import Settings

LOCAL = ("start", "stop", "status", "reset")


def test_every_command_has_a_file_and_a_row():
    files = {path.stem for path in Path(bunsui.cli.commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(COMMANDS)


def test_help_without_click_is_click_s_own(cli):
    quick, slow = cli("--help"), cli("-q", "--help")
    assert quick.out == slow.out == help_text()
    assert (quick.code, slow.code, quick.err) == (0, 0, "")


def test_the_help_names_every_command_and_every_option_of_the_group():
    text = help_text()
    for name, summary in COMMANDS.items():
        assert f"  {name} " in text
        assert summary in text
    context = click.Context(group)
    for option in group.get_params(context):
        assert max(option.opts, key=len) in text
        assert all(flag in text for flag in option.opts)


def test_options_are_the_settings():
    assert [name for name, *_ in OPTIONS] == list(Settings.__dataclass_fields__)


@pytest.mark.parametrize("words", [("--version",), ("-q", "--version")])
def test_version(cli, words):
    result = cli(*words)
    assert (result.code, result.out) == (0, f"bunsui {__version__}\n")


def test_no_command_is_wrong_usage_that_shows_the_help(cli):
    result = cli()
    assert (result.code, result.out) == (2, "")
    assert result.err == help_text()


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), *(("local", one) for one in LOCAL)])
def test_help_of_every_command(cli, words):
    result = cli(*words, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: bunsui {' '.join(words)} [OPTIONS]")
    if words != ("local",):
        assert "Global options:" in result.out
        assert "--endpoint-url URL" in result.out
    assert cli(*words, "-h").out == result.out


def test_summaries_are_those_of_the_menu():
    context = click.Context(group)
    for name, summary in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == summary


def test_completion_knows_commands():
    words = {"_BUNSUI_COMPLETE": "bash_complete", "COMP_WORDS": "bunsui de", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "bunsui"], env={**os.environ, **words}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["plain,deploy", "plain,destroy"]


def imported(code: str, cwd: Path) -> set[str]:
    """Top-level modules after some code ran in a process of its own."""
    told = f"import sys\n{code}\nprint('\\nmodules:', *{{name.partition('.')[0] for name in sys.modules}})"
    root = Path(bunsui.__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", told], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("modules:")[2].split())


def test_help_imports_nothing_that_costs(tmp_path):
    found = imported("from bunsui.__main__ import main\nassert main(['--help']) == 0", tmp_path)
    assert not found & {"click", "pydantic", "rich", "boto3", "troposphere", "inspect", "importlib.metadata"}


def test_synth_imports_neither_rich_nor_boto3(project):
    found = imported("from bunsui.__main__ import main\nassert main(['synth']) == 0", project)
    assert {"click", "pydantic"} <= found
    assert not found & {"rich", "boto3", "botocore"}


def test_synth_looks_for_no_plugins_of_pydantic(project):
    synth = "from bunsui.__main__ import main\nassert main(['synth']) == 0"
    assert "pydantic" in imported(f"{synth}\nassert 'importlib.metadata' not in sys.modules", project)
