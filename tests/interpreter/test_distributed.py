"""Distributed Map: readers, batches, writers, tolerances, redrive."""

import datetime
import gzip
import io
import json
import sys

import pytest

from bunsui.errors import BunsuiError
from bunsui.interpreter import S3, Lambda, TaskFailed, diagnose, execute, start

LIST = "arn:aws:states:::s3:listObjectsV2"
GET = "arn:aws:states:::s3:getObject"


def mapped(state=None, **fields):
    inner = state or {"Type": "Pass", "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "S",
        "States": {"S": inner},
    }
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}},
    }


def calling(name):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }


def odd(event):
    if event % 2:
        raise TaskFailed("Odd", str(event))
    return event


ODD = {"lambda": Lambda({"odd": odd})}


def read(body, **config):
    reader = {"Resource": GET, "Arguments": {"Bucket": "b", "Key": "k"}, "ReaderConfig": config}
    return execute(mapped(ItemReader=reader), services={"s3": S3({"b": {"k": body}})})


def test_readers():
    assert read("[1, 2]", InputType="JSON").output == [1, 2]
    assert read('{"a": 1}\n\n{"a": 2}\n', InputType="JSONL").output == [{"a": 1}, {"a": 2}]
    assert read("x,y\n1,2\n3\n", InputType="CSV", CSVHeaderLocation="FIRST_ROW").output == [
        {"x": "1", "y": "2"},
        {"x": "3", "y": ""},
    ]
    piped = read("1|2\n", InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["p", "q"], CSVDelimiter="PIPE")
    assert piped.output == [{"p": "1", "q": "2"}]
    assert read("[1, 2, 3]", InputType="JSON", MaxItems=2).output == [1, 2]


def test_a_reader_that_finds_nothing_fails_the_state():
    execution = read("no json", InputType="JSON")
    assert (execution.status, execution.error) == ("FAILED", "States.ItemReaderFailed")


def parquet(rows):
    arrow, writer = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    sink = io.BytesIO()
    writer.write_table(arrow.Table.from_pylist(rows), sink)
    return sink.getvalue()


def test_a_parquet_file():
    rows = [{"n": 1, "day": datetime.date(2024, 1, 2)}, {"n": None, "day": None}]
    assert read(parquet(rows), InputType="PARQUET").output == [{"n": 1, "day": "2024-01-02"}, {"n": None, "day": None}]
    assert read(b"PAR1 or not", InputType="PARQUET").error == "States.ItemReaderFailed"


def test_parquet_needs_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BunsuiError, match="pyarrow is not installed"):
        read(b"", InputType="PARQUET")


def test_an_array_within_a_document():
    document = json.dumps({"day": {"a/b": [0, {"x": [1, 2]}], "o": {"k": 3}}})
    assert read(document, InputType="JSON", ItemsPointer="/day/a~1b/1/x").output == [1, 2]
    assert read(document, InputType="JSON", ItemsPointer="/day/o").output == [{"Key": "k", "Value": 3}]
    wrong = read(document, InputType="JSON", ItemsPointer="/day/none")
    assert (wrong.error, "points to nothing" in wrong.cause) == ("States.ItemReaderFailed", True)


def listed(objects, given, config=None, **fields):
    """The execution of a Map over a listing."""
    reader = {"Resource": LIST, "Arguments": {"Bucket": "b", **given}, "ReaderConfig": config or {}}
    return execute(mapped(ItemReader=reader, **fields), services={"s3": S3({"b": objects})})


def test_a_listing_of_more_than_a_page():
    found = listed({f"k{at:04}": "" for at in range(1500)}, {}, Output="{% $count($states.result) %}")
    assert found.output == 1500


def test_objects_of_a_listing_are_loaded():
    objects = {"in/": "", "in/a.jsonl": '{"n": 1}\n{"n": 2}\n', "in/b.jsonl": '{"n": 3}', "other": "no"}
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}
    assert listed(objects, {"Prefix": "in/"}, config).output == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [item["Key"] for item in listed(objects, {"Prefix": "in/"}).output] == ["in/", "in/a.jsonl", "in/b.jsonl"]


def manifest(**fields):
    """An inventory of two compressed files, with how its manifest differs from a usual one."""
    head = {
        "sourceBucket": "source",
        "destinationBucket": "arn:aws:s3:::b",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz", "size": 1}, {"key": "data/2.csv.gz", "size": 1}],
        **fields,
    }
    rows = ['"source","a.txt","12"\n"source","b%20c.txt","3"\n', '"source","d.txt","0"\n']
    files = {f"data/{at}.csv.gz": gzip.compress(text.encode()) for at, text in enumerate(rows, 1)}
    return {"k": json.dumps(head), **files}


