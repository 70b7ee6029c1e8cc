import json

import pytest

from bunsui.aws.s3 import S3
from bunsui.aws.sts import Sts
from bunsui.errors import AwsError, UsageError
from bunsui.session.model import Session, Status
from bunsui.session.outputs import Artefacts, output


class Objects:
    """The artefact bucket, by key."""

    def __init__(self, **objects):
        self.objects = {key: json.dumps(value).encode() for key, value in objects.items()}

    def get(self, key):
        if key not in self.objects:
            raise UsageError("BUN703", f"there is no {key} any more")
        return self.objects[key]

    def keys(self, prefix):
        return [key for key in self.objects if key.startswith(prefix)]


PLACE = "sessions/dev-flights/s-1/2/publish"


def session(**results):
    return Session(id="s-1", pipeline="flights", attempt=2, status=Status.SUCCEEDED, outputs={"publish": results})


def value(envelope, **objects):
    return output(session(report=envelope), "publish", "report", "dev-flights", Objects(**objects))


@pytest.mark.parametrize(
    ("envelope", "found"),
    [
        ({"value": {"rows": 3}}, {"rows": 3}),
        ({"pointer": f"{PLACE}/report.json", "facts": {"n": 1}}, [1, 2]),
        ({"stored": "report", "job": "publish"}, [1, 2]),
        ({"skipped": "its condition did not hold"}, None),
        ({"list": [{"value": 1}, {"stored": "report", "job": "publish"}]}, [1, [1, 2]]),
        ({"parts": f"{PLACE}/each", "count": 3}, ["a", None, "c"]),
    ],
)
def test_every_kind_of_result_is_read(envelope, found):
    objects = {"report.json": [1, 2], "each/0.json": "a", "each/2.json": "c"}
    assert value(envelope, **{f"{PLACE}/{name}": one for name, one in objects.items()}) == found


def test_results_without_entries_are_found_by_name():
    kept = session(report={"value": 1}, **{"*": {"stored": "*", "job": "publish", "count": 2}})
    objects = Objects(**{f"{PLACE}/rows.json": [1, 2]})
    assert output(kept, "publish", "rows", "dev-flights", objects) == [1, 2]
    assert output(kept, "publish", "report", "dev-flights", objects) == 1
    with pytest.raises(UsageError, match="there is no"):
        output(kept, "publish", "row", "dev-flights", objects)


@pytest.mark.parametrize(("job", "operation"), [("publish", "reports"), ("other", "report")])
def test_an_output_that_is_none_is_told(job, operation):
    with pytest.raises(UsageError) as wrong:
        output(session(report={"value": 1}), job, operation, "flights", Objects())
    assert wrong.value.code == "BUN703"
    assert f"no output {job}.{operation}" in str(wrong.value)
    assert wrong.value.hint == "it has publish.report"


def test_a_session_that_failed_has_no_outputs():
    failed = Session(id="s-1", pipeline="flights", status=Status.FAILED)
    with pytest.raises(UsageError) as wrong:
        output(failed, "publish", "report", "flights", Objects())
    assert wrong.value.hint == "it is FAILED"


def test_what_refuses_the_object_is_told_as_it_is():
    with pytest.raises(UsageError, match="there is no gone any more"):
        value({"pointer": "gone"})


def test_objects_come_from_the_artefact_bucket(aws):
    account = Sts(aws).identity().account
    artefacts = Artefacts.of(aws)
    assert artefacts.bucket == f"bunsui-{account}-{aws.region_name()}"
    with pytest.raises(AwsError):
        list(artefacts.keys("p/"))
    aws.client("s3").create_bucket(Bucket=artefacts.bucket)
    S3(aws, account).put(artefacts.bucket, "p/0.json", b"[1]")
    assert list(artefacts.keys("p/")) == ["p/0.json"]
    assert artefacts.get("p/0.json") == b"[1]"
    with pytest.raises(UsageError, match=r"there is no s3://.*/p/1\.json any more"):
        artefacts.get("p/1.json")
