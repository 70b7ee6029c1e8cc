"""ResultWriter: the results of a Distributed Map in files of a bucket, with a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bunsui.interpreter import faults
from bunsui.interpreter.branch import Branch, iso
from bunsui.interpreter.definition import MapState, ResultWriter
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.item_reader import ask
from bunsui.interpreter.jsonvalue import compact

if TYPE_CHECKING:
    from bunsui.interpreter.map_run import MapRun
    from bunsui.interpreter.run import Run


def written_results(branch: Branch, state: MapState, effective: Any, map_run: MapRun) -> Any:
    """Write the results where the state wants them, and return what it outputs instead.

    Raises:
        Fault: States.ResultWriterFailed, when the bucket refuses.
    """
    writer = state.writer
    assert writer is not None
    results = map_run.records if keeps_records(writer) else map_run.results
    outputs = [results[at] for at in sorted(results)]
    if writer.config.get("Transformation") == "FLATTEN":
        outputs = [item for output in outputs for item in (output if isinstance(output, list) else [output])]
    if writer.resource is None or writer.parameters is None:
        return outputs
    target = writer.parameters(branch, effective)
    bucket, prefix = target.get("Bucket"), target.get("Prefix")
    number = map_run.arn.rpartition(":")[2]
    folder = f"{prefix}/{number}" if prefix else number
    as_lines = writer.config.get("OutputType") == "JSONL"
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    parts = {"SUCCEEDED": outputs, "FAILED": [record(run) for run in map_run.failed.values()]}
    try:
        for kind, values in parts.items():
            if values:
                body = "\n".join(map(compact, values)) if as_lines else compact(values)
                key = f"{folder}/{kind}_0.{'jsonl' if as_lines else 'json'}"
                put(branch, writer, bucket, key, body)
                files[kind].append({"Key": key, "Size": len(body.encode())})
        manifest = {"DestinationBucket": bucket, "MapRunArn": map_run.arn, "ResultFiles": files}
        put(branch, writer, bucket, f"{folder}/manifest.json", compact(manifest))
    except Fault as fault:
        raise Fault(faults.RESULT_WRITER_FAILED, fault.cause) from None
    return {"MapRunArn": map_run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}


def keeps_records(writer: ResultWriter | None) -> bool:
    """Whether results are wanted with what is known of their executions, which is how AWS writes them by default."""
    return writer is not None and writer.config.get("Transformation", "NONE") == "NONE"


def record(run: Run) -> dict[str, Any]:
    """A child execution as a result file has it: its data are text."""
    found: dict[str, Any] = {
        "ExecutionArn": run.arn,
        "Input": compact(run.input),
        "InputDetails": {"Included": True},
        "Name": run.name,
        "RedriveCount": run.redrives,
        "StartDate": iso(run.started),
        "StateMachineArn": run.machine_arn,
        "Status": run.status,
        "StopDate": iso(run.stopped or run.started),
    }
    if run.status == "SUCCEEDED":
        found |= {
            "Output": compact(run.output),
            "OutputDetails": {"Included": True},
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    else:
        told = {"Cause": run.cause, "Error": run.error, "RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
        found |= {name: value for name, value in told.items() if value is not None}
    return dict(sorted(found.items()))


def put(branch: Branch, writer: ResultWriter, bucket: Any, key: str, body: str) -> None:
    """Write one object."""
    assert writer.resource is not None
    ask(branch, writer.resource, {"Bucket": bucket, "Key": key, "Body": body})
