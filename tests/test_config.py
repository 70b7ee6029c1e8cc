"""bunsui.toml and [tool.bunsui]."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunsui.config import Config, find
from bunsui.errors import BunsuiErrors, ExitCode, UsageError
from bunsui.model.environment import Environment

GOOD = """\
pipelines = ["etl.pipeline:pipeline"]
output = "out/{environment}"
format = "yaml"
exclude = ["*.csv"]
default_environment = "dev"

[environments.dev]
region = "eu-west-1"
account = "123456789012"
prefix = "dev-"
tags = { cost = "42" }
log_retention_days = 7
removal_policy = "destroy"

[environments.prod]
profile = "production"
"""


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text(GOOD)
    config = find(tmp_path)
    assert config.root == tmp_path
    assert config.pipelines == ("etl.pipeline:pipeline",)
    assert config.exclude == ("*.csv",)
    environment = config.environment()
    assert environment == Environment(
        name="dev",
        region="eu-west-1",
        account="123456789012",
        prefix="dev-",
        tags={"cost": "42"},
        log_retention_days=7,
        removal_policy="destroy",
    )
    assert config.environment("prod").profile == "production"
    assert config.folder("etl", environment) == tmp_path / "out" / "dev" / "etl"


def test_no_file_is_a_project_with_the_embedded_aws(tmp_path: Path) -> None:
    config = find(tmp_path)
    assert config == Config(root=tmp_path)
    assert config.environment() == Environment(name="local")
    assert config.folder("etl", config.environment()) == tmp_path / "cfn-out" / "etl"


def test_the_file_of_a_folder_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text(GOOD)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find(tmp_path / "a" / "b").root == tmp_path


def test_pyproject(tmp_path: Path) -> None:
    content = (
        '[project]\nname = "x"\n[tool.bunsui]\npipelines = ["a:b"]\n[tool.bunsui.environments.dev]\nprefix = "d"\n'
    )
    (tmp_path / "pyproject.toml").write_text(content)
    config = find(tmp_path)
    assert config.pipelines == ("a:b",)
    assert config.environment("dev").prefix == "d"


def test_a_pyproject_of_others_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text(GOOD)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert find(tmp_path / "a").root == tmp_path


def test_own_file_before_pyproject(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text("pipelines = ['own:pipeline']")
    (tmp_path / "pyproject.toml").write_text("[tool.bunsui]\npipelines = ['shared:pipeline']\n")
    assert find(tmp_path).pipelines == ("own:pipeline",)


def test_the_embedded_aws_can_be_configured(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text("[environments.local]\nregion = 'eu-west-1'\n")
    assert find(tmp_path).environment().region == "eu-west-1"


# (content, message, hint); the line is the one that ends in "# here"
BAD = [
    ("pipelines = [  # here\n", "bunsui.toml is not valid TOML", "correct the syntax"),
    ("format = 'xml'  # here\n", "format = 'xml': input should be 'json' or 'yaml'", "correct format"),
    ("pipelines = 'a:b'  # here\n", "pipelines = 'a:b': input should be an array", "correct pipelines"),
    ("pipelines = [1]  # here\n", "pipelines.0 = 1: input should be a valid string", "correct pipelines.0"),
    ("output = 'x'\npipeline = ['a:b']  # here\n", "there is no setting 'pipeline'", "did you mean 'pipelines'?"),
    ("nonsense = 1  # here\n", "there is no setting 'nonsense'", "known are default_environment, environments"),
    ("root = '/tmp'  # here\n", "there is no setting 'root'", "known are"),
    ("file = 'x'  # here\n", "there is no setting 'file'", "known are"),
    (
        "[environments.prod]\nregion = 'eu-west-1'\n[environments.dev]\nregion = 'Ireland'  # here\n",
        "environments.dev.region = 'Ireland': string should match pattern",
        "correct environments.dev.region",
    ),
    (
        "[environments.dev]\naccount = 123456789012  # here\n",
        "environments.dev.account = 123456789012: input should be a valid string",
        "correct environments.dev.account",
    ),
    (
        "[environments.dev]\nlog_retention_days = 31  # here\n",
        "environments.dev.log_retention_days = 31: input should be 1, 3, 5",
        "correct environments.dev.log_retention_days",
    ),
    (
        "[environments.dev]\nremoval_policy = 'delete'  # here\n",
        "removal_policy = 'delete': input should be 'retain' or 'destroy'",
        "correct environments.dev.removal_policy",
    ),
    (
        "[environments.dev]\nprefix = 'dev_'  # here\n",
        "environments.dev.prefix = 'dev_': string should match pattern",
        "correct environments.dev.prefix",
    ),
    (
        "[environments.dev]\nlog_retention = 7  # here\n",
        "there is no setting 'environments.dev.log_retention'",
        "did you mean 'log_retention_days'?",
    ),
    (
        "[environments.dev.tags]\ncost = 42  # here\n",
        "environments.dev.tags.cost = 42: input should be a valid string",
        "correct environments.dev.tags.cost",
    ),
    ("[environments]\ndev = 'x'  # here\n", "environments.dev = 'x': input should be a valid table", "correct"),
]


@pytest.mark.parametrize(("content", "message", "hint"), BAD, ids=[message for _, message, _ in BAD])
def test_what_is_wrong_is_told(content: str, message: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "bunsui.toml"
    file.write_text(content)
    line = next(number for number, text in enumerate(content.splitlines(), 1) if text.endswith("# here"))
    with pytest.raises(UsageError) as raised:
        find(tmp_path)
    assert (raised.value.code, raised.value.exit_code) == ("BUN401", ExitCode.USAGE)
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert raised.value.where is not None
    assert (raised.value.where.file, raised.value.where.line) == (str(file), line)


def test_all_that_is_wrong_is_told_together(tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text("format = 'xml'\nnonsense = 1\nroot = '/'\n[environments.a]\nregion = 'x'\n")
    with pytest.raises(BunsuiErrors) as raised:
        find(tmp_path)
    assert sorted(error.where.line for error in raised.value.errors if error.where) == [1, 2, 3, 5]


def test_lines_of_pyproject_are_those_of_our_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nformat = 'black'\n[tool.bunsui]\nformat = 'xml'\n")
    with pytest.raises(UsageError) as raised:
        find(tmp_path)
    assert raised.value.where is not None
    assert raised.value.where.line == 4


@pytest.mark.parametrize(
    ("name", "hint"),
    [("prd", "did you mean 'prod'?"), ("staging", "there is dev, local, prod; add [environments.staging]")],
)
def test_unknown_environment(name: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "bunsui.toml").write_text(GOOD)
    with pytest.raises(UsageError) as raised:
        find(tmp_path).environment(name)
    assert (raised.value.code, raised.value.exit_code) == ("BUN404", ExitCode.USAGE)
    assert raised.value.message == f"there is no environment {name!r}"
    assert hint in raised.value.hint
    assert raised.value.where is not None
    assert raised.value.where.file == str(tmp_path / "bunsui.toml")
