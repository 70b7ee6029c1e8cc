"""Map states in JSONata.

AWS: an iteration sees the variables of the state machine, and what it assigns stays its own; the first that fails ends
the others; the history has the iterations. A distributed map evaluates `Items`, the arguments of its reader and writer,
its selector and its batches; an execution of it sees only its own input; the results may be written to S3; a Map Run
counts its items.

MiniStack: waits for every iteration before it fails; a distributed map takes JSONPath only, and knows neither batches
nor a result writer. Parquet files and manifests are not read, here neither.
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

from bunsui.local.traits import stopping
from bunsui.local.traits.anchor import wrap

INLINE, DISTRIBUTED = 40, 64
"""Iterations or executions at a time where the state does not say; AWS's own bound for the first."""

State = dict[str, Any]


def apply() -> None:
    """Patch the Map state."""
    from ministack.services import stepfunctions

    wrap(stepfunctions, "_run_map_items", _in_jsonata)


def _in_jsonata(in_jsonpath: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import stepfunctions as sfn

    def run_items(state: State, value: Any, execution: State, ctx: State) -> Any:
        if sfn._state_query_language(state, ctx) != "JSONata":
            return in_jsonpath(state, value, execution, ctx)
        far = state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        result = (_distributed if far else _inline)(state, value, execution, ctx)
        output = sfn._apply_jsonata_output(state, value, ctx, result=result, default=result)
        sfn._apply_state_assign(state, value, ctx, result=result)
        return output, sfn._next_or_end(state)

    return run_items


def _evaluated(state: State, field: str, value: Any, ctx: State, default: Any) -> Any:
    from ministack.services import stepfunctions as sfn

    return sfn._apply_jsonata_template(state[field], value, ctx) if field in state else default


def _selected(state: State, items: Sequence[Any], value: Any, ctx: State) -> list[Any]:
    """What the selector makes of each item."""
    return [
        _evaluated(state, "ItemSelector", value, {**ctx, "Map": {"Item": {"Index": index, "Value": item}}}, item)
        for index, item in enumerate(items)
    ]


def _inline(state: State, value: Any, execution: State, ctx: State) -> list[Any]:
    from ministack.services import stepfunctions as sfn

    items = _selected(state, _evaluated(state, "Items", value, ctx, value), value, ctx)
    processor, name = state["ItemProcessor"], ctx["State"]["Name"]
    sfn._add_event(execution, "MapStateStarted", {"mapStateStartedEventDetails": {"length": len(items)}})

    def iterate(index: int) -> Any:
        told = {"name": name, "index": index}
        own = {**ctx, "variables": dict(ctx.get("variables", {}))}
        sfn._add_event(execution, "MapIterationStarted", {"mapIterationStartedEventDetails": told})
        try:
            found = sfn._run_sub_machine(processor["States"], processor["StartAt"], items[index], execution, own)
        except sfn._ExecutionError:
            sfn._add_event(execution, "MapIterationFailed", {"mapIterationFailedEventDetails": told})
            raise
        sfn._add_event(execution, "MapIterationSucceeded", {"mapIterationSucceededEventDetails": told})
        return found

    most = _evaluated(state, "MaxConcurrency", value, ctx, 0) or INLINE
    results = _together(iterate, len(items), most)
    sfn._add_event(execution, "MapStateSucceeded")
    return results


def _together(work: Callable[[int], Any], count: int, most: int) -> list[Any]:
    """Do it for every number, so many at a time; the first that fails ends the others."""
    failed = threading.Event()
    with stopping.ending(failed.is_set), ThreadPoolExecutor(max(1, min(most, count))) as pool:
        # MiniStack keeps the account and region of a request in the context.
        running = [pool.submit(contextvars.copy_context().run, work, index) for index in range(count)]
        left = set(running)
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            error = next((one.exception() for one in done if one.exception() is not None), None)
            if error is not None:
                failed.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise error
    return [one.result() for one in running]


def _distributed(state: State, value: Any, execution: State, ctx: State) -> Any:
    from ministack.services import stepfunctions as sfn

    items = _read(state, value, ctx)
    inputs = _selected(state, items, value, ctx)
    sizes = [1] * len(inputs)
    if "ItemBatcher" in state:
        batches = list(_batches(state["ItemBatcher"], inputs, value, ctx))
        inputs, sizes = batches, [len(batch["Items"]) for batch in batches]
    run = _opened(state, execution, len(items), len(inputs))
    sfn._add_event(execution, "MapStateStarted", {"mapStateStartedEventDetails": {"length": 0}})
    sfn._add_event(execution, "MapRunStarted", {"mapRunStartedEventDetails": {"mapRunArn": run["mapRunArn"]}})
    counting = threading.Lock()

    def execute(index: int) -> tuple[bool, Any]:
        child = _child(run, inputs[index])
        sfn._executions[child["executionArn"]] = child
        try:
            output = _run(state["ItemProcessor"], child, ctx)
        except sfn._ExecutionError as error:
            child.update(status="FAILED", error=error.error, cause=error.cause, stopDate=sfn.now_iso())
            ended = False, {"Error": error.error, "Cause": error.cause, "Input": child["input"], "Name": child["name"]}
        else:
            child.update(status="SUCCEEDED", output=json.dumps(output), stopDate=sfn.now_iso())
            ended = True, output
        with counting:
            for counts, size in ((run["itemCounts"], sizes[index]), (run["executionCounts"], 1)):
                counts["pending"] -= size
                counts["succeeded" if ended[0] else "failed"] += size
        return ended

    results = _together(execute, len(inputs), state.get("MaxConcurrency") or DISTRIBUTED)
    exceeded = _exceeded(state, run["itemCounts"])
    run.update(status="FAILED" if exceeded else "SUCCEEDED", stopDate=sfn.now_iso())
    if exceeded:
        sfn._add_event(execution, "MapRunFailed", {"mapRunFailedEventDetails": {}})
        text = "The specified tolerated failure threshold was exceeded"
        raise sfn._ExecutionError("States.ExceedToleratedFailureThreshold", text)
    sfn._add_event(execution, "MapRunSucceeded")
    sfn._add_event(execution, "MapStateSucceeded")
    if "ResultWriter" in state:
        return _written(state["ResultWriter"], results, run, value, ctx)
    return [output for went_well, output in results if went_well]


def _read(state: State, value: Any, ctx: State) -> list[Any]:
    from ministack.services import stepfunctions as sfn

    reader = state.get("ItemReader")
    if reader is None:
        return list(_evaluated(state, "Items", value, ctx, value))
    given = _evaluated(reader, "Arguments", value, ctx, {})
    return list(sfn._read_map_items({**reader, "Arguments": given}, value, ctx))


def _batches(batcher: State, items: Sequence[Any], value: Any, ctx: State) -> Iterator[State]:
    most = _evaluated(batcher, "MaxItemsPerBatch", value, ctx, None) or len(items)
    room = _evaluated(batcher, "MaxInputBytesPerBatch", value, ctx, 262_144)
    head = {"BatchInput": _evaluated(batcher, "BatchInput", value, ctx, {})} if "BatchInput" in batcher else {}
    batch: list[Any] = []
    for item in items:
        too_large = len(json.dumps({**head, "Items": [*batch, item]}, separators=(",", ":")).encode()) > room
        if batch and (len(batch) == most or too_large):
            yield {**head, "Items": batch}
            batch = []
        batch.append(item)
    if batch:
        yield {**head, "Items": batch}


def _opened(state: State, execution: State, items: int, executions: int) -> State:
    from ministack.services import stepfunctions as sfn

    parts = execution["stateMachineArn"].split(":")
    place, machine = f"arn:aws:states:{parts[3]}:{parts[4]}", parts[6]
    label = state.get("Label") or sfn.new_uuid()
    zero = dict.fromkeys(("running", "succeeded", "failed", "timedOut", "aborted", "resultsWritten"), 0)
    run: State = {
        "mapRunArn": f"{place}:mapRun:{machine}/{label}:{sfn.new_uuid()}",
        "executionArn": execution["executionArn"],
        "status": "RUNNING",
        "startDate": sfn.now_iso(),
        "maxConcurrency": state.get("MaxConcurrency", 0),
        "toleratedFailurePercentage": state.get("ToleratedFailurePercentage", 0),
        "toleratedFailureCount": state.get("ToleratedFailureCount", 0),
        "itemCounts": {**zero, "pending": items, "total": items},
        "executionCounts": {**zero, "pending": executions, "total": executions},
        "redriveCount": 0,
        "_stateMachineArn": f"{place}:stateMachine:{machine}/{label}",
    }
    sfn._map_runs[run["mapRunArn"]] = run
    return run


def _child(run: State, given: Any) -> State:
    from ministack.services import stepfunctions as sfn

    name = sfn.new_uuid()
    return {
        "executionArn": f"{run['_stateMachineArn'].replace(':stateMachine:', ':execution:')}:{name}",
        "stateMachineArn": run["_stateMachineArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": sfn.now_iso(),
        "stopDate": None,
        "input": json.dumps(given),
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": {"included": True},
        "mapRunArn": run["mapRunArn"],
        "events": [],
    }


def _run(processor: State, child: State, ctx: State) -> Any:
    """The execution, which sees nothing of the one that started it."""
    from ministack.services import stepfunctions as sfn

    given = json.loads(child["input"])
    own = {
        "QueryLanguage": ctx.get("QueryLanguage"),
        "Execution": {
            "Id": child["executionArn"],
            "Input": given,
            "Name": child["name"],
            "StartTime": child["startDate"],
        },
        "StateMachine": {"Id": child["stateMachineArn"], "Name": child["stateMachineArn"].rpartition(":")[2]},
        "variables": {},
    }
    return sfn._run_sub_machine(processor["States"], processor["StartAt"], given, child, own)


def _exceeded(state: State, counts: State) -> bool:
    count, share = state.get("ToleratedFailureCount"), state.get("ToleratedFailurePercentage")
    failed = counts["failed"]
    if not count and not share:
        return bool(failed)
    return bool((count and failed > count) or (share and failed * 100 > share * counts["total"]))


def _written(writer: State, results: Sequence[tuple[bool, Any]], run: State, value: Any, ctx: State) -> State:
    """The results in S3, and where their manifest is."""
    place = _evaluated(writer, "Arguments", value, ctx, {})
    bucket, folder = place["Bucket"], "/".join([place["Prefix"], run["mapRunArn"].rpartition(":")[2]])
    good = [output for went_well, output in results if went_well]
    if writer.get("WriterConfig", {}).get("Transformation") == "FLATTEN":
        good = [one for output in good for one in (output if isinstance(output, list) else [output])]
    files: dict[str, list[State]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    bad = [output for went_well, output in results if not went_well]
    for kind, outputs in (("SUCCEEDED", good), ("FAILED", bad)):
        if outputs:
            key = f"{folder}/{kind}_0.json"
            files[kind].append({"Key": key, "Size": _put(bucket, key, outputs)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run["mapRunArn"], "ResultFiles": files}
    _put(bucket, f"{folder}/manifest.json", manifest)
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": details}


def _put(bucket: str, key: str, content: Any) -> int:
    from ministack.services import s3
    from ministack.services import stepfunctions as sfn

    body = json.dumps(content).encode()
    status = s3._put_object(bucket, key, body, {"content-type": "application/json"})[0]
    if status >= 300:
        raise sfn._ExecutionError("States.ResultWriterFailed", f"s3://{bucket}/{key} cannot be written: {status}")
    return len(body)
