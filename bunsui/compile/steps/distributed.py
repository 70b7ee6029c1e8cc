"""A distributed map: a Map state that AWS runs as a Map Run, each element or batch in an execution of its own.

Such an execution sees nothing of its parent, so it is given what a job is given: session, attempt, parameters and the
results that its operation takes. Source: AWS Step Functions developer guide, "state-map-distributed".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bunsui.compile import tables
from bunsui.compile.states import CONTEXT_INPUT, Link, field, jsonata, machine, retrier, state_name, text
from bunsui.compile.steps.context import Context
from bunsui.compile.steps.elements import INDEX, VALUE, list_facts, listed
from bunsui.model.binding import Bound
from bunsui.model.binding_map import ITEM
from bunsui.model.calls import Call, Why
from bunsui.model.distributed import Distributed
from bunsui.model.items import Objects, array
from bunsui.model.map import EACH, OVER, Map
from bunsui.model.names import ACCOUNT, PARTITION, REGION, Names, artefact_bucket, spill_prefix
from bunsui.model.references import FromHere, FromOutput, FromParameter
from bunsui.model.step import Step
from bunsui.model.target import Json, State

WRITTEN = 200 * 1024
"""Bytes of a result that AWS is to write: an execution's output has 256 KiB (AWS Step Functions quotas)."""


def links(bound: Bound, context: Context) -> list[Link]:
    """The Map; where its result is a list, behind it a look at how many elements there were."""
    step, settings = _settings(bound)
    state: State = {"Type": "Map", "Label": step.label, **_elements(bound, context)}
    envelope, given = state["ItemSelector"], _given(bound.parts[EACH], context)
    if settings.batch is None:
        state["ItemSelector"] = {**given, "item": envelope, "index": jsonata(INDEX)}
    else:
        state["ItemSelector"] = {"item": envelope, "index": jsonata(INDEX)}
        bounds = {"MaxItemsPerBatch": settings.batch, "MaxInputBytesPerBatch": settings.batch_bytes}
        state["ItemBatcher"] = {"BatchInput": given, **bounds}
    state |= {
        "MaxConcurrency": step.at_a_time,
        **_tolerated(settings),
        "ItemProcessor": _processor(bound, context),
        "ResultWriter": _writer(step, settings, context),
    }
    if step.description:
        state = {"Comment": step.description, **state}
    if settings.results is not None:
        state["Assign"] = {context.result(step.name): jsonata(context.told(step.name, _MANIFEST))}
        return [Link(state_name(step.name), state)]
    run = f"run{context.depth}"
    state["Assign"] = {run: jsonata("$states.result.MapRunArn")}
    return [Link(state_name(step.name), state), _counted(bound, run, context)]


_WROTE = "$states.result.ResultWriterDetails"
_MANIFEST = f'{{"uri": "s3://" & {_WROTE}.Bucket & "/" & {_WROTE}.Key, "format": "json", "rows": null, "bytes": null}}'
"""JSONata of the Dataset that a ResultWriter leaves (developer guide, "input-output-resultwriter")."""


def _settings(bound: Bound) -> tuple[Map, Distributed]:
    step = bound.operation
    assert isinstance(step, Map)
    assert step.distributed is not None
    return step, step.distributed


def _elements(bound: Bound, context: Context) -> dict[str, Json]:
    """Where the elements come from, and the envelope of one."""
    step, settings = _settings(bound)
    over = bound.inputs.get(OVER)
    if step.source is None and not isinstance(over, FromOutput):
        assert over is not None
        elements = listed(over, context)
        return {"Items": elements.items, "ItemSelector": elements.envelope}
    if step.source is None:
        assert isinstance(over, FromOutput)
        config = array(over.path)
        key = jsonata(f"{context.whole(over.operation)}.pointer")
        place: dict[str, Json] = {"Bucket": artefact_bucket(), "Key": key}
    else:
        config = step.source.config()
        place = _place(bound, context)
    most = {} if settings.max_items is None else {"MaxItems": settings.max_items}
    reads = "listObjectsV2" if isinstance(step.source, Objects) else "getObject"
    resource = f"arn:{PARTITION}:states:::s3:{reads}"
    reader = {"Resource": resource, "Arguments": place}
    if config or most:
        reader["ReaderConfig"] = {**config, **most}
    envelope: Json = {"value": jsonata(VALUE)}
    if isinstance(step.source, Objects):
        uri = jsonata(f'"s3://" & {_inside(place["Bucket"])} & "/" & {VALUE}.Key')
        envelope = {"value": {"uri": uri, "format": None, "rows": None, "bytes": jsonata(f"{VALUE}.Size")}}
    return {"ItemReader": reader, "ItemSelector": envelope}


