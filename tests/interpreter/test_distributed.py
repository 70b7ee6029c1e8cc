"""Distributed Map: readers, batches, writers, tolerances, redrive."""

import json

from bunsui.interpreter import S3, Lambda, TaskFailed, execute, start

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
