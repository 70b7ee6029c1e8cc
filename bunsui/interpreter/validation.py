"""What AWS refuses at CreateStateMachine, found before anything is compiled.

Every problem says where it is: a JSON pointer into the definition, and one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from bunsui.interpreter import schema
from bunsui.interpreter.diagnostics import SCHEMA_FAILED, Diagnostic, Scope, missing, typed, wrong
from bunsui.interpreter.fields import SERVICE, moment
from bunsui.interpreter.naming import check_names
from bunsui.interpreter.queries import is_jsonata
from bunsui.interpreter.scoping import check_scopes
from bunsui.interpreter.transitions import transitions


def check(definition: Any, workflow_type: str = "STANDARD") -> Iterator[Diagnostic]:
    """Every problem of a parsed definition."""
    if not isinstance(definition, dict):
        yield Diagnostic(SCHEMA_FAILED, "Definition must be a valid JSON object")
        return
    yield from machine(definition, Scope("", False, workflow_type == "EXPRESS"))
    yield from check_names(definition)
    yield from check_scopes(definition)


def machine(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A definition, branch or item processor."""
    yield from missing(value, ("States", "StartAt"), scope.path)
    yield from typed(value, schema.MACHINE_FIELDS, scope)
    scope = yield from language(value, scope)
    states = value.get("States")
    if not isinstance(states, dict):
        return
    if not states:
        yield wrong("Value cannot be empty", scope.at("States"))
    place = scope.at("States")
    for name, content in states.items():
        here = Scope(f"{place}/{name}", scope.jsonata, scope.express, scope.fixed)
        if not isinstance(content, dict):
            yield wrong("Value is not of type OBJECT", here.path)
            continue
        yield from state(content, here)
    yield from transitions(value, states, scope)


def language(value: Mapping[str, Any], scope: Scope) -> Generator[Diagnostic, None, Scope]:
    """The query language that holds below; JSONata cannot be taken back."""
    chosen = value.get("QueryLanguage")
    if chosen is None:
        return scope
    if chosen not in ("JSONPath", "JSONata"):
        yield wrong("Value is not one of: [JSONPath, JSONata]", scope.at("QueryLanguage"))
        return scope
    if chosen == "JSONPath" and scope.fixed:
        yield wrong("QueryLanguage cannot be JSONPath below JSONata", scope.at("QueryLanguage"))
    top = not scope.path
    return Scope(scope.path, chosen == "JSONata", scope.express, scope.fixed or (top and chosen == "JSONata"))