@pytest.mark.parametrize("config", [{"InputType": "MANIFEST"}, {"ManifestType": "S3_INVENTORY"}])
def test_an_inventory(config):
    found = from_objects(manifest(), **config)
    assert found.output == [
        {"Bucket": "source", "Key": "a.txt", "Size": "12"},
        {"Bucket": "source", "Key": "b%20c.txt", "Size": "3"},
        {"Bucket": "source", "Key": "d.txt", "Size": "0"},
    ]
    assert from_objects(manifest(fileFormat="ORC"), **config).error == "States.ItemReaderFailed"
    lost = from_objects(manifest(files=[{"key": "none"}]), **config)
    assert (lost.error, "NoSuchKey" in lost.cause) == ("States.ItemReaderFailed", True)


def from_objects(objects, **config):
    reader = {"Resource": GET, "Arguments": {"Bucket": "b", "Key": "k"}, "ReaderConfig": config}
    return execute(mapped(ItemReader=reader), services={"s3": S3({"b": objects})})


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [
        ("CSV", ["n\n1\n2\n", "n\n3\n"], [{"n": "1"}, {"n": "2"}, {"n": "3"}]),
        ("JSONL", [gzip.compress(b'{"n": 1}'), '{"n": 2}'], [{"n": 1}, {"n": 2}]),
        ("PARQUET", [[{"n": 1}], [{"n": 2}]], [{"n": 1}, {"n": 2}]),
    ],
)
def test_what_athena_unloaded(kind, files, expected):
    bodies = [parquet(file) if isinstance(file, list) else file for file in files]
    objects = {"k": "s3://b/0\ns3://b/1\n", **{str(at): body for at, body in enumerate(bodies)}}
    assert from_objects(objects, ManifestType="ATHENA_DATA", InputType=kind).output == expected


def test_the_context_object_tells_where_an_item_is_from():
    selector = "{% $states.context.Map.Item %}"
    found = execute(mapped(Items={"a": 1}, ItemSelector={"item": selector}))
    assert found.output == [{"item": {"Index": 0, "Key": "a", "Value": 1, "Source": "STATE_DATA"}}]
    config = {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}
    loaded = listed({"k": "[7]"}, {}, config, ItemSelector={"from": "{% $states.context.Map.Item.Source %}"})
    assert loaded.output == [{"from": "s3://b/k"}]


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"InputType": "XML"}, "InputType"),
        ({"Transformation": "LOAD_AND_FLATTEN"}, ""),
        ({"ManifestType": "ATHENA_DATA"}, ""),
        ({"ManifestType": "S3_INVENTORY", "InputType": "CSV"}, "InputType"),
    ],
)
def test_readers_that_make_no_sense(config, place):
    reader = {"Resource": GET, "Arguments": {"Bucket": "b", "Key": "k"}, "ReaderConfig": config}
    (problem,) = diagnose(mapped(ItemReader=reader))
    assert problem.location == "/States/M/ItemReader/ReaderConfig" + (f"/{place}" if place else "")


def test_batches():
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"day": 1}}
    execution = execute(mapped(Items=[1, 2, 3], ItemBatcher=batcher))
    assert execution.output == [
        {"BatchInput": {"day": 1}, "Items": [1, 2]},
        {"BatchInput": {"day": 1}, "Items": [3]},
    ]


def test_batches_by_size():
    execution = execute(mapped(Items=["x" * 50] * 4, ItemBatcher={"MaxInputBytesPerBatch": 130}))
    assert [len(batch["Items"]) for batch in execution.output] == [2, 2]


def test_selected_items():
    selector = {"at": "{% $states.context.Map.Item.Index %}", "value": "{% $states.context.Map.Item.Value %}"}
    assert execute(mapped(Items=["a"], ItemSelector=selector)).output == [{"at": 0, "value": "a"}]


def test_results_are_written():
    s3 = S3({"out": {}})
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": "out", "Prefix": "runs"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
    }
    execution = execute(mapped(Items=[1, 2], ResultWriter=writer), services={"s3": s3})
    key = execution.output["ResultWriterDetails"]["Key"]
    manifest = json.loads(s3.buckets["out"][key])
    assert manifest["MapRunArn"] == execution.map_runs[0].arn
    assert json.loads(s3.buckets["out"][manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]]) == [1, 2]


