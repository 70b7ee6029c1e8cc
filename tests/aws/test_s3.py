from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from bunsui.aws import Aws
from bunsui.aws.errors import ServiceError
from bunsui.aws.s3 import S3

SERVICE = "s3"
OWNER = "000000000000"


@pytest.fixture
def bucket(local: Aws) -> Iterator[str]:
    client = local.client("s3")
    client.create_bucket(Bucket="things")
    client.put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": "Enabled"})
    yield "things"
    S3(local, OWNER).delete_all("things")
    client.delete_bucket(Bucket="things")


def test_objects(local: Aws, bucket: str, tmp_path: Path) -> None:
    s3 = S3(local, OWNER)
    assert s3.head(bucket, "a/b") is None
    assert s3.get(bucket, "a/b") is None
    assert not s3.head_bucket("no-such-bucket")
    version = s3.put(bucket, "a/b", b"hello", content_type="text/plain", metadata={"bunsui-platform": "arm64"})
    assert version
    found = s3.head(bucket, "a/b")
    assert found is not None
    assert (found.size, dict(found.metadata)) == (5, {"bunsui-platform": "arm64"})
    assert s3.get(bucket, "a/b") == b"hello"
    file = tmp_path / "x.zip"
    file.write_bytes(b"12345678")
    sent: list[int] = []
    s3.upload(bucket, "a/c", file, metadata={"k": "v"}, progress=sent.append)
    assert sum(sent) == 8
    assert [one.key for one in s3.list(bucket, "a/")] == ["a/b", "a/c"]


def test_deleting_a_version_brings_the_one_before_back(local: Aws, bucket: str) -> None:
    s3 = S3(local, OWNER)
    s3.put(bucket, "k", b"one")
    s3.delete_version(bucket, "k", s3.put(bucket, "k", b"two"))
    assert s3.get(bucket, "k") == b"one"


def test_delete_all_leaves_no_version_and_no_marker(local: Aws, bucket: str) -> None:
    s3 = S3(local, OWNER)
    for body in (b"one", b"two"):
        s3.put(bucket, "k", body)
    local.client("s3").delete_object(Bucket=bucket, Key="k")
    assert s3.delete_all(bucket) == 3
    left = local.client("s3").list_object_versions(Bucket=bucket)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_every_request_names_the_owner(local: Aws, bucket: str, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        seen[model.name] = params.get("ExpectedBucketOwner")

    local.client("s3").meta.events.register("before-parameter-build.s3", note)
    s3 = S3(local, OWNER)
    file = tmp_path / "x.zip"
    file.write_bytes(b"x" * (9 * 1024 * 1024))
    s3.upload(bucket, "large", file)
    s3.put(bucket, "k", b"x")
    s3.head(bucket, "k")
    s3.get(bucket, "k")
    s3.head_bucket(bucket)
    list(s3.list(bucket))
    s3.delete_version(bucket, "k", None)
    s3.delete_all(bucket)
    assert set(seen) >= {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "DeleteObjects", "GetObject"}
    assert set(seen.values()) == {OWNER}


def test_a_strangers_bucket_is_an_error_not_an_absence(aws: Aws, stub: Stubber) -> None:
    stub.add_client_error("head_object", "403", "Forbidden", http_status_code=403)
    with pytest.raises(ServiceError) as caught:
        S3(aws, OWNER).head("things", "k")
    assert caught.value.code == "BUN501"


def test_an_object_that_cannot_be_deleted(aws: Aws, stub: Stubber) -> None:
    stub.add_response("list_object_versions", {"Versions": [{"Key": "k", "VersionId": "1"}]})
    stub.add_response("delete_objects", {"Errors": [{"Key": "k", "Code": "AccessDenied", "Message": "locked"}]})
    with pytest.raises(ServiceError, match=r"locked \(k\)"):
        S3(aws, OWNER).delete_all("things")


def test_lists_and_endpoint(aws: Aws, stub: Stubber) -> None:
    stub.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": "a", "Size": 1}], "IsTruncated": True, "NextContinuationToken": "t"},
        {"Bucket": "things", "Prefix": "", "ExpectedBucketOwner": OWNER},
    )
    stub.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": "b", "Size": 2}]},
        {"Bucket": "things", "Prefix": "", "ExpectedBucketOwner": OWNER, "ContinuationToken": "t"},
    )
    assert [one.key for one in S3(aws, OWNER).list("things")] == ["a", "b"]
    assert S3(aws, OWNER).endpoint() == "https://s3.eu-west-1.amazonaws.com"
