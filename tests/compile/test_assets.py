import json
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bunsui.compile import assets, assets_unit
from bunsui.compile.assets import build, collect
from bunsui.errors import DeclarationError

HANDLERS = """
from __future__ import annotations
import dataclasses, datetime as dt
from bunsui import Bucket, Dataset, Job, Lambda, Pipeline, Retry, operation
from etl.helpers import double

lake = Bucket("lake")

@dataclasses.dataclass
class Result:
    day: dt.date
    total: float

@operation(runs=Lambda(memory=1024), reads=[lake / "raw"], retry=Retry(attempts=3))
def main(day: dt.date, numbers: list[float], raw: Dataset | None = None) -> Result:
    print((lake / "raw" / "2013").uri)
    return Result(day, double(sum(numbers)))

pipeline = Pipeline("p", jobs=[Job("j", main)])
"""


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


PROJECT = {
    "etl/__init__.py": "raise RuntimeError('must not be executed')",
    "etl/jobs/__init__.py": "raise RuntimeError('must not be executed')",
    "etl/jobs/clean.py": "raise RuntimeError('must not be executed')",
    "etl/data/weights.csv": "a,b",
    "etl/tests/test_it.py": "",
    "space/group/unit/__init__.py": "",
    "space/group/unit/deep.py": "",
    "space/group/other/__init__.py": "",
    "space/group/single.py": "",
    "plain.py": "X = 1",
    "beside.py": "",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    write(root, PROJECT)
    monkeypatch.syspath_prepend(str(root))
    return root


def asset_of(module, **more):
    settings = {"required": [], "python": "3.13", "architecture": "x86_64", **more}
    return collect(module, settings.pop("required"), settings.pop("python"), settings.pop("architecture"), **settings)


def own(asset):
    return [file.path for file in asset.files if not file.path.startswith("bunsui/")]


@pytest.mark.parametrize(
    ("module", "package", "packed"),
    [
        (
            "etl.jobs.clean",
            "etl",
            [
                "etl/__init__.py",
                "etl/data/weights.csv",
                "etl/jobs/__init__.py",
                "etl/jobs/clean.py",
                "etl/tests/test_it.py",
            ],
        ),
        ("space.group.unit.deep", "space.group.unit", ["space/group/unit/__init__.py", "space/group/unit/deep.py"]),
        ("space.group.unit", "space.group.unit", ["space/group/unit/__init__.py", "space/group/unit/deep.py"]),
        ("space.group.single", "space.group.single", ["space/group/single.py"]),
        ("plain", "plain", ["plain.py"]),
    ],
)
def test_a_unit_is_the_outermost_package_or_the_module(project, module, package, packed):
    asset = asset_of(module)
    assert asset.package == package
    assert own(asset) == packed
    assert not {name for name in sys.modules if name.startswith(("etl", "space", "plain"))}
    assert asset.describe() == {
        "package": package, "python": "3.13", "architecture": "x86_64", "files": len(asset.files),
    }  # fmt: skip


def test_a_module_that_is_loaded_already_is_found(project):
    import importlib

    module = importlib.import_module("space.group.unit.deep")
    try:
        assert own(asset_of(module.__name__)) == ["space/group/unit/__init__.py", "space/group/unit/deep.py"]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "space"]:
            del sys.modules[name]


def test_leavings_of_tools_are_not_packed(project):
    before = asset_of("etl.jobs.clean")
    write(
        project / "etl",
        {
            "__pycache__/clean.cpython-311.pyc": "x", "old.pyc": "x", ".git/config": "x", ".env": "SECRET=1",
            ".venv/lib/x.py": "x", "env/pyvenv.cfg": "x", "env/lib.py": "x", "node_modules/a.js": "x",
            "etl.egg-info/PKG-INFO": "x",
        },
    )  # fmt: skip
    assert asset_of("etl.jobs.clean") == before


def test_excluded_files_and_folders_are_not_packed(project):
    packed = own(asset_of("etl.jobs.clean", exclude=("*.csv", "etl/tests/")))
    assert packed == ["etl/__init__.py", "etl/jobs/__init__.py", "etl/jobs/clean.py"]


def test_the_digest_knows_content_names_executability_and_platform(project):
    digests = [asset_of("etl.jobs.clean").digest]
    digests.append(asset_of("etl.jobs.clean", python="3.14").digest)
    digests.append(asset_of("etl.jobs.clean", architecture="arm64").digest)
    (project / "etl/jobs/clean.py").write_text("changed")
    digests.append(asset_of("etl.jobs.clean").digest)
    (project / "etl/jobs/clean.py").rename(project / "etl/jobs/moved.py")
    digests.append(asset_of("etl.jobs.moved").digest)
    (project / "etl/jobs/moved.py").chmod(0o755)
    digests.append(asset_of("etl.jobs.moved").digest)
    assert len(set(digests)) == len(digests)


