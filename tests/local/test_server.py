from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import HTTPClientError

from bunsui.errors import AwsError
from bunsui.local import LocalServer, ephemeral, server
from bunsui.local.state import Home, Record
from tests.local.conftest import client, packed


def processes(mark: str | Path) -> list[int]:
    """Processes that name `mark` in their command line or run below it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode()
            except OSError:
                continue
            if str(mark) in command and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalServer]:
    made = LocalServer(tmp_path)
    yield made
    made.stop()
    assert eventually(lambda: not processes(tmp_path))


def test_starts_answers_and_stops(local: LocalServer, tmp_path: Path) -> None:
    assert not local.status().running
    status = local.start()
    assert status.running
    assert status.endpoint_url == f"http://127.0.0.1:{status.port}"
    assert status.state_dir == tmp_path / ".bunsui" / "local"
    assert (status.version, status.pid) == ("1.5.33", *processes(tmp_path))
    assert local.require() == status
    assert local.stop().clean
    stopped = local.status()
    assert (stopped.running, stopped.endpoint_url, stopped.pid, stopped.port) == (False, None, None, None)


def test_listens_on_loopback_only(local: LocalServer) -> None:
    port = local.start().port
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    hosts = {row[1].split(":")[0] for row in listening if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}
    assert hosts == {"0100007F"}


def test_starting_twice_is_starting_once(local: LocalServer, tmp_path: Path) -> None:
    first = local.start()
    assert LocalServer(tmp_path).start() == first
    assert len(processes(tmp_path)) == 1


def test_starting_from_many_threads_at_once_starts_one(local: LocalServer, tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: LocalServer(tmp_path).start(), range(6)))
    assert len(found) == 1
    assert len(processes(tmp_path)) == 1


def test_state_survives_a_stop_and_the_port_is_kept(local: LocalServer) -> None:
    before = local.start()
    s3 = client("s3", before.endpoint_url)
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a/b", Body=b"value")
    client("logs", before.endpoint_url).create_log_group(logGroupName="/kept")
    local.stop()
    after = local.start()
    assert after.port == before.port
    assert after.pid != before.pid
    assert client("s3", after.endpoint_url).get_object(Bucket="kept", Key="a/b")["Body"].read() == b"value"
    assert client("logs", after.endpoint_url).describe_log_groups()["logGroups"][0]["logGroupName"] == "/kept"


def test_a_taken_port_is_replaced_by_a_free_one(local: LocalServer) -> None:
    before = local.start()
    local.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before.port))
        other.listen()
        after = local.start()
    assert after.running
    assert after.port != before.port


def test_reset_forgets_everything_and_leaves_it_running(local: LocalServer) -> None:
    client("s3", local.start().endpoint_url).create_bucket(Bucket="gone")
    after = local.reset()
    assert after.running
    assert client("s3", after.endpoint_url).list_buckets()["Buckets"] == []


def test_reset_of_a_stopped_one_does_not_start_it(local: LocalServer) -> None:
    client("s3", local.start().endpoint_url).create_bucket(Bucket="gone")
    local.stop()
    assert not local.reset().running
    assert client("s3", local.start().endpoint_url).list_buckets()["Buckets"] == []


def test_a_killed_server_is_known_to_be_gone(local: LocalServer) -> None:
    before = local.start()
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    assert eventually(lambda: not local.status().running)
    assert local.start().pid != before.pid


def test_a_record_whose_process_id_belongs_to_another_is_stale(local: LocalServer) -> None:
    local.home.path.mkdir(parents=True)
    local.home.alive_lock.touch()
    local.home.write(Record(pid=os.getpid(), port=1, started="2020-01-01T00:00:00+00:00", version="0"))
    assert not local.status().running
    assert not local.stop().was_running
    assert local.start().pid != os.getpid()


def test_an_unreadable_record_is_no_record(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.record_file.write_text("{")
    assert home.remembered() is None
    home.record_file.write_text('{"pid": 1}')
    assert home.remembered() is None


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    result = LocalServer(tmp_path).stop()
    assert (result.was_running, result.clean) == (False, True)


def test_requiring_what_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(AwsError) as caught:
        LocalServer(tmp_path).require()
    assert caught.value.code == "BUN803"
    assert caught.value.hint == "bunsui local start"


def test_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AwsError) as caught:
        LocalServer(tmp_path).start()
    assert caught.value.code == "BUN801"
    assert caught.value.hint == "pip install 'bunsui[local]'"


def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken" / "ministack"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise SystemExit('the disk is on fire')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(AwsError) as caught:
        LocalServer(tmp_path).start()
    assert caught.value.code == "BUN802"
    assert "the disk is on fire" in caught.value.message


def test_a_start_that_takes_too_long_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_answers", lambda record: False)
    with pytest.raises(AwsError) as caught:
        LocalServer(tmp_path).start(timeout=0.6)
    assert caught.value.code == "BUN802"
    assert "no answer within 0.6 s" in caught.value.message
    assert processes(tmp_path) == []


def test_a_server_that_will_not_stop_is_killed(local: LocalServer) -> None:
    pid = local.start().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    result = local.stop(timeout=0.3)
    assert (result.was_running, result.clean) == (True, False)
    assert "killed" in result.message
    assert not local.status().running


def test_the_environment_of_the_user_stays_with_the_user(local: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    monkeypatch.setenv("API_TOKEN", "real")
    pid = local.start().pid
    names = {entry.split("=")[0] for entry in Path(f"/proc/{pid}/environ").read_text().split("\0")}
    assert not names & {"AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "API_TOKEN"}


def test_an_ephemeral_one_ends_with_its_block_and_leaves_no_files() -> None:
    with ephemeral() as status:
        assert status.running
        root = status.state_dir
        client("s3", status.endpoint_url).create_bucket(Bucket="fleeting")
    assert not root.exists()
    assert eventually(lambda: not processes(root))


def test_an_ephemeral_one_ends_when_its_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ephemeral(tmp_path):
        raise KeyboardInterrupt
    assert eventually(lambda: not processes(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_ephemeral_one_does_not_outlive_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from bunsui.local import ephemeral
        with ephemeral(Path(sys.argv[1])) as status:
            print(status.pid, flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(number)
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert not processes(tmp_path)


def test_a_persistent_one_outlives_its_parent(local: LocalServer, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bunsui.local import LocalServer as L; L(Path(sys.argv[1])).start()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program, str(tmp_path)], check=True)
    status = local.require()
    with urllib.request.urlopen(f"{status.endpoint_url}/_ministack/health") as answer:
        assert "services" in json.load(answer)


def test_a_running_function_ends_with_the_server_and_does_not_hold_it_up(local: LocalServer, tmp_path: Path) -> None:
    functions = client("lambda", local.start().endpoint_url)
    functions.create_function(
        FunctionName="sleeper",
        Runtime="python3.13",
        Handler="app.main",
        Role="arn:aws:iam::000000000000:role/r",
        Timeout=90,
        Code={"ZipFile": packed("import time\ndef main(event, context): time.sleep(60)")},
    )
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(functions.invoke, FunctionName="sleeper", Payload=b"{}")
        scratch = local.home.tmp_dir
        assert eventually(lambda: bool(processes(scratch / "ministack-lambda-sleeper")))
        began = time.monotonic()
        assert local.stop().clean
        assert time.monotonic() - began < 8
        assert isinstance(call.exception(), HTTPClientError)
    assert eventually(lambda: not processes(tmp_path))
    made = client("lambda", local.start().endpoint_url).list_functions()["Functions"]
    assert [each["FunctionName"] for each in made] == ["sleeper"]