def state(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """One state."""
    kind = value.get("Type")
    if not isinstance(kind, str) or kind not in schema.JSONPATH_FIELDS:
        if "Type" in value:
            known = ", ".join(schema.TYPES)
            yield wrong(f"The field 'Type' should have one of these values: [{known}]", scope.at("Type"))
        else:
            yield wrong("The field 'Type' is required but was missing", scope.path)
        return
    if "QueryLanguage" in value:
        scope = yield from language(value, scope)
    table = schema.JSONATA_FIELDS if scope.jsonata else schema.JSONPATH_FIELDS
    yield from typed(value, table[kind], scope)
    if kind in PARTS:
        yield from missing(value, schema.REQUIRED.get(kind, ()), scope.path)
        yield from handlers(value, scope)
        yield from PARTS[kind](value, scope)
    for first, second in schema.EXCLUSIVE[kind]:
        if first in value and second in value:
            yield wrong(f"Only one of these fields is allowed: [{first}, {second}]", scope.path)


HANDLERS = (
    ("Retry", schema.RETRY_FIELDS, ("ErrorEquals",)),
    ("Catch", schema.CATCH_FIELDS, ("ErrorEquals", "Next")),
)


def handlers(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """Retry and Catch."""
    for field, fields, required in HANDLERS:
        entries = value.get(field)
        for at, entry in enumerate(entries if isinstance(entries, list) else ()):
            here = Scope(f"{scope.at(field)}[{at}]", scope.jsonata, scope.express)
            if not isinstance(entry, dict):
                yield wrong("Value is not of type OBJECT", here.path)
                continue
            yield from missing(entry, required, here.path)
            yield from typed(entry, fields, here)
            yield from error_names(entry.get("ErrorEquals"), at == len(entries or ()) - 1, here)
            yield from ranges(entry, here)


def ranges(entry: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """The numbers of a retrier."""
    for field, least in schema.LEAST.items():
        number = entry.get(field)
        if isinstance(number, int | float) and not isinstance(number, bool) and number < least:
            yield wrong(f"Value is less than the minimum of {least}", scope.at(field))
    if entry.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield wrong("Value is not one of: [FULL, NONE]", scope.at("JitterStrategy"))


def error_names(names: Any, last: bool, scope: Scope) -> Iterator[Diagnostic]:
    """ErrorEquals: names, and States.ALL only alone and last."""
    if not isinstance(names, list):
        return
    here = scope.at("ErrorEquals")
    if not names or not all(isinstance(name, str) for name in names):
        yield wrong("Value is not a non-empty array of strings", here)
    elif "States.ALL" in names and len(names) > 1:
        yield wrong("States.ALL must appear alone in ErrorEquals", here)
    elif "States.ALL" in names and not last:
        yield wrong("States.ALL must be in the last entry", here)


def task(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A Task."""
    credentials = value.get("Credentials")
    if isinstance(credentials, dict) and not {"RoleArn", "RoleArn.$"} & credentials.keys():
        yield wrong("The field 'RoleArn' is required but was missing", scope.at("Credentials"))
    timeout, heartbeat = value.get("TimeoutSeconds"), value.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield wrong("HeartbeatSeconds must be smaller than TimeoutSeconds", scope.at("HeartbeatSeconds"))
    resource = value.get("Resource")
    found = SERVICE.match(resource) if isinstance(resource, str) else None
    if found and scope.express and found[3]:
        ending = f"'.{found[3]}'"
        yield wrong(f"Express state machine does not support {ending} service integration ", scope.at("Resource"))
    if resource == "":
        yield wrong("Value is not a valid resource ARN", scope.at("Resource"))


def wait(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A Wait: one way to say how long."""
    given = [field for field in schema.WAIT_FIELDS if field in value]
    if len(given) != 1:
        yield wrong(f"Exactly one of these fields is required: [{', '.join(schema.WAIT_FIELDS)}]", scope.path)
    stamp = value.get("Timestamp")
    if isinstance(stamp, str) and moment(stamp) is None and not (scope.jsonata and is_jsonata(stamp)):
        yield wrong("String does not match RFC3339 timestamp", scope.at("Timestamp"))


def choice(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A Choice."""
    rules = value.get("Choices")
    if not isinstance(rules, list):
        return
    if not rules:
        yield wrong("Value cannot be empty", scope.at("Choices"))
    for at, rule in enumerate(rules):
        place = f"{scope.at('Choices')}[{at}]"
        if not isinstance(rule, dict):
            yield wrong("Value is not of type OBJECT", place)
            continue
        yield from missing(rule, ("Condition", "Next") if scope.jsonata else ("Next",), place)
        if "Next" in rule and not isinstance(rule["Next"], str):
            yield wrong("Value is not of type STRING", f"{place}/Next")
        condition = rule.get("Condition")
        if condition is not None and not isinstance(condition, bool) and not is_jsonata(condition):
            yield wrong("Value is not a JSONata expression or a boolean", f"{place}/Condition")
        if "Assign" in rule and not isinstance(rule["Assign"], dict):
            yield wrong("Value is not of type OBJECT", f"{place}/Assign")


def parallel(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A Parallel."""
    branches = value.get("Branches")
    if branches == []:
        yield wrong("Value cannot be empty", scope.at("Branches"))
    for at, branch in enumerate(branches if isinstance(branches, list) else ()):
        here = Scope(f"{scope.at('Branches')}[{at}]", scope.jsonata, scope.express, scope.fixed)
        if isinstance(branch, dict):
            yield from machine(branch, here)
        else:
            yield wrong("Value is not of type OBJECT", here.path)


MAP_PARTS = (
    ("ItemReader", schema.READER_FIELDS, ("Resource",)),
    ("ItemBatcher", schema.BATCHER_FIELDS, ()),
    ("ResultWriter", schema.WRITER_FIELDS, ()),
)


def below(scope: Scope, field: str) -> Scope:
    """The scope of a field."""
    return Scope(scope.at(field), scope.jsonata, scope.express, scope.fixed)


def part(value: Any, fields: Mapping[str, str], required: tuple[str, ...], scope: Scope) -> Iterator[Diagnostic]:
    """An object within a state."""
    if isinstance(value, dict):
        yield from missing(value, required, scope.path)
        yield from typed(value, fields, scope)


def reader_config(value: Any, scope: Scope) -> Iterator[Diagnostic]:
    """ReaderConfig: an inventory is always CSV, what is loaded from a listing needs a type."""
    yield from part(value, schema.READER_CONFIG_FIELDS, (), scope)
    config = value if isinstance(value, dict) else {}
    for field, known in schema.READER_VALUES.items():
        if isinstance(config.get(field), str) and config[field] not in known:
            yield wrong(f"Value is not one of: [{', '.join(known)}]", scope.at(field))
    if config.get("Transformation") == "LOAD_AND_FLATTEN" or config.get("ManifestType") == "ATHENA_DATA":
        yield from missing(config, ("InputType",), scope.path)
    if config.get("ManifestType") == "S3_INVENTORY" and "InputType" in config:
        yield wrong("InputType is not supported for an S3 inventory, which is always CSV", scope.at("InputType"))


def mapped(value: Mapping[str, Any], scope: Scope) -> Iterator[Diagnostic]:
    """A Map."""
    name = "Iterator" if "Iterator" in value else "ItemProcessor"
    if name not in value:
        yield from missing(value, ("ItemProcessor",), scope.path)
        return
    processor = value[name]
    if not isinstance(processor, dict):
        return
    config = processor.get("ProcessorConfig")
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else "INLINE"
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield wrong("Value is not one of: [INLINE, DISTRIBUTED]", scope.at(name, "ProcessorConfig", "Mode"))
    if mode == "DISTRIBUTED" and scope.express:
        yield wrong("Express state machine does not support Distributed Map", scope.at(name, "ProcessorConfig"))
    for field in ("ItemReader", "ItemBatcher", "ResultWriter", "Label"):
        if mode == "INLINE" and field in value:
            yield wrong("Field is only supported in Distributed Map", scope.at(field))
    for field, fields, required in MAP_PARTS:
        yield from part(value.get(field), fields, required, below(scope, field))
    reader = value.get("ItemReader")
    if isinstance(reader, dict):
        yield from reader_config(reader.get("ReaderConfig"), below(below(scope, "ItemReader"), "ReaderConfig"))
    items = value.get("Items")
    if items is not None and not isinstance(items, list | dict) and not is_jsonata(items):
        yield wrong("Value is not an array or a JSONata expression", scope.at("Items"))
    express = isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS"
    yield from machine(processor, Scope(scope.at(name), scope.jsonata, scope.express or express, scope.fixed))


PARTS: Mapping[str, Callable[[Mapping[str, Any], Scope], Iterator[Diagnostic]]] = {
    "Task": task,
    "Wait": wait,
    "Choice": choice,
    "Parallel": parallel,
    "Map": mapped,
}
