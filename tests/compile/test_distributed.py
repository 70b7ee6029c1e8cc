"""An operation for each element of what lies in S3, in executions of their own."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from statelint.linter import Linter

from bunsui import (
    Bucket,
    BunsuiError,
    Csv,
    Dataset,
    Distributed,
    Fallback,
    Json,
    JsonLines,
    Lambda,
    Manifest,
    Map,
    Objects,
    Operation,
    Parameter,
    Parquet,
    Pipeline,
    Skip,
    length,
    operation,
)
from bunsui.simulate.stage import definitions
from bunsui.testing import PipelineRunner
from tests.compile.assemblies import found_templates, linted, of_type, statements
from tests.compile.pipelines import operation as plain

lake = Bucket("lake")


@operation(runs=Lambda())
def double(row: dict[str, int]) -> int:
    return row["n"] * 2


@operation(runs=Lambda())
def size(found: Dataset) -> int | None:
    return found.bytes


def report() -> Operation:
    return plain("report", ("mapped",), Any)


def beyond_the_specification(definition: Any) -> Any:
    """The definition without the fields of a distributed map that only AWS documents, not the specification."""
    if isinstance(definition, list):
        return [beyond_the_specification(one) for one in definition]
    if not isinstance(definition, dict):
        return definition
    left = {"Label", "WriterConfig"} if "ItemProcessor" in definition else {"WriterConfig"}
    found = {name: beyond_the_specification(one) for name, one in definition.items() if name not in left}
    if "ReaderConfig" in found:
        found["ReaderConfig"] = {name: one for name, one in found["ReaderConfig"].items() if name == "MaxItems"}
    return found


def runner(*steps: Any, parameters: Any = ()) -> PipelineRunner:
    made = PipelineRunner(Pipeline("p", parameters=parameters, operations=list(steps)))
    for definition in definitions(made._plan).values():
        assert Linter.validate(beyond_the_specification(definition)) == []
    return made.stub(report=lambda mapped: mapped) if any(step.name == "report" for step in steps) else made


def parquet(rows: list[dict[str, Any]]) -> bytes:
    pyarrow, written = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    into = io.BytesIO()
    written.write_table(pyarrow.Table.from_pylist(rows), into)
    return into.getvalue()


ROWS = [{"n": 1}, {"n": 2}, {"n": 3}]
TEXT = b"n\n1\n2\n3\n"


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize(
    ("source", "content"),
    [
        (Csv(lake / "x"), TEXT),
        (Csv(lake / "x", headers=["n"], delimiter=";"), b"1;a\n2;b\n3;c\n"),
        (Json(lake / "x"), json.dumps(ROWS).encode()),
        (Json(lake / "x", path=["a/b", "c"]), json.dumps({"a/b": {"c": ROWS}}).encode()),
        (JsonLines(lake / "x"), b"\n".join(json.dumps(row).encode() for row in ROWS)),
        (Parquet(lake / "x"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_rows_of_a_file(source: Any, content: bytes | None, batch: int | None) -> None:
    settings = Distributed(batch=batch)
    made = runner(Map("mapped", double, over=source, distributed=settings), report())
    run = made.put("lake", "x", parquet(ROWS) if content is None else content).run()
    assert run.status == "SUCCEEDED", run.message
    assert run.outputs["report"] == run.outputs["mapped"] == [2, 4, 6]
    assert run.tries("double") == (3 if batch is None else 2)


@pytest.mark.parametrize("where", [lake, lake / "raw"])
def test_the_objects_below_a_prefix(where: Any) -> None:
    made = runner(Map("mapped", size, over=Objects(where)), report())
    made.put("lake", "raw/1", b"1").put("lake", "raw/2", b"22").put("lake", "rawer/3", b"333")
    run = made.run()
    assert run.outputs["report"] == ([1, 2, 3] if where is lake else [1, 2])
    told = next(one.inputs["found"] for one in run.invocations if one.operation == "size")
    assert told["uri"] == f"s3://{made.bucket('lake')}/raw/1"


def test_an_inventory() -> None:
    listing = plain("listing", ("row",), Any)
    place = lake / "inventory/daily/2026-01-01T00-00Z/manifest.json"
    made = runner(Map("mapped", listing, over=Manifest(place), item="row"), report())
    manifest = {
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "destinationBucket": f"arn:aws:s3:::{made.bucket('lake')}",
        "files": [{"key": "inventory/daily/data/1.csv"}],
    }
    made.put("lake", "inventory/daily/2026-01-01T00-00Z/manifest.json", json.dumps(manifest).encode())
    made.put("lake", "inventory/daily/data/1.csv", b'"b","x/1"\n"b","x/2"\n')
    run = made.stub(listing=lambda row: row["Key"]).run()
    assert run.outputs["report"] == ["x/1", "x/2"]
    assert [one.path for one in Manifest(place).reads] == ["inventory/daily"]


@pytest.mark.parametrize("path", [(), ("all", "rows")])
def test_the_list_that_an_operation_returns(path: tuple[str, ...]) -> None:
    rows = plain("rows", (), Any)
    over = rows.output.all.rows if path else rows.output
    made = runner(rows, Map("mapped", double, over=over, distributed=True), report())
    run = made.stub(rows={"all": {"rows": ROWS}} if path else ROWS).run()
    assert run.outputs["report"] == [2, 4, 6]
    assert run.invocations[0].spilled


def test_lists_that_are_in_sight() -> None:
    one, rows = plain("one", (), dict[str, int]), Parameter("rows", list[dict[str, int]])
    mapped = [Map("mapped", double, over=over, distributed=True) for over in ([{"n": 4}], [one.output], rows)]
    assert runner(mapped[0], report()).run().outputs["report"] == [8]
    assert runner(one, mapped[1], report()).stub(one={"n": 4}).run().outputs["report"] == [8]
    assert runner(mapped[2], report(), parameters=[rows]).run(rows=[{"n": 4}]).outputs["report"] == [8]


def test_a_dataset_that_an_operation_returns() -> None:
    extract = plain("extract", (), Dataset, writes=[lake / "out"])
    made = runner(extract, Map("mapped", double, over=Csv(extract.output)), report())
    made.put("lake", "out/x.csv", TEXT).stub(extract=Dataset(f"s3://{made.bucket('lake')}/out/x.csv"))
    assert made.run().outputs["report"] == [2, 4, 6]


@pytest.mark.parametrize("uri", ["out", "out/"])
def test_the_objects_of_a_dataset(uri: str) -> None:
    extract = plain("extract", (), Dataset, writes=[lake / "out"])
    made = runner(extract, Map("mapped", size, over=Objects(extract.output)), report())
    made.put("lake", "out/x.csv", TEXT).stub(extract=Dataset(f"s3://{made.bucket('lake')}/{uri}"))
    assert made.run().outputs["report"] == [len(TEXT)]


def test_what_else_an_operation_takes_is_handed_on() -> None:
    rows, rate = plain("rows", (), Any), plain("rate", (), Any)
    add = plain("add", ("row", "rate", "month"), Any)
    settings = Distributed(batch=2)
    made = runner(
        rows,
        rate,
        Map("mapped", add, over=rows.output, distributed=settings),
        report(),
        parameters=[Parameter("month", int)],
    )
    made.stub(rows=[1, 2, 3], rate={"x": "y" * 40_000}, add=lambda row, rate, month: row + len(rate["x"]) + month)
    assert made.run(month=7).outputs["report"] == [40_008, 40_009, 40_010]


@pytest.mark.parametrize("settings", [{"tolerated": 1}, {"tolerated_percent": 40}])
def test_some_may_fail(settings: dict[str, Any]) -> None:
    made = runner(Map("mapped", double, over=Csv(lake / "x"), distributed=Distributed(**settings)), report())
    run = made.put("lake", "x", b"n\n1\n2\nx\n").run()
    assert run.outputs["report"] == [2, 4, None]
    assert made.put("lake", "x", b"n\nx\ny\n3\n").run().error == "States.ExceedToleratedFailureThreshold"


def test_an_operation_that_is_skipped_leaves_none() -> None:
    numbers = plain("numbers", ("row",), Any, on_error=Skip())
    mapped = Map("mapped", numbers, over=[1, 2], item="row", distributed=True)
    assert mapped.result_type() == list[Any | None]
    made = runner(mapped, report()).fail("numbers", ValueError("no"), times=1).stub(numbers=lambda row: row)
    assert sorted(map(str, made.run().outputs["report"])) == ["2", "None"]


@pytest.mark.parametrize(("batch", "expected"), [(None, [2, 4, 6]), (2, [2, 4, 6])])
def test_results_that_aws_writes(batch: int | None, expected: list[int]) -> None:
    settings = Distributed(batch=batch, results=lake / "out")
    made = runner(Map("mapped", double, over=Csv(lake / "x"), distributed=settings))
    run = made.put("lake", "x", TEXT).run()
    manifest = run.outputs["mapped"]
    assert isinstance(manifest, Dataset)
    objects = made.s3.bucket(made.bucket("lake"))
    assert manifest.key.startswith("out/")
    (file,) = json.loads(objects[manifest.key])["ResultFiles"]["SUCCEEDED"]
    assert json.loads(objects[file["Key"]]) == expected


def test_a_fallback_is_among_the_results_that_aws_writes() -> None:
    risky = plain("risky", ("row",), Any, on_error=Fallback(-1))
    settings = Distributed(results=lake / "out")
    made = runner(Map("mapped", risky, over=[1], item="row", distributed=settings))
    run = made.fail("risky", ValueError("no")).run()
    objects = made.s3.bucket(made.bucket("lake"))
    (file,) = json.loads(objects[run.outputs["mapped"].key])["ResultFiles"]["SUCCEEDED"]
    assert json.loads(objects[file["Key"]]) == [-1]


def test_a_result_that_is_too_large_for_aws_to_write() -> None:
    large = plain("large", ("row",), Any)
    made = runner(Map("mapped", large, over=[1], item="row", distributed=Distributed(results=lake / "out")))
    run = made.stub(large="x" * 210_000).run()
    assert run.error == "States.ExceedToleratedFailureThreshold"


def test_only_so_many_are_read() -> None:
    settings = Distributed(max_items=2)
    made = runner(Map("mapped", double, over=Csv(lake / "x"), distributed=settings), report())
    assert made.put("lake", "x", TEXT).run().outputs["report"] == [2, 4]


def test_an_element_can_have_a_condition() -> None:
    limit = plain("limit", (), int)
    numbers = plain("numbers", ("row",), Any, when=(limit.output > 3) & (Parameter("month", int).value > 6))
    mapped = Map("mapped", numbers, over=[1, 2], item="row", distributed=True)
    made = runner(limit, mapped, report(), parameters=[Parameter("month", int)]).stub(numbers=lambda row: row)
    assert made.stub(limit=4).run(month=7).outputs["report"] == [1, 2]
    assert made.stub(limit=4).run(month=6).outputs["report"] == [None, None]
    assert made.stub(limit=3).run(month=7).outputs["report"] == [None, None]


def test_nothing_to_read() -> None:
    made = runner(Map("mapped", size, over=Objects(lake / "raw")), report())
    assert made.run().outputs["report"] == []


def test_conditions_read_how_many_there_were() -> None:
    mapped = Map("mapped", double, over=Csv(lake / "x"), distributed=Distributed(batch=2))
    last = plain("last", (), int, when=length(mapped.output) == 3)
    made = runner(mapped, last).stub(last=1)
    assert made.put("lake", "x", TEXT).run().order[-1] == "last"
    assert made.put("lake", "x", b"n\n1\n").run().order[-1] == "double"


def test_a_map_run_that_failed_has_another_end() -> None:
    mapped = Map("mapped", double, over=Csv(lake / "x"), on_error=Fallback([]))
    assert runner(mapped, report()).put("lake", "x", b"n\nx\n").run().outputs["report"] == []


def test_settings() -> None:
    settings = Distributed(
        batch=10, batch_bytes=4096, tolerated=3, tolerated_percent=2, label="orders", express=True, max_items=99
    )
    made = runner(Map("mapped", double, over=Csv(lake / "x"), distributed=settings, concurrency=7, description="Why"))
    state = definitions(made._plan)["p-main"]["States"]["mapped"]
    assert state["Comment"] == "Why"
    assert state["Label"] == "orders"
    assert state["MaxConcurrency"] == 7
    assert state["ToleratedFailureCount"] == 3
    assert state["ToleratedFailurePercentage"] == 2
    assert state["ItemBatcher"]["MaxItemsPerBatch"] == 10
    assert state["ItemBatcher"]["MaxInputBytesPerBatch"] == 4096
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert state["ItemReader"] == {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 99},
        "Arguments": {"Bucket": made.bucket("lake"), "Key": "x"},
    }


OWN = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
SPILLED = "arn:${AWS::Partition}:s3:::bunsui-${AWS::AccountId}-${AWS::Region}/sessions/p/*"
LAKE = "arn:${AWS::Partition}:s3:::p-lake-${AWS::AccountId}-${AWS::Region}"


def allowed(role: Any) -> dict[str, list[str]]:
    """Action -> resources, of a role."""
    found: dict[str, list[str]] = {}
    for statement in statements(role):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in actions:
            found.setdefault(action, []).extend(one["Fn::Sub"] if isinstance(one, dict) else one for one in resources)
    return found


def roles(*steps: Any) -> dict[str, Any]:
    found, _, _ = found_templates(Pipeline("p", operations=list(steps)))
    assert linted(found["template.json"]) == []
    return of_type(found["template.json"], "AWS::IAM::Role")


def test_the_machine_may_run_its_own_executions_and_read_what_it_maps() -> None:
    made = roles(Map("mapped", double, over=Csv(lake / "x")), report())
    machine = allowed(made["MainJobMachineRole"])
    assert machine["states:StartExecution"] == [f"{OWN}:stateMachine:p-main"]
    assert machine["states:DescribeExecution"] == [f"{OWN}:execution:p-main:*"]
    assert machine["states:StopExecution"] == [f"{OWN}:execution:p-main:*"]
    assert machine["states:RedriveExecution"] == [f"{OWN}:execution:p-main/mapped:*"]
    assert machine["states:DescribeMapRun"] == [f"{OWN}:mapRun:p-main/mapped:*"]
    assert machine["s3:PutObject"] == [SPILLED]
    assert sorted(machine["s3:GetObject"]) == sorted([f"{LAKE}/x", f"{LAKE}/x/*", SPILLED])
    assert machine["s3:ListBucket"] == [LAKE]


def test_who_takes_the_list_may_see_which_results_there_are() -> None:
    made = roles(Map("mapped", double, over=Csv(lake / "x")), report())
    assert allowed(made["ReportWorkerRole"])["s3:ListBucket"] == [SPILLED.partition("/")[0]]
    assert allowed(made["DoubleWorkerRole"])["s3:PutObject"] == [SPILLED]
    assert "s3:ListBucket" not in allowed(made["DoubleWorkerRole"])


def test_the_machine_may_write_results_where_it_is_told() -> None:
    made = roles(Map("mapped", double, over=Csv(lake / "x"), distributed=Distributed(results=lake / "out")))
    machine = allowed(made["MainJobMachineRole"])
    assert sorted(machine["s3:PutObject"]) == [f"{LAKE}/out", f"{LAKE}/out/*"]
    assert machine["s3:ListMultipartUploadParts"] == [f"{LAKE}/out/*"]
    assert "states:DescribeMapRun" not in machine


def test_an_inline_map_needs_nothing_of_its_own() -> None:
    machine = allowed(roles(Map("mapped", double, over=[{"n": 1}]))["MainJobMachineRole"])
    assert not [action for action in machine if action.startswith(("states:", "s3:"))]


def test_a_fallback_of_an_element_would_be_lost() -> None:
    risky = plain("risky", ("row",), int, on_error=Fallback(0))
    with pytest.raises(BunsuiError, match=r"on_error=Fallback\(…\) of 'risky' makes a result"):
        Pipeline("p", operations=[Map("mapped", risky, over=[1], item="row", distributed=True)])
