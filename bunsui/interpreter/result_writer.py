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
    from bunsui.interpreter.distributed import MapRun
    from bunsui.interpreter.run import Run


def written_results(branch: Branch, state: MapState, effective: Any, map_run: MapRun) -> Any:
    """Write the results where the state wants them, and return what it outputs instead.

    Raises:
        Fault: States.ResultWriterFailed, when the bucket refuses.
    """
    writer = state.writer
    assert writer is not None
    outputs = [transformed(writer, map_run.results[at]) for at in sorted(map_run.results)]
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
    parts = {"SUCCEEDED": outputs, "FAILED": [failure(run) for run in map_run.failed.values()]}
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


def transformed(writer: ResultWriter, output: Any) -> Any:
    """An output as the file has it: bare, or as text within what is known of its execution."""
    if writer.config.get("Transformation", "NONE") in {"COMPACT", "FLATTEN"}:
        return output
    return {"Output": compact(output), "Status": "SUCCEEDED"}


def failure(run: Run) -> dict[str, Any]:
    """A failed child execution."""
    return {
        "Cause": run.cause,
        "Error": run.error,
        "ExecutionArn": run.arn,
        "Input": compact(run.input),
        "Name": run.name,
        "StartDate": iso(run.started),
        "Status": run.status,
        "StopDate": iso(run.stopped or run.started),
    }


def put(branch: Branch, writer: ResultWriter, bucket: Any, key: str, body: str) -> None:
    """Write one object."""
    assert writer.resource is not None
    ask(branch, writer.resource, {"Bucket": bucket, "Key": key, "Body": body})
