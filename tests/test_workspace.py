"""The workspace: which project, which environment, which pipeline."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bunsui import Job, Pipeline, Workspace
from bunsui.errors import BunsuiError, BunsuiErrors, ExitCode, UsageError
from tests.compile.pipelines import operation, pipeline

MODULE = """\
from bunsui import Bucket, Lambda, Pipeline, operation

lake = Bucket("lake")


@operation(runs=Lambda(), writes=[lake / "out"])
def work(month: int) -> int:
    return month


one = Pipeline("one", parameters={"month": int}, operations=[work])
two = Pipeline("two", parameters={"month": int}, operations=[work])
again = Pipeline("one", parameters={"month": int}, operations=[work])
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "workspace_etl", raising=False)
    (tmp_path / "workspace_etl.py").write_text(MODULE)
    return tmp_path


def configured(project: Path, *names: str, more: str = "") -> Workspace:
    specs = ", ".join(f"'workspace_etl:{name}'" for name in names)
    (project / "bunsui.toml").write_text(f"pipelines = [{specs}]\n{more}")
    return Workspace.load(project)


def test_pipelines_by_name(project: Path) -> None:
    workspace = configured(project, "one", "two")
    assert list(workspace.pipelines) == ["one", "two"]
    assert workspace.pipeline("two") is workspace.pipelines["two"]


def test_the_only_pipeline_needs_no_name(project: Path) -> None:
    assert configured(project, "one").pipeline().name == "one"


def test_a_pipeline_by_its_place(project: Path) -> None:
    assert configured(project).pipeline("workspace_etl:two").name == "two"


def test_pipelines_can_be_given(tmp_path: Path) -> None:
    given = pipeline({"a": []})
    assert Workspace.load(tmp_path, pipelines=[given]).pipeline("p") is given


@pytest.mark.parametrize(
    ("names", "wanted", "message", "hint"),
    [
        (["one", "two"], None, "which pipeline?", "name one of one, two"),
        (["one", "two"], "twoo", "there is no pipeline 'twoo'", "did you mean 'two'?"),
        (["one", "two"], "delays", "there is no pipeline 'delays'", "there is one, two"),
        ([], None, "the project has no pipelines", "pipelines = ['package.module:object']"),
        ([], "one", "the project has no pipelines", "name them in bunsui.toml"),
    ],
)
def test_no_such_pipeline(names: list[str], wanted: str | None, message: str, hint: str, project: Path) -> None:
    with pytest.raises(UsageError) as raised:
        configured(project, *names).pipeline(wanted)
    assert (raised.value.code, raised.value.exit_code) == ("BUN403", ExitCode.USAGE)
    assert raised.value.message == message
    assert hint in raised.value.hint


def test_two_pipelines_of_a_name(project: Path) -> None:
    with pytest.raises(UsageError) as raised:
        _ = configured(project, "one", "again").pipelines
    assert raised.value.code == "BUN201"
    assert raised.value.where is not None
    lines = MODULE.splitlines()
    assert raised.value.where.line == 1 + next(n for n, line in enumerate(lines) if line.startswith("again"))
    assert raised.value.hint == "rename one of them"
    ((label, other),) = raised.value.related
    assert (label, other.line) == ("the other", 1 + next(n for n, line in enumerate(lines) if line.startswith("one =")))


def test_a_module_named_twice_is_one_pipeline(project: Path) -> None:
    assert list(configured(project, "one", "one").pipelines) == ["one"]


def test_what_cannot_be_loaded_is_told_at_the_configuration(project: Path) -> None:
    with pytest.raises((UsageError, BunsuiErrors)) as raised:
        _ = configured(project, "nothing").pipelines
    assert "BUN402" in str(raised.value)
    assert "bunsui.toml:1" in str(raised.value)


def test_the_environment_is_the_configured_one(project: Path) -> None:
    more = "default_environment = 'dev'\n[environments.dev]\nregion = 'eu-west-1'\nprefix = 'dev-'\n"
    workspace = configured(project, "one", more=more)
    assert (workspace.environment.name, workspace.environment.region) == ("dev", "eu-west-1")
    chosen = Workspace.load(project, environment="local", region="us-west-2", endpoint_url="http://127.0.0.1:1")
    assert (chosen.environment.name, chosen.environment.region) == ("local", "us-west-2")
    assert not chosen.environment.is_local
    assert chosen.environment.prefix == ""


def test_what_replaces_the_configuration_is_checked_as_well(project: Path) -> None:
    configured(project, "one")
    with pytest.raises((UsageError, BunsuiErrors), match=r"BUN401: region=.Ireland.: string should match"):
        Workspace.load(project, region="Ireland")


def test_a_folder_within_the_project_will_do(project: Path) -> None:
    configured(project, "one")
    (project / "deep" / "down").mkdir(parents=True)
    assert Workspace.load(project / "deep" / "down").config.root == project