def test_results_are_written_with_what_is_known_of_their_executions():
    s3 = S3({"out": {}})
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "out"}}
    definition = mapped(calling("odd"), Items=[0, 1], ResultWriter=writer, ToleratedFailurePercentage=50)
    execution = execute(definition, services={"s3": s3, **ODD})
    bucket, key = execution.output["ResultWriterDetails"].values()
    files = json.loads(s3.buckets[bucket][key])["ResultFiles"]
    ((good,), (bad,)) = (json.loads(s3.buckets["out"][files[kind][0]["Key"]]) for kind in ("SUCCEEDED", "FAILED"))
    assert (good["Input"], good["Output"], good["Status"]) == ("0", "0", "SUCCEEDED")
    assert good["RedriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert (bad["Input"], bad["Error"], bad["Status"]) == ("1", "Odd", "FAILED")
    assert bad["RedriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    bare = execute(mapped(Items=[1], ResultWriter={"WriterConfig": {"Transformation": "NONE"}}))
    assert [(entry["Output"], entry["Status"]) for entry in bare.output] == [("1", "SUCCEEDED")]


def test_one_failure_is_too_many_unless_tolerated():
    strict = execute(mapped(calling("odd"), Items=[0, 1, 2]), services=ODD)
    assert (strict.status, strict.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert "MapRunFailed" in strict.event_types
    tolerant = execute(mapped(calling("odd"), Items=[0, 1, 2], ToleratedFailurePercentage=50), services=ODD)
    assert tolerant.output == [0, 2]
    assert tolerant.map_runs[0].item_counts == {"total": 3, "succeeded": 2, "failed": 1, "aborted": 0, "pending": 0}
    counted = execute(mapped(calling("odd"), Items=[1, 3, 5], ToleratedFailureCount=1), services=ODD)
    assert counted.status == "FAILED"


def test_variables_do_not_reach_child_executions():
    definition = mapped({"Type": "Pass", "Output": "{% $exists($x) %}", "End": True}, Items=[1])
    definition["States"]["A"] = {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"}
    definition["StartAt"] = "A"
    assert execute(definition).output == [False]


def test_a_redrive_repeats_only_what_failed():
    seen = []
    broken = {1}

    def flaky(event):
        seen.append(event)
        if event in broken:
            raise TaskFailed("Broken")
        return event

    services = {"lambda": Lambda({"f": flaky})}
    handle = start(mapped(calling("f"), Items=[0, 1, 2], MaxConcurrency=1), services=services)
    assert handle.status == "FAILED"
    broken.clear()
    execution = handle.redrive().wait()
    assert execution.output == [0, 1, 2]
    assert seen == [0, 1, 1, 2]
    assert "MapRunRedriven" in execution.event_types
    assert len(execution.map_runs) == 1


def test_many_items_take_time_in_proportion():
    execution = execute(mapped(Items="{% [1..5000] %}", Output="{% $count($states.result) %}"))
    assert execution.output == 5000


def by_path(field, value, **more):
    """How a Map with a `...Path` field ends."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "S",
        "States": {"S": {"Type": "Pass", "End": True}},
    }
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True, field: "$.n", **more}
    execution = execute({"StartAt": "M", "States": {"M": state}}, {"items": [1], "n": value})
    return execution.status if execution.status == "SUCCEEDED" else execution.cause.partition("#2). ")[2]


def test_numbers_by_path():
    assert by_path("ToleratedFailureCountPath", "2") == "SUCCEEDED"
    assert by_path("ToleratedFailureCountPath", -1) == "ToleratedFailureCount cannot be negative."
    assert by_path("ToleratedFailurePercentagePath", 12.5) == "SUCCEEDED"
    assert by_path("ToleratedFailurePercentagePath", 101) == "ToleratedFailurePercentage must be between 0 and 100."
    assert (
        by_path("ToleratedFailurePercentagePath", "many")
        == 'The ToleratedFailurePercentagePath field refers to value "many" which is not a valid float: $.n'
    )


def test_a_negative_number_of_items_fails_the_map_run():
    reader = {
        "Resource": GET,
        "Parameters": {"Bucket": "b", "Key": "k"},
        "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.n"},
    }
    processor = mapped()["States"]["M"]["ItemProcessor"]
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    execution = execute({"StartAt": "M", "States": {"M": state}}, {"n": -1}, services={"s3": S3({"b": {"k": "[1]"}})})
    assert (execution.error, execution.cause) == ("States.ItemReaderFailed", "field MaxItems must be positive")
    assert execution.event_types[2:] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
