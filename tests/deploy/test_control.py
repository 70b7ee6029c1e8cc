from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from bunsui.deploy import control


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(control.template())["Resources"]
    return found


def test_cfn_lint() -> None:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    config = ManualArgs(regions=["us-east-1", "eu-west-1"])
    assert lint(control.template(), config=config) == []
    assert lint(control.template().replace("PAY_PER_REQUEST", "PAY_PER_WISH"), config=config)


def test_deterministic() -> None:
    code = "from bunsui.deploy import control; print(control.template(), end='')"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed})
        assert done.stdout == control.template()


def test_fits_into_a_request() -> None:
    assert len(control.template()) < 51_200


def test_data_is_kept(resources: dict[str, Any]) -> None:
    kept = {name for name, one in resources.items() if one.get("DeletionPolicy") == "Retain"}
    assert kept == {
        "ArtefactBucket",
        "AccessLogBucket",
        "SessionsTable",
        "JobRunsTable",
        "JoinsTable",
        "ApprovalsTable",
    }
    assert all(resources[name]["UpdateReplacePolicy"] == "Retain" for name in kept)


@pytest.mark.parametrize("name", ["ArtefactBucket", "AccessLogBucket"])
def test_buckets_are_closed(resources: dict[str, Any], name: str) -> None:
    properties = resources[name]["Properties"]
    assert all(value in (True, "true") for value in properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    statements = resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    (deny,) = [one for one in statements if one["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_artefact_bucket(resources: dict[str, Any]) -> None:
    properties = resources["ArtefactBucket"]["Properties"]
    assert properties["BucketName"] == {"Fn::Sub": "bunsui-${AWS::AccountId}-${AWS::Region}"}
    assert properties["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "AccessLogBucket"}
    spilled, rest = properties["LifecycleConfiguration"]["Rules"]
    assert (spilled["Prefix"], spilled["ExpirationInDays"]) == ("sessions/", 30)
    assert rest["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "ExpirationInDays" not in rest
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}


def test_log_bucket_takes_logs_of_this_account_only(resources: dict[str, Any]) -> None:
    properties = resources["AccessLogBucket"]["Properties"]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    statements = resources["AccessLogBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (grant,) = [one for one in statements if one["Effect"] == "Allow"]
    assert grant["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert grant["Action"] == ["s3:PutObject"]
    assert grant["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize(
    ("logical_id", "name", "key", "indexes"),
    [
        (
            "SessionsTable",
            "bunsui-sessions",
            ["session"],
            {"by-pipeline": ["pipeline", "started"], "by-time": ["kind", "started"]},
        ),
        ("JobRunsTable", "bunsui-job-runs", ["session", "run"], {}),
        ("JoinsTable", "bunsui-joins", ["session", "join"], {}),
    ],
)
def test_tables(
    resources: dict[str, Any], logical_id: str, name: str, key: list[str], indexes: dict[str, list[str]]
) -> None:
    properties = resources[logical_id]["Properties"]
    assert properties["TableName"] == name
    assert [one["AttributeName"] for one in properties["KeySchema"]] == key
    found = {
        index["IndexName"]: [one["AttributeName"] for one in index["KeySchema"]]
        for index in properties.get("GlobalSecondaryIndexes", [])
    }
    assert found == indexes
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    recovery = properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    encrypted, protected = properties["SSESpecification"]["SSEEnabled"], properties["DeletionProtectionEnabled"]
    assert {recovery, encrypted, protected} <= {True, "true"}