def test_the_digest_knows_the_runtime(project, monkeypatch):
    before = asset_of("plain").digest
    runtime = assets_unit.runtime_files()
    monkeypatch.setattr(assets_unit, "runtime_files", lambda: runtime[1:])
    assert asset_of("plain").digest != before


def test_the_digest_is_the_same_elsewhere(project, tmp_path):
    before = asset_of("etl.jobs.clean").digest
    copy = tmp_path / "a copy" / "ü"
    shutil.copytree(project, copy)
    for file in copy.rglob("*"):
        os.utime(file, (1, 1))
        if file.is_file():
            file.chmod(0o600)
    code = "from bunsui.compile.assets import collect;print(collect('etl.jobs.clean', [], '3.13', 'x86_64').digest)"
    root = Path(assets.__file__).parents[2]
    for seed, locale in (("1", "C"), ("2", "C.UTF-8")):
        env = {
            "PYTHONPATH": f"{copy}{os.pathsep}{root}",
            "PYTHONHASHSEED": seed,
            "LC_ALL": locale,
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path)
        assert done.stdout.strip() == before, done.stderr


def test_operations_of_one_unit_share_its_files(project, monkeypatch):
    walked = []
    real = assets_unit.files
    monkeypatch.setattr(assets_unit, "files", lambda *a: walked.append(a) or real(*a))
    memo = {}
    one, two = (
        asset_of("etl.jobs.clean", memo=memo),
        asset_of("etl.jobs", memo=memo),
    )
    assert one is two
    assert len(walked) == 1


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("nowhere_at_all", "module 'nowhere_at_all' is not found"),
        ("sys", "module 'sys' is not a Python file of its own"),
        ("space.group", "'space.group' is a folder without Python file of its own"),
        ("bunsui.errors", "module 'bunsui.errors' is bunsui's own"),
    ],
)
def test_a_module_that_cannot_be_packed_is_told(project, module, message):
    with pytest.raises(DeclarationError, match=message) as caught:
        asset_of(module)
    assert caught.value.code == "BUN302"
    assert caught.value.hint


def test_links_within_the_unit_are_packed_and_others_refused(project, tmp_path):
    (project / "etl/alias.csv").symlink_to("data/weights.csv")
    (project / "etl/more").symlink_to("data")
    packed = own(asset_of("etl.jobs.clean"))
    assert "etl/alias.csv" in packed
    assert "etl/more/weights.csv" in packed
    for target in (tmp_path, project / "etl", project / "plain.py"):
        (project / "etl/bad").symlink_to(target)
        with pytest.raises(DeclarationError, match="etl/bad is a link that leads out of etl") as caught:
            asset_of("etl.jobs.clean")
        assert caught.value.code == "BUN302"
        (project / "etl/bad").unlink()


def test_a_broken_link_and_a_pipe_are_refused(project):
    (project / "etl/broken").symlink_to("absent.csv")
    with pytest.raises(DeclarationError, match="etl/broken is not a regular file"):
        asset_of("etl.jobs.clean")
    (project / "etl/broken").unlink()
    os.mkfifo(project / "etl/pipe")
    with pytest.raises(DeclarationError, match="etl/pipe is not a regular file"):
        asset_of("etl.jobs.clean")


def test_the_zip_has_the_same_bytes_whoever_makes_it(project, tmp_path):
    (project / "etl/run.sh").write_text("#!/bin/sh\n")
    (project / "etl/run.sh").chmod(0o755)
    asset = asset_of("etl.jobs.clean")
    first = build(asset, tmp_path / "one")
    for file in project.rglob("*"):
        os.utime(file, (10**9, 10**9))
    second = build(asset_of("etl.jobs.clean"), tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()
    assert first.name == f"{asset.digest}.zip"
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert names == sorted(names) == [file.path for file in asset.files]
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert modes["etl/run.sh"] == 0o755
    assert modes["etl/jobs/clean.py"] == 0o644


def test_a_zip_that_is_there_is_not_made_again(project, tmp_path):
    asset = asset_of("plain")
    path = build(asset, tmp_path / "zips")
    (project / "plain.py").unlink()
    assert build(asset, tmp_path / "zips") == path


def test_two_who_build_at_once_leave_one_whole_zip(project, tmp_path):
    asset = asset_of("etl.jobs.clean")
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: build(asset, tmp_path / "zips"), range(16)))
    assert (
        [path.name for path in (tmp_path / "zips").iterdir()]
        == [path.name for path in paths]
        == [f"{asset.digest}.zip"]
    )
    assert zipfile.ZipFile(paths.pop()).testzip() is None