def _inside(value: str) -> str:
    """A field's value within a JSONata expression."""
    return value[3:-3] if value.startswith("{% ") else f'"{value}"'


def _place(bound: Bound, context: Context) -> dict[str, Json]:
    """Bucket and key, or prefix, of what is read."""
    step, _ = _settings(bound)
    assert step.source is not None
    listing = isinstance(step.source, Objects)
    if step.source.place is not None:
        bucket, path = step.source.place.resource.physical_name(context.plan.names), step.source.place.path
        if listing:
            return {"Bucket": bucket, **({"Prefix": f"{path}/"} if path else {})}
        return {"Bucket": bucket, "Key": path}
    over = bound.inputs[OVER]
    assert isinstance(over, FromOutput)
    after = f'$substringAfter({context.read(FromOutput(over.operation, (*over.path, "uri")))}, "s3://")'
    bucket, key = jsonata(f'$substringBefore({after}, "/")'), f'$substringAfter({after}, "/")'
    if not listing:
        return {"Bucket": bucket, "Key": jsonata(key)}
    return {"Bucket": bucket, "Prefix": jsonata(f'($key := {key}; $key = "" or $key ~> /\\/$/ ? $key : $key & "/")')}


def _given(each: Bound, context: Context) -> dict[str, Json]:
    """What an execution is given besides its elements, as a job is."""
    sources = list(each.sources)
    parameters = sorted({one.name for one in sources if isinstance(one, FromParameter)})
    results = sorted({one.operation for one in sources if isinstance(one, FromOutput)})
    return {
        "session": jsonata(f"{context.given}.session"),
        "attempt": jsonata(f"{context.given}.attempt"),
        "parameters": {name: jsonata(f"{context.given}.parameters.{field(name)}") for name in parameters},
        "inputs": {name: jsonata(context.whole(name)) for name in results},
    }


def _tolerated(settings: Distributed) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if settings.tolerated:
        found["ToleratedFailureCount"] = settings.tolerated
    if settings.tolerated_percent:
        found["ToleratedFailurePercentage"] = settings.tolerated_percent
    return found


def _processor(bound: Bound, context: Context) -> State:
    """The machine that an execution runs. It results in nothing where the function itself keeps the result."""
    step, settings = _settings(bound)
    each = bound.parts[EACH]
    one = settings.batch is None
    about: dict[str, Json] = {"inline": WRITTEN}
    if settings.results is None:
        about = {"part": jsonata(f"{CONTEXT_INPUT}.index" if one else f"{CONTEXT_INPUT}.Items[0].index")}
    item = next(name for name, source in each.inputs.items() if isinstance(source, FromHere))
    if not one:
        about |= {"batch": True, "item": item}
    if step.source is not None and step.source.textual:
        about |= {"text": True, "item": item}
    inner = Context(
        context.plan,
        {},
        0,
        context.emit,
        here={ITEM: jsonata(f"{CONTEXT_INPUT}.item")},
        given=CONTEXT_INPUT if one else f"{CONTEXT_INPUT}.BatchInput",
        about=about,
        batch=None if one else jsonata(f"[{CONTEXT_INPUT}.Items.item]"),
    )
    chain = inner.links(each)
    made = machine(chain, {} if settings.results is None else jsonata(inner.scope[each.operation.name]))
    if settings.results is not None:
        made["States"] = {name: _bare(state) for name, state in made["States"].items()}
    kind = "EXPRESS" if settings.express else "STANDARD"
    return {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **made}


def _bare(state: State) -> State:
    """A last state that results in the value itself, as AWS is to write it."""
    if not state.get("End"):
        return state
    output = state["Output"]
    if isinstance(output, dict):
        return {**state, "Output": output.get("value")}
    envelope = _inside(output)
    problem = text(f"a result has more than {WRITTEN} bytes of JSON; write it to a bucket and return a Dataset")
    value = f"$exists({envelope}.pointer) ? $error({problem}) : $exists({envelope}.value) ? {envelope}.value : null"
    return {**state, "Output": jsonata(value)}


