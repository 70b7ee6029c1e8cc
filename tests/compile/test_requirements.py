import subprocess
import sys
import zipfile

import pytest

from bunsui.compile import requirements, requirements_pip
from bunsui.compile.assets import build, collect
from bunsui.compile.requirements import install, pins, resolve, validate
from bunsui.compile.requirements_pip import Platform
from bunsui.errors import BunsuiErrors, DeclarationError

SMALL = "markupsafe==3.0.3"


@pytest.fixture(scope="session")
def index():
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--timeout=5",
        SMALL,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("pip reaches no index")


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("not a requirement!", "is no requirement"),
        ("", "is no requirement"),
        ("-e .", "is a path or URL"),
        ("./wheels/a.whl", "is a path or URL"),
        ("/wheels/a.whl", "is a path or URL"),
        ("git+https://example.org/a.git", "is a path or URL"),
        ("a @ https://example.org/a.whl", "names a URL"),
        ("Bunsui==1", "is packed with every function"),
    ],
)
def test_a_requirement_that_cannot_be_locked_is_refused(requirement, message):
    with pytest.raises(DeclarationError, match=message) as caught:
        validate([requirement])
    assert caught.value.code == "BUN110"
    assert caught.value.hint


def test_all_wrong_requirements_are_told_together():
    with pytest.raises(BunsuiErrors) as caught:
        validate(["-e .", "!", "pydantic"])
    assert len(caught.value.errors) == 2


def test_requirements_are_sorted_and_told_once():
    assert validate(["b>=1,<2", "a[x]", "b<2,>=1", "a[x]"]) == ("a[x]", "b<2,>=1")


FOUND = [("Zeta_Pkg", "1.0", "b" * 64), ("alpha", "2.0", "a" * 64)]


@pytest.fixture
def pip_finds(monkeypatch):
    asked = []

    def report(wanted, platform, where):
        asked.append((wanted, str(platform)))
        return list(FOUND)

    monkeypatch.setattr(requirements, "report", report)
    return asked


LOCK = f"""\
# bunsui requirements 1
# python 3.13, arm64
# alpha>=2
# zeta-pkg

alpha==2.0 --hash=sha256:{"a" * 64}
zeta-pkg==1.0 --hash=sha256:{"b" * 64}
"""


def test_a_lock_is_the_same_text_whatever_the_order(pip_finds):
    assert resolve(["zeta-pkg", "alpha>=2"], "3.13", "arm64") == LOCK
    FOUND.reverse()
    assert resolve(["alpha>=2", "zeta-pkg"], "3.13", "arm64") == LOCK
    assert pip_finds[0] == (("alpha>=2", "zeta-pkg"), "cp3.13-manylinux_2_34_aarch64")


def test_a_lock_that_fits_is_used_again_without_pip(pip_finds):
    edited = LOCK.replace("2.0 ", "2.1 ")
    assert resolve(["zeta-pkg", "alpha>=2"], "3.13", "arm64", edited) == edited
    assert pip_finds == []


@pytest.mark.parametrize(
    "change",
    [
        ("3.13", "3.12"),
        ("arm64", "x86_64"),
        ("alpha>=2", "alpha>=1"),
        ("requirements 1", "requirements 0"),
        ("==2.0", ""),
    ],
)
def test_a_lock_made_for_something_else_is_made_again(pip_finds, change):
    assert resolve(["zeta-pkg", "alpha>=2"], "3.13", "arm64", LOCK.replace(*change, 1)) == LOCK
    assert len(pip_finds) == 1


def test_requirements_for_other_platforms_only_need_nothing(pip_finds, wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "report", lambda *asked: [])
    lock = resolve(["alpha; sys_platform == 'win32'"], "3.13", "arm64")
    assert pins(lock) == ()
    assert resolve(["alpha; sys_platform == 'win32'"], "3.13", "arm64", lock) == lock
    assert list(install(lock, Platform.of("3.13", "arm64"), tmp_path).iterdir()) == []
    assert wheels["downloads"] == []