def test_what_changed_or_vanished_since_is_told(project, tmp_path):
    asset = asset_of("plain")
    (project / "plain.py").write_text("X = 2")
    with pytest.raises(DeclarationError, match=r"plain\.py has changed since it was compiled") as caught:
        build(asset, tmp_path / "zips")
    assert caught.value.code == "BUN302"
    (project / "plain.py").unlink()
    with pytest.raises(DeclarationError, match=r"plain\.py cannot be read"):
        build(asset, tmp_path / "zips")
    assert list((tmp_path / "zips").iterdir()) == []


def test_what_lambda_would_not_take_is_told(project, tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "LARGEST", 1000)
    with pytest.raises(DeclarationError, match="which Lambda does not take") as caught:
        build(asset_of("plain"), tmp_path / "zips")
    assert caught.value.code == "BUN302"


RUNNER = """
import json, sys
sys.path[:] = [sys.argv[1]] + [path for path in sys.path if "site-packages" not in path]
from bunsui.shim import handle
class Context: aws_request_id = "r"
print("ENVELOPE", json.dumps(handle(json.load(sys.stdin), Context)))
import bunsui
assert bunsui.__file__.startswith(sys.argv[1]), bunsui.__file__
"""


def interpreters():
    found = {sys.executable}
    found |= {path for version in ("3.12", "3.13", "3.14") if (path := shutil.which(f"python{version}"))}
    return sorted(path for path in found if subprocess.run([path, "-c", ""], capture_output=True).returncode == 0)


def run_zip(python, path, handler, event, folder, **env):
    unpacked = folder / "unpacked"
    zipfile.ZipFile(path).extractall(unpacked)
    env = {"BUNSUI_HANDLER": handler, "AWS_LAMBDA_FUNCTION_NAME": "f", "PYTHONDONTWRITEBYTECODE": "1", **env}
    return subprocess.run(
        [python, "-I", "-c", RUNNER, str(unpacked)], input=json.dumps(event), capture_output=True, text=True,
        env=env, cwd=folder,
    )  # fmt: skip


EVENT = {
    "bunsui": {"pipeline": "p", "session": "s", "attempt": 1, "job": "j", "operation": "main", "try": 0, "inline": 100},
    "inputs": {"day": {"value": "2013-01-01"}, "numbers": {"value": {"good": [1, 2]}, "path": ["good"]}},
}


@pytest.mark.parametrize("python", interpreters())
def test_a_zip_runs_by_itself(tmp_path, monkeypatch, python):
    write(
        tmp_path / "src",
        {"etl/__init__.py": "", "etl/clean.py": HANDLERS, "etl/helpers.py": "def double(x): return 2 * x"},
    )
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    path = build(asset_of("etl.clean"), tmp_path / "zips")
    resources = json.dumps({"lake": {"name": "the-lake", "reads": ["raw"], "writes": []}})
    done = run_zip(python, path, "etl.clean:main", EVENT, tmp_path, BUNSUI_RESOURCES=resources)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 'ENVELOPE {"value": {"day": "2013-01-01", "total": 6.0}}' in lines
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [(line["event"], line.get("message")) for line in told] == [
        ("operation.started", None),
        ("log", "s3://the-lake/raw/2013"),
        ("operation.finished", None),
    ]


def test_an_error_of_a_zip_keeps_its_class(tmp_path, monkeypatch):
    write(tmp_path / "src", {"failing.py": "class Oops(ValueError): pass\ndef main(): raise Oops('bad')"})
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    path = build(asset_of("failing"), tmp_path / "zips")
    done = run_zip(sys.executable, path, "failing:main", {**EVENT, "inputs": {}}, tmp_path)
    assert done.stderr.splitlines()[-1] == "failing.Oops: bad"


def test_packs_what_else_of_the_project_the_unit_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {
        "etl_sib/__init__.py": "",
        "etl_sib/clean.py": "import json\nfrom common_sib.text import (\n    trim,\n)\nimport helpers_sib as h, os\n",
        "common_sib/__init__.py": "",
        "common_sib/text.py": "def f():\n    from ns_sib import inner\n",
        "ns_sib/inner/__init__.py": "",
        "ns_sib/other/__init__.py": "",
        "helpers_sib.py": "",
        "unused_sib.py": "",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    asset = collect("etl_sib.clean", (), "3.13", "x86_64")
    assert [file.path for file in asset.files if not file.path.startswith("bunsui/")] == [
        "common_sib/__init__.py",
        "common_sib/text.py",
        "etl_sib/__init__.py",
        "etl_sib/clean.py",
        "helpers_sib.py",
        "ns_sib/inner/__init__.py",
    ]