def test_synth_and_check(project: Path) -> None:
    workspace = configured(project, "one", "two", more="output = 'out/{environment}'\n")
    made = workspace.synth("one")
    assert (made.pipeline, made.folder, made.templates, made.machines, made.workers) == (
        "one",
        "out/local/one",
        1,
        2,
        1,
    )
    assert (project / "out" / "local" / "one" / "template.json").is_file()
    assert workspace.check("one").same
    comparison = workspace.check("two")
    assert not comparison.same
    assert "+++ b/template.json" in comparison.diff
    assert not (project / "out" / "local" / "two").exists()


def test_a_folder_that_cannot_be_written_is_told(project: Path) -> None:
    workspace = configured(project, "one", more="output = 'taken/here'\n")
    (project / "taken").write_text("a file")
    for act in (workspace.synth, workspace.check):
        with pytest.raises(UsageError) as raised:
            act()
        assert raised.value.code == "BUN306"
        assert raised.value.message == "taken/here/one/manifest.json: Not a directory"
        assert raised.value.hint.startswith("make taken/here/one/ a folder")


def test_permissions(project: Path) -> None:
    roles = configured(project, "one").permissions()["roles"]
    assert set(roles) == {"SessionMachineRole", "MainJobMachineRole", "WorkWorkerRole"}
    writes = [why for grant in roles["WorkWorkerRole"]["grants"] for why in grant["why"]]
    assert {"operation": "work", "reason": "writes lake / 'out'", "where": "workspace_etl.py:6"} in writes


def test_declarations_are_loaded_once(project: Path) -> None:
    workspace = configured(project, "one")
    assert workspace.pipelines is workspace.pipelines
    assert isinstance(workspace.pipeline(), Pipeline)


def test_a_broken_declaration_does_not_keep_from_looking_at_sessions(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "bunsui.toml").write_text('pipelines = ["no_such_module:pipeline"]\n')
    workspace = Workspace.load(project)
    monkeypatch.setattr(Workspace, "aws", object())
    assert workspace.sessions.pipelines == ()
    with pytest.raises(BunsuiError):
        _ = workspace.pipelines


def test_sessions_know_a_pipeline_that_is_named_by_its_place(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = configured(project, "one")
    monkeypatch.setattr(Workspace, "aws", object())
    assert workspace.sessions.pipelines == ("one",)
    workspace.pipeline("workspace_etl:two")
    assert set(workspace.sessions.pipelines) == {"one", "two"}


def test_names_that_meet_in_aws_are_told(tmp_path: Path) -> None:
    parent = pipeline({"work": []}, {"b": ["work"]})
    with pytest.raises(UsageError) as clash:
        _ = Workspace.load(tmp_path, pipelines=[named("a", "b-c"), named("a-b", "c")]).pipelines
    assert clash.value.code == "BUN201"
    assert "job 'c' of pipeline 'a-b' and job 'b-c' of pipeline 'a' both make a state machine named 'a-b-c'" in str(
        clash.value
    )
    assert clash.value.hint == "rename one of them"
    with pytest.raises(UsageError, match=r"pipeline 'p-b' and job 'b' of pipeline 'p'"):
        _ = Workspace.load(tmp_path, pipelines=[parent, named("p-b", "x")]).pipelines


def named(name: str, job: str) -> Pipeline:
    return Pipeline(name, jobs=[Job(job, operation("work"))])


NESTING = """\
from bunsui import Lambda, Nested, Pipeline, operation


@operation(runs=Lambda())
def work(month: int) -> int:
    return month


@operation(runs=Lambda())
def other(month: int) -> int:
    return month


apart = Pipeline("apart", parameters={"month": int}, operations=[other])
inner = Pipeline("inner", parameters={"month": int}, operations=[work, Nested("a", apart)])
middle = Pipeline("middle", parameters={"month": int}, operations=[Nested("i", inner, deployed="together")])
outer = Pipeline("outer", parameters={"month": int}, operations=[Nested("m", middle, deployed="together")])
"""


@pytest.fixture
def nesting(project: Path) -> Workspace:
    (project / "workspace_etl.py").write_text(NESTING)
    return configured(project, "outer")


def test_nested_pipelines_belong_to_the_project(nesting: Workspace) -> None:
    assert list(nesting.pipelines) == ["outer", "apart", "inner", "middle"]
    assert nesting.pipeline().name == "outer"
    assert nesting.pipeline("apart").name == "apart"
    assert [one.name for one in nesting.family("outer")] == ["inner", "middle", "outer"]
    assert [one.name for one in nesting.family("apart")] == ["apart"]


def test_nested_pipelines_of_one_that_is_named_by_its_place(project: Path) -> None:
    (project / "workspace_etl.py").write_text(NESTING)
    workspace = configured(project)
    assert [one.name for one in workspace.family("workspace_etl:outer")] == ["inner", "middle", "outer"]
    assert workspace.synth("inner").pipeline == "inner"


def test_what_is_needed_is_what_is_deployed_apart(nesting: Workspace) -> None:
    assert [(one.pipeline, one.by) for one in nesting._needed(nesting.family("outer"))] == [("apart", "inner")]