def _writer(step: Map, settings: Distributed, context: Context) -> State:
    """Where AWS writes what became of the elements."""
    flat = settings.results is not None and settings.batch is not None
    if settings.results is not None:
        bucket, prefix = settings.results.resource.physical_name(context.plan.names), settings.results.path
    else:
        bucket, prefix = artefact_bucket(), _prefix(step.name, context)
    return {
        "Resource": f"arn:{PARTITION}:states:::s3:putObject",
        "WriterConfig": {"Transformation": "FLATTEN" if flat else "COMPACT", "OutputType": "JSON"},
        "Arguments": {"Bucket": bucket, "Prefix": prefix},
    }


def _prefix(name: str, context: Context) -> str:
    """What the keys of a step's parts begin with, as a value."""
    return jsonata(f"{_inside(context.prefix(context.plan.job))} & {text(f'/{name}')}")


def _counted(bound: Bound, run: str, context: Context) -> Link:
    """The Task that asks how many elements there were, and assigns the list."""
    step, settings = _settings(bound)
    count = "$states.result.ItemCounts.Total"
    parts = {
        "parts": _prefix(step.each.name, context),
        "count": jsonata(count),
        "batch": settings.batch or 1,
        **list_facts(step.name, count, context),
    }
    task: State = {
        "Type": "Task",
        "Resource": f"arn:{PARTITION}:states:::aws-sdk:sfn:describeMapRun",
        "Arguments": {"MapRunArn": jsonata(f"${run}")},
        "TimeoutSeconds": tables.TIMEOUT,
        "Assign": {context.result(step.name): parts},
        "Retry": [retrier(("States.TaskFailed", "States.Timeout"), **tables.RETRY)],
    }
    return Link(state_name(f"{step.name}: count"), task)


def makes_parts(step: Step) -> bool:
    """Whether its result is a list that lies in S3 in parts."""
    return isinstance(step, Map) and step.distributed is not None and step.distributed.results is None


def kept_apart(operations: Iterable[Bound]) -> frozenset[str]:
    """The steps whose results have to lie in S3, because a distributed map reads its elements there."""
    found = set()
    for outer in operations:
        for bound in outer.all:
            step, over = bound.operation, bound.inputs.get(OVER)
            if isinstance(step, Map) and step.distributed is not None and step.source is None:
                found |= {over.operation} if isinstance(over, FromOutput) else set()
    return frozenset(found)


def calls(bound: Bound, workers: Mapping[str, str], names: Names) -> Iterator[Call]:
    """What the state machine needs for a Map Run (AWS Step Functions developer guide, "iam-policies-eg-dist-map")."""
    step = bound.operation
    assert isinstance(step, Map)
    if step.distributed is None:
        return
    states, machine = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}", names.job(bound.job)
    run = Why(step.name, "run the map's executions", step.where)
    yield Call("states:StartExecution", f"{states}:stateMachine:{machine}", run)
    yield Call("states:DescribeExecution", f"{states}:execution:{machine}:*", run)
    yield Call("states:StopExecution", f"{states}:execution:{machine}:*", run)
    yield Call("states:RedriveExecution", f"{states}:execution:{machine}/{step.label}:*", run)
    if step.distributed.results is None:
        count = Why(step.name, "count the map's elements", step.where)
        yield Call("states:DescribeMapRun", f"{states}:mapRun:{machine}/{step.label}:*", count)
    yield from _reads(bound, names)
    yield from _writes(step, step.distributed, names)


def _reads(bound: Bound, names: Names) -> Iterator[Call]:
    step, _ = _settings(bound)
    for access in step.source.reads if step.source is not None else ():
        why = Why(step.name, f"reads its elements from {access.label}", step.where)
        yield from access.resource.calls("reads", access.path, names, why)
    if step.source is None and isinstance(bound.inputs[OVER], FromOutput):
        why = Why(step.name, "reads its elements from a result", step.where)
        yield Call("s3:GetObject", f"{_spilled(names)}/*", why)


def _writes(step: Map, settings: Distributed, names: Names) -> Iterator[Call]:
    why = Why(step.name, "write what became of the elements", step.where)
    below = _spilled(names)
    if settings.results is not None:
        resource, path = settings.results.resource, settings.results.path
        below = f"arn:{PARTITION}:s3:::{resource.physical_name(names)}/{path}"
        yield from resource.calls("writes", path, names, why)
    for action in ("AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"):
        yield Call(f"s3:{action}", f"{below}/*", why)


def _spilled(names: Names) -> str:
    return f"arn:{PARTITION}:s3:::{artefact_bucket()}/{spill_prefix(names.stack)}"
