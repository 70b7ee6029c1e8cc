from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bunsui._version import __version__
from bunsui.aws import Aws, Credentials, connection
from bunsui.aws.sts import Sts
from bunsui.errors import AwsError, UsageError


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_boto3_is_imported_by_the_first_request_only() -> None:
    modules = ["connection", "errors", "cloudformation", "dynamodb", "logs", "s3", "stepfunctions", "sts"]
    imports = "; ".join(f"import bunsui.aws.{name}" for name in modules)
    code = f"import sys; {imports}; bunsui.aws.Aws(region='x'); print([m for m in sys.modules if m.startswith('boto')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_client_is_made_once_for_all_threads(aws: Aws) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: aws.client("sts"), range(32)))
    assert len({id(client) for client in clients}) == 1


def test_settings_of_a_client(aws: Aws) -> None:
    config = aws.client("sts").meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": connection.MAX_ATTEMPTS}
    assert f"bunsui/{__version__}" in config.user_agent_extra
    assert aws.client("sts").meta.region_name == aws.region_name() == "eu-west-1"


def test_connections_are_values() -> None:
    keys = Credentials("AKIDEXAMPLE", "topsecret", "alsosecret")
    assert Aws(region="a", credentials=keys) == Aws(region="a", credentials=keys)
    assert Aws(region="a") != Aws(region="b")
    assert "secret" not in repr(Aws(region="a", credentials=keys))


@pytest.mark.usefixtures("nothing_configured")
def test_no_credentials() -> None:
    with pytest.raises(AwsError) as caught:
        Sts(Aws(region="eu-west-1")).identity()
    assert caught.value.code == "BUN501"


@pytest.mark.usefixtures("nothing_configured")
def test_no_region() -> None:
    with pytest.raises(UsageError) as caught:
        Aws().client("s3control")
    assert caught.value.code == "BUN401"


@pytest.mark.usefixtures("nothing_configured")
def test_no_such_profile() -> None:
    with pytest.raises(AwsError, match="elsewhere") as caught:
        Aws(profile="elsewhere", region="eu-west-1").client("sts")
    assert caught.value.code == "BUN501"


def test_endpoint_that_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_ATTEMPTS", 1)
    aws = Aws(region="eu-west-1", endpoint_url="http://127.0.0.1:9", credentials=Credentials("a", "b"))
    with pytest.raises(AwsError) as caught:
        Sts(aws).identity()
    assert caught.value.code == "BUN502"
    assert "127.0.0.1:9" in caught.value.message
    aws.close()


def test_endpoint_that_is_no_url() -> None:
    with pytest.raises(UsageError) as caught:
        Aws(region="eu-west-1", endpoint_url="localhost", credentials=Credentials("a", "b")).client("sts")
    assert caught.value.code == "BUN401"


def test_identity(local: Aws) -> None:
    who = Sts(local).identity()
    assert who.account == "000000000000"
    assert who.partition == "aws"