def test_the_assembly_keeps_the_lock_and_the_digest_knows_it(pip_finds, tmp_path, monkeypatch):
    (tmp_path / "locked_unit.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    asset = collect("locked_unit", ["zeta-pkg", "alpha>=2"], "3.13", "arm64", folder=tmp_path)
    assert asset.lock == LOCK
    assert asset.describe()["requirements"] == asset.lock_name
    kept = tmp_path / asset.lock_name
    kept.parent.mkdir()
    kept.write_text(LOCK.replace("2.0 ", "2.1 "))
    again = collect("locked_unit", ["alpha>=2", "zeta-pkg"], "3.13", "arm64", folder=tmp_path)
    assert again.lock == kept.read_text()
    assert again.digest != asset.digest
    assert len(pip_finds) == 1


def test_wheels_fit_the_c_library_of_the_runtime():
    assert Platform.of("3.11", "x86_64").tags[0] == "manylinux_2_26_x86_64"
    assert Platform.of("3.12", "x86_64").tags[0] == "manylinux_2_34_x86_64"
    assert Platform.of("3.14", "arm64").tags[-1] == "manylinux2014_aarch64"
    assert Platform.host().is_host


def test_without_pip_the_error_says_so(monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'pip'\" >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(requirements_pip.sys, "executable", str(fake))
    with pytest.raises(DeclarationError, match="without pip") as caught:
        resolve([SMALL], "3.13", "arm64")
    assert caught.value.code == "BUN303"
    assert "ensurepip" in caught.value.hint


def test_the_pip_that_comes_with_python_3_11_resolves_for_another_platform(monkeypatch, tmp_path):
    # https://github.com/pypa/pip/issues/12215: before 23.3 pip refuses --platform without --target, dry run or not.
    fake = tmp_path / "python"
    fake.write_text(
        """#!/bin/sh
        case "$*" in
          *--platform*--target*) echo '{"install": []}' ;;
          *) echo "ERROR: Can not use any platform options unless installing via '--target'" >&2; exit 1 ;;
        esac
        """
    )
    fake.chmod(0o755)
    monkeypatch.setattr(requirements_pip.sys, "executable", str(fake))
    assert requirements_pip.report(["x"], requirements_pip.Platform.of("3.13", "arm64")) == []


def test_what_pip_says_is_told_without_credentials(monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'ERROR: no access to https://me:secret@example.org/simple' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(requirements_pip.sys, "executable", str(fake))
    with pytest.raises(DeclarationError, match=r"no access to https://[*]{4}@example") as caught:
        resolve([SMALL], "3.13", "arm64")
    assert "secret" not in str(caught.value)


def wheel(folder, name, files):
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
    return path


@pytest.fixture
def wheels(monkeypatch):
    made = {}
    downloads = []

    def download(wanted, platform, target, where):
        downloads.append(str(platform))
        for name, _, _ in wanted:
            wheel(target, name, made.get(name, {f"{name}/__init__.py": ""}))

    monkeypatch.setattr(requirements, "download", download)
    made["downloads"] = downloads
    return made


def test_wheels_are_unpacked_as_an_installer_does_but_for_scripts(wheels, tmp_path):
    wheels["alpha"] = {
        "alpha/__init__.py": "", "alpha-1.0.data/purelib/more.py": "", "alpha-1.0.data/platlib/fast.so": "",
        "alpha-1.0.data/scripts/tool": "#!python", "alpha-1.0.data/data/share/x": "",
        "alpha-1.0.dist-info/METADATA": "",
    }  # fmt: skip
    folder = install(LOCK, Platform.of("3.13", "arm64"), tmp_path / "cache")
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == [
        "alpha-1.0.dist-info/METADATA", "alpha/__init__.py", "fast.so", "more.py", "share/x", "zeta-pkg/__init__.py",
    ]  # fmt: skip


def test_requirements_are_installed_once_for_each_platform(wheels, tmp_path):
    declared, host = Platform.of("3.13", "arm64"), Platform.host()
    first = install(LOCK, declared, tmp_path / "cache")
    assert install(LOCK, declared, tmp_path / "cache") == first
    assert install(LOCK, host, tmp_path / "cache") != first
    assert wheels["downloads"] == [str(declared), str(host)]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_wheel_that_reaches_outside_is_refused(wheels, tmp_path):
    wheels["alpha"] = {"../evil.py": ""}
    with pytest.raises(DeclarationError, match=r"alpha.* has a file outside itself") as caught:
        install(LOCK, Platform.of("3.13", "arm64"), tmp_path / "cache")
    assert caught.value.code == "BUN303"
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("place", ["bunsui/extra.py", "locked_unit.py"])
def test_a_requirement_that_would_hide_the_function_is_refused(pip_finds, wheels, tmp_path, monkeypatch, place):
    wheels["alpha"] = {place: ""}
    (tmp_path / "locked_unit.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    asset = collect("locked_unit", ["zeta-pkg", "alpha>=2"], "3.13", "arm64")
    with pytest.raises(DeclarationError, match="which the function's code has too") as caught:
        build(asset, tmp_path / ".bunsui" / "assets")
    assert caught.value.code == "BUN302"


def test_the_wheels_of_the_function_are_locked_and_packed(index, tmp_path, monkeypatch):
    (tmp_path / "needs_wheel.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    asset = collect("needs_wheel", [SMALL], "3.13", "arm64")
    assert [(pin.name, pin.version) for pin in pins(asset.lock)] == [("markupsafe", "3.0.3")]
    assert "://" not in asset.lock
    declared = build(asset, tmp_path / ".bunsui" / "assets")
    local = build(asset, tmp_path / ".bunsui" / "assets", Platform.host())
    assert declared != local
    native = {
        path: [name for name in zipfile.ZipFile(path).namelist() if name.endswith(".so")] for path in (declared, local)
    }
    assert native[declared] == ["markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so"]
    assert "aarch64" not in native[local][0]
    assert f"cpython-3{sys.version_info.minor}-" in native[local][0]
    again = build(asset, tmp_path / "elsewhere" / "assets")
    assert again.read_bytes() == declared.read_bytes()


def test_a_wheel_that_is_not_the_locked_one_is_refused(index, tmp_path):
    lock = resolve([SMALL], "3.13", "x86_64")
    (pin,) = pins(lock)
    with pytest.raises(DeclarationError, match=r"(?i)hash") as caught:
        install(lock.replace(pin.sha256, "0" * 64), Platform.of("3.13", "x86_64"), tmp_path / "cache")
    assert caught.value.code == "BUN303"


def test_markers_are_those_of_the_function(index):
    here = f"3.{sys.version_info.minor}"
    other = "3.13" if here != "3.13" else "3.12"
    wanted = [f"{SMALL}; python_version == '{other}' and platform_machine == 'aarch64'"]
    assert len(pins(resolve(wanted, other, "arm64"))) == 1


def test_what_does_not_exist_is_told_with_pips_words(index):
    with pytest.raises(DeclarationError, match=r"No matching distribution found for markupsafe==0\.0\.0\.1") as caught:
        resolve(["markupsafe==0.0.0.1"], "3.13", "x86_64")
    assert caught.value.code == "BUN303"
