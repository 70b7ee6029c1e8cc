from __future__ import annotations

import io
from dataclasses import dataclass

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from blueprints.flight_delays import folders
from blueprints.flight_delays.folders import S3Folder


@dataclass
class Place:
    bucket: str = "lake-bucket"
    key: str = "raw"


@pytest.fixture
def s3(monkeypatch):
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    monkeypatch.setattr(folders, "_client", lambda: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


def test_reading(s3):
    body = StreamingBody(io.BytesIO(b"a,b\n"), 4)
    s3.add_response("get_object", {"Body": body}, {"Bucket": "lake-bucket", "Key": "raw/flights/2013-01.csv"})
    assert S3Folder.at(Place()).read("flights/2013-01.csv") == b"a,b\n"


def test_a_missing_object_is_a_missing_file_that_says_how_to_load_it(s3):
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    with pytest.raises(
        FileNotFoundError,
        match=r"there is no s3://lake-bucket/raw/weather\.csv; .* python -m blueprints\.flight_delays\.load --all",
    ):
        S3Folder.at(Place()).read("weather.csv")


def test_other_errors_are_let_through(s3):
    s3.add_client_error("get_object", "SlowDown", http_status_code=503)
    with pytest.raises(Exception, match="SlowDown"):
        S3Folder.at(Place()).read("weather.csv")


def test_writing(s3):
    s3.add_response("put_object", {}, {"Bucket": "lake-bucket", "Key": "raw/a.csv", "Body": b"x"})
    assert S3Folder.at(Place()).write("a.csv", b"x") == "s3://lake-bucket/raw/a.csv"
