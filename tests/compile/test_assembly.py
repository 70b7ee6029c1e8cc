"""What synth writes: the same bytes everywhere, and nothing that is not ours removed."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bunsui import Parameter, Pipeline, __version__
from bunsui.compile.assembly import Assembly, assemble, read_manifest
from bunsui.errors import DeclarationError, UsageError
from bunsui.loading import load
from bunsui.model.environment import Environment
from bunsui.workspace import Workspace

from .pipelines import operation

PROJECT = {
    "bunsui.toml": 'pipelines = ["asm_etl.pipeline:pipeline"]\n',
    "asm_etl/__init__.py": "",
    "asm_etl/clean.py": """
        from bunsui import Bucket, Dataset, Fallback, Lambda, Retry, operation

        lake = Bucket("lake")

        @operation(runs=Lambda(), writes=[lake / "raw"], reads={lake / "in", lake / "more", lake / "else"})
        def raw(month: int, day: str = "é") -> Dataset: ...

        @operation(runs=Lambda(memory=1024), reads=[lake / "raw"], writes=[lake / "clean"], retry=Retry(on=ValueError))
        def clean(raw: Dataset) -> dict[str, int]:
            '''Cleans: 分水.'''
            return {}

        @operation(runs=Lambda(), on_error=Fallback(0))
        def count(clean: dict[str, int]) -> int:
            return 1
        """,
    "asm_etl/pipeline.py": """
        import datetime
        from bunsui import Job, Parameter, Pipeline
        from asm_etl.clean import clean, count, raw

        pipeline = Pipeline(
            "etl",
            parameters=[Parameter("month", int), Parameter("day", str, default="1")],
            jobs=[Job("ingest", raw, clean), Job("publish", count)],
            tags={"b": "2", "a": "1"},
        )
        """,
}


def write_project(folder: Path) -> Path:
    for name, text in PROJECT.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("\n        ", "\n").lstrip("\n"))
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(autouse=True)
def own_imports(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(project), *sys.path])


@pytest.fixture
def assembly(project: Path, tmp_path: Path) -> Assembly:
    return assemble(load("asm_etl.pipeline:pipeline", project), Environment(), project, tmp_path)


NAMES = [
    "graph.mmd",
    "machines/jobs/ingest.asl.json",
    "machines/jobs/publish.asl.json",
    "machines/pipeline.asl.json",
    "manifest.json",
    "permissions.json",
    "template.json",
]


def test_files(assembly: Assembly) -> None:
    assert sorted(assembly.files) == NAMES


def synth(folder: Path, seed: str) -> dict[str, bytes]:
    """What a process of its own writes."""
    code = "from bunsui import Workspace; print(Workspace.load().synth('etl').changed)"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)
    out = folder / "cfn-out" / "etl"
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}


def test_the_same_bytes_everywhere(project: Path, tmp_path: Path, assembly: Assembly) -> None:
    here, there = tmp_path / "here", tmp_path / "elsewhere" / "deep"
    for folder in (here, there):
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns("__pycache__"))
    first = synth(here, "0")
    assert sorted(first) == NAMES
    assert synth(there, "1") == first
    assert {name: text.encode() for name, text in assembly.files.items()} == first
    for name, content in first.items():
        assert str(tmp_path).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name
        assert not re.search(rb"\d{4}-\d\d-\d\dT\d\d:", content), name


def test_writing_twice_changes_nothing(assembly: Assembly, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert assembly.write(out) == NAMES
    assert assembly.write(out) == []
    assert assembly.differences(out) == ""


def test_differences_are_a_diff(assembly: Assembly, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assembly.write(out)
    template = out / "template.json"
    template.write_text(template.read_text().replace('"MemorySize": 1024', '"MemorySize": 2048'))
    diff = assembly.differences(out)
    assert diff.startswith("--- a/template.json\n+++ b/template.json\n@@")
    changed = [line.strip() for line in diff.splitlines() if re.match(r"[-+]\s", line)]
    assert [re.sub(r"\s+", " ", line) for line in changed] == ['- "MemorySize": 2048,', '+ "MemorySize": 1024,']
    assert assembly.write(out) == ["template.json"]


def test_a_missing_file_is_a_difference(assembly: Assembly, tmp_path: Path) -> None:
    assembly.write(tmp_path / "out")
    (tmp_path / "out" / "graph.mmd").unlink()
    assert "+++ b/graph.mmd" in assembly.differences(tmp_path / "out")


def test_nothing_written_yet_is_a_difference(assembly: Assembly, tmp_path: Path) -> None:
    assert assembly.differences(tmp_path / "nowhere").count("+++ b/") == len(NAMES)


def test_files_that_are_no_longer_made_are_removed(assembly: Assembly, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assembly.write(out)
    stale, own = out / "machines" / "jobs" / "gone.asl.json", out / "NOTES.md"
    stale.write_text("{}\n")
    own.write_text("mine\n")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"]["machines/jobs/gone.asl.json"] = "0" * 64
    (out / "manifest.json").write_text(json.dumps(manifest))
    assert "--- a/machines/jobs/gone.asl.json" in assembly.differences(out)
    assert assembly.write(out) == ["machines/jobs/gone.asl.json", "manifest.json"]
    assert not stale.exists()
    assert own.read_text() == "mine\n"


def test_a_manifest_cannot_remove_files_elsewhere(assembly: Assembly, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "precious"
    assembly.write(out)
    outside.write_text("keep")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"] |= {"../precious": "", str(outside): ""}
    (out / "manifest.json").write_text(json.dumps(manifest))
    assembly.write(out)
    assert outside.read_text() == "keep"


def test_yaml_says_the_same(assembly: Assembly, project: Path, tmp_path: Path) -> None:
    declared = load("asm_etl.pipeline:pipeline", project)
    other = assemble(declared, Environment(), project, tmp_path, template_format="yaml")
    assert sorted(other.files) == sorted({*NAMES, "template.yaml"} - {"template.json"})
    assert yaml.safe_load(other.files["template.yaml"]) == json.loads(assembly.files["template.json"])
    assert other.templates == assembly.templates


def test_changing_the_format_removes_the_other(assembly: Assembly, project: Path, tmp_path: Path) -> None:
    declared = load("asm_etl.pipeline:pipeline", project)
    assembly.write(tmp_path / "out")
    other = assemble(declared, Environment(), project, tmp_path / "out", template_format="yaml")
    assert other.write(tmp_path / "out") == ["manifest.json", "template.json", "template.yaml"]
    assert not (tmp_path / "out" / "template.json").exists()


DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema_version", "compiler", "pipeline", "environment", "stack", "digest", "files", "assets"],
    "properties": {
        "schema_version": {"const": 1},
        "compiler": {"const": __version__},
        "pipeline": {"const": "etl"},
        "environment": {"const": "local"},
        "stack": {"const": "etl"},
        "digest": DIGEST,
        "files": {"type": "object", "additionalProperties": DIGEST, "minProperties": 1},
        "assets": {"type": "object", "propertyNames": DIGEST, "minProperties": 1},
        "artefact_bucket": {"type": "string"},
        "parameters": {"type": "array", "items": {"type": "object", "required": ["name", "schema"]}},
        "machine": {"const": "etl"},
        "machines": {"type": "object", "additionalProperties": {"type": "string"}},
        "segments": {"type": "object", "additionalProperties": {"type": "string"}},
        "events": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 4, "maximum": 25_000}},
        "jobs": {"type": "object", "additionalProperties": TEXTS},
        "workers": {"type": "object", "additionalProperties": TEXTS},
        "placement": {"type": "object", "additionalProperties": {"pattern": "^(root|nested-[0-9]+)$"}},
    },
}


def test_manifest(assembly: Assembly) -> None:
    manifest = json.loads(assembly.files["manifest.json"])
    jsonschema.validate(manifest, SCHEMA)
    assert manifest == assembly.manifest
    assert sorted(manifest["files"]) == [name for name in NAMES if name != "manifest.json"]
    assert manifest["parameters"] == [
        {"name": "month", "schema": {"type": "integer"}},
        {"name": "day", "schema": {"type": "string"}, "default": "1"},
    ]
    assert manifest["machines"] == {"ingest": "etl-ingest", "publish": "etl-publish"}
    assert manifest["jobs"] == {"ingest": ["raw", "clean"], "publish": ["count"]}
    assert manifest["workers"] == {"etl-raw": ["raw"], "etl-clean": ["clean"], "etl-count": ["count"]}
    assert manifest["placement"] == {
        "job/ingest": "root",
        "job/publish": "root",
        "worker/raw": "root",
        "worker/clean": "root",
        "worker/count": "root",
    }
    assert {asset.digest for asset in assembly.assets} == set(manifest["assets"])


def test_the_digest_tells_assemblies_apart(assembly: Assembly, project: Path, tmp_path: Path) -> None:
    declared = load("asm_etl.pipeline:pipeline", project)
    other = assemble(declared, Environment(log_retention_days=7), project, tmp_path)
    assert other.manifest["digest"] != assembly.manifest["digest"]


def test_permissions_name_operations_and_lines(assembly: Assembly) -> None:
    permissions = json.loads(assembly.files["permissions.json"])
    assert permissions == assembly.permissions
    template = json.loads(assembly.files["template.json"])
    roles = {name for name, one in template["Resources"].items() if one["Type"] == "AWS::IAM::Role"}
    assert set(permissions["roles"]) == roles
    grants = permissions["roles"]["CleanWorkerRole"]["grants"]
    read = next(grant for grant in grants if "s3:GetObject" in grant["actions"])
    assert any(one["resources"] for one in grants)
    line = 1 + [*PROJECT["asm_etl/clean.py"].lstrip("\n").splitlines()].index(
        next(one for one in PROJECT["asm_etl/clean.py"].splitlines() if "memory=1024" in one)
    )
    assert {"operation": "clean", "reason": "reads lake / 'raw'", "where": f"asm_etl/clean.py:{line}"} in [
        why for grant in grants if set(grant["actions"]) & set(read["actions"]) for why in grant["why"]
    ]
    for role in permissions["roles"].values():
        for grant in role["grants"]:
            assert grant["why"]
            assert ("*" in grant["resources"]) == ("justification" in grant)


def test_permissions_are_those_of_the_template(assembly: Assembly) -> None:
    template = json.loads(assembly.files["template.json"])
    for name, role in assembly.permissions["roles"].items():
        statements = template["Resources"][name]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        assert [grant["actions"] for grant in role["grants"]] == [one["Action"] for one in statements]


def test_graph(assembly: Assembly) -> None:
    assert assembly.files["graph.mmd"] == (
        "flowchart LR\n"
        '  subgraph job_ingest["ingest"]\n'
        '    op_raw["raw"]\n'
        '    op_clean["clean"]\n'
        "  end\n"
        '  subgraph job_publish["publish"]\n'
        '    op_count["count"]\n'
        "  end\n"
        "  op_raw --> op_clean\n"
        "  op_clean --> op_count\n"
    )


def test_definitions_are_those_of_the_template(assembly: Assembly) -> None:
    template = json.loads(assembly.files["template.json"])
    definition = template["Resources"]["IngestJobMachine"]["Properties"]["DefinitionString"]["Fn::Sub"]
    assert json.loads(definition) == json.loads(assembly.files["machines/jobs/ingest.asl.json"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json", "is not a manifest of bunsui"),
        ("[]", "is not a manifest of bunsui"),
        ("{}", "is not a manifest of bunsui"),
        ('{"schema_version": "one"}', "is not a manifest of bunsui"),
        ('{"schema_version": 1, "placement": 3}', "is not a manifest of bunsui"),
        ('{"schema_version": 99}', "has schema version 99, this bunsui knows 1"),
    ],
)
def test_a_manifest_that_cannot_be_read(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UsageError) as raised:
        read_manifest(tmp_path)
    assert raised.value.code == "BUN306"
    assert says in raised.value.message
    assert raised.value.hint


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == {}


@pytest.mark.parametrize("kind", ["datetime.date", "list[datetime.date] | None", "dict[str, int]"])
def test_defaults_are_written_as_json(kind: str, project: Path, tmp_path: Path) -> None:
    types: dict[str, tuple[Any, Any, Any]] = {
        "datetime.date": (datetime.date, datetime.date(2013, 1, 2), "2013-01-02"),
        "list[datetime.date] | None": (list[datetime.date] | None, ["2013-01-02"], ["2013-01-02"]),
        "dict[str, int]": (dict[str, int], {"a": 1}, {"a": 1}),
    }
    given, default, written = types[kind]
    work = operation("work", ("day",), int, handler="asm_etl.clean:raw")
    declared = Pipeline("p", parameters=[Parameter("day", given, default=default)], operations=[work])
    assembly = assemble(declared, Environment(), project, tmp_path)
    assert json.loads(assembly.files["manifest.json"])["parameters"][0]["default"] == written


def test_a_parameter_that_a_session_cannot_give(project: Path, tmp_path: Path) -> None:
    class Connection:
        pass

    work = operation("work", ("to",), int, handler="asm_etl.clean:raw")
    declared = Pipeline("p", parameters=[Parameter("to", Connection)], operations=[work])
    with pytest.raises(DeclarationError) as raised:
        assemble(declared, Environment(), project, tmp_path)
    assert raised.value.code == "BUN206"
    assert "parameter 'to' is of type Connection, which cannot be given to a session" in raised.value.message
    assert raised.value.where is not None
    assert raised.value.where.file == __file__


def test_check_of_the_workspace(project: Path) -> None:
    workspace = Workspace.load(project)
    before = workspace.check()
    assert not before.same
    assert before.folder == "cfn-out/etl"
    assert workspace.synth("etl").changed == tuple(NAMES)
    assert workspace.check().same
    assert workspace.check().diff == ""
    assert workspace.synth("etl").changed == ()


def test_a_lock_is_kept_by_whoever_compiles_first(assembly: Assembly, tmp_path: Path) -> None:
    folder, lock = tmp_path / "kept", "requirements/python3.14-x86_64-0.txt"
    dataclasses.replace(assembly, files={**assembly.files, lock: "# pinned\n"}).keep_locks(folder)
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.*")] == [lock]
    dataclasses.replace(assembly, files={lock: "# others\n"}).keep_locks(folder)
    assert (folder / lock).read_text() == "# pinned\n"
