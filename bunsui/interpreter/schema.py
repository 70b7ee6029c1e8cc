"""Which fields a state may have, and of what type: the tables behind validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bunsui.interpreter.queries import is_jsonata

STRING: Final = "STRING"
INTEGER: Final = "INTEGER"
NUMBER: Final = "NUMBER"
BOOLEAN: Final = "BOOLEAN"
OBJECT: Final = "OBJECT"
ARRAY: Final = "ARRAY"
ANY: Final = "ANY"
PATH: Final = "PATH"
NULLABLE_PATH: Final = "NULLABLE_PATH"
TEXT: Final = "TEXT"
"""A string that may be a JSONata expression."""
COUNT: Final = "COUNT"
"""A whole number that may be a JSONata expression."""


def whole(value: Any) -> bool:
    """An integer of JSON."""
    return isinstance(value, int) and not isinstance(value, bool)


CHECKS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    STRING: (lambda value: isinstance(value, str), "Value is not of type STRING"),
    TEXT: (lambda value: isinstance(value, str), "Value is not of type STRING"),
    INTEGER: (whole, "Value is not of type INTEGER"),
    NUMBER: (
        lambda value: (isinstance(value, int | float) and not isinstance(value, bool)) or is_jsonata(value),
        "Value is not of type NUMBER",
    ),
    COUNT: (lambda value: (whole(value) and value >= 0) or is_jsonata(value), "Value is not of type INTEGER"),
    BOOLEAN: (lambda value: isinstance(value, bool), "Value is not of type BOOLEAN"),
    OBJECT: (lambda value: isinstance(value, dict), "Value is not of type OBJECT"),
    ARRAY: (lambda value: isinstance(value, list), "Value is not of type ARRAY"),
    ANY: (lambda value: True, ""),
    PATH: (lambda value: isinstance(value, str), "Value is not a valid JSONPath"),
    NULLABLE_PATH: (lambda value: value is None or isinstance(value, str), "Value is not a valid JSONPath"),
}

COMMON: Final[Mapping[str, str]] = {"Type": STRING, "Comment": STRING, "QueryLanguage": STRING}
TRANSITION: Final[Mapping[str, str]] = {"Next": STRING, "End": BOOLEAN}
PATHS: Final[Mapping[str, str]] = {"InputPath": NULLABLE_PATH, "OutputPath": NULLABLE_PATH}
RESULT: Final[Mapping[str, str]] = {"ResultSelector": ANY, "ResultPath": NULLABLE_PATH}
ASSIGN: Final[Mapping[str, str]] = {"Assign": OBJECT}
OUTPUT: Final[Mapping[str, str]] = {"Output": ANY}
HANDLERS: Final[Mapping[str, str]] = {"Retry": ARRAY, "Catch": ARRAY}
TASK: Final[Mapping[str, str]] = {
    "Resource": STRING,
    "TimeoutSeconds": COUNT,
    "HeartbeatSeconds": COUNT,
    "Credentials": OBJECT,
}
MAP: Final[Mapping[str, str]] = {
    "ItemProcessor": OBJECT,
    "Iterator": OBJECT,
    "ItemSelector": ANY,
    "MaxConcurrency": COUNT,
    "ItemReader": OBJECT,
    "ItemBatcher": OBJECT,
    "ResultWriter": OBJECT,
    "ToleratedFailureCount": COUNT,
    "ToleratedFailurePercentage": NUMBER,
    "Label": STRING,
}


def of_states(table: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """A table of fields, with those that all states have."""
    return {kind: {**COMMON, **fields} for kind, fields in table.items()}


JSONPATH_FIELDS: Final = of_states(
    {
        "Pass": {**TRANSITION, **PATHS, **ASSIGN, "Parameters": ANY, "Result": ANY, "ResultPath": NULLABLE_PATH},
        "Succeed": {**PATHS},
        "Fail": {"Error": STRING, "ErrorPath": PATH, "Cause": STRING, "CausePath": PATH},
        "Wait": {
            **TRANSITION,
            **PATHS,
            **ASSIGN,
            "Seconds": COUNT,
            "SecondsPath": PATH,
            "Timestamp": STRING,
            "TimestampPath": PATH,
        },
        "Choice": {**PATHS, **ASSIGN, "Choices": ARRAY, "Default": STRING},
        "Task": {
            **TRANSITION,
            **PATHS,
            **RESULT,
            **ASSIGN,
            **HANDLERS,
            **TASK,
            "Parameters": ANY,
            "TimeoutSecondsPath": PATH,
            "HeartbeatSecondsPath": PATH,
        },
        "Parallel": {**TRANSITION, **PATHS, **RESULT, **ASSIGN, **HANDLERS, "Parameters": ANY, "Branches": ARRAY},
        "Map": {
            **TRANSITION,
            **PATHS,
            **RESULT,
            **ASSIGN,
            **HANDLERS,
            **MAP,
            "Parameters": ANY,
            "ItemsPath": PATH,
            "MaxConcurrencyPath": PATH,
            "ToleratedFailureCountPath": PATH,
            "ToleratedFailurePercentagePath": PATH,
        },
    }
)
JSONATA_FIELDS: Final = of_states(
    {
        "Pass": {**TRANSITION, **ASSIGN, **OUTPUT},
        "Succeed": {**OUTPUT},
        "Fail": {"Error": TEXT, "Cause": TEXT},
        "Wait": {**TRANSITION, **ASSIGN, **OUTPUT, "Seconds": COUNT, "Timestamp": TEXT},
        "Choice": {**ASSIGN, **OUTPUT, "Choices": ARRAY, "Default": STRING},
        "Task": {**TRANSITION, **ASSIGN, **OUTPUT, **HANDLERS, **TASK, "Arguments": ANY},
        "Parallel": {**TRANSITION, **ASSIGN, **OUTPUT, **HANDLERS, "Arguments": ANY, "Branches": ARRAY},
        "Map": {**TRANSITION, **ASSIGN, **OUTPUT, **HANDLERS, **MAP, "Items": ANY},
    }
)
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
EXCLUSIVE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Task": (("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")),
    "Map": (
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
        ("ItemProcessor", "Iterator"),
    ),
    **dict.fromkeys(("Pass", "Succeed", "Wait", "Choice", "Parallel"), ()),
}
WAIT_FIELDS: Final = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
TYPES: Final = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
LINEAR: Final = frozenset({"Pass", "Wait", "Task", "Parallel", "Map"})
"""States that say themselves where to go on, or that they end."""

MACHINE_FIELDS: Final[Mapping[str, str]] = {
    "Comment": STRING,
    "StartAt": STRING,
    "States": OBJECT,
    "QueryLanguage": STRING,
    "Version": STRING,
    "TimeoutSeconds": COUNT,
    "ProcessorConfig": OBJECT,
}
RETRY_FIELDS: Final[Mapping[str, str]] = {
    "ErrorEquals": ARRAY,
    "IntervalSeconds": INTEGER,
    "MaxAttempts": INTEGER,
    "BackoffRate": NUMBER,
    "MaxDelaySeconds": INTEGER,
    "JitterStrategy": STRING,
    "Comment": STRING,
}
LEAST: Final[Mapping[str, float]] = {"IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 1}
READER_FIELDS: Final[Mapping[str, str]] = {
    "Resource": STRING,
    "Parameters": OBJECT,
    "Arguments": ANY,
    "ReaderConfig": OBJECT,
}
READER_CONFIG_FIELDS: Final[Mapping[str, str]] = {
    "InputType": STRING,
    "Transformation": STRING,
    "CSVHeaderLocation": STRING,
    "CSVHeaders": ARRAY,
    "CSVDelimiter": STRING,
    "ManifestType": STRING,
    "ItemsPointer": STRING,
    "MaxItems": COUNT,
    "MaxItemsPath": PATH,
}
READER_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "InputType": ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
    "Transformation": ("NONE", "LOAD_AND_FLATTEN"),
    "ManifestType": ("ATHENA_DATA", "S3_INVENTORY"),
    "CSVHeaderLocation": ("FIRST_ROW", "GIVEN"),
    "CSVDelimiter": ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
}
BATCHER_FIELDS: Final[Mapping[str, str]] = {
    "BatchInput": ANY,
    "MaxItemsPerBatch": COUNT,
    "MaxItemsPerBatchPath": PATH,
    "MaxInputBytesPerBatch": COUNT,
    "MaxInputBytesPerBatchPath": PATH,
}
WRITER_FIELDS: Final[Mapping[str, str]] = {
    "Resource": STRING,
    "Parameters": OBJECT,
    "Arguments": ANY,
    "WriterConfig": OBJECT,
}
CATCH_FIELDS: Final[Mapping[str, str]] = {
    "ErrorEquals": ARRAY,
    "Next": STRING,
    "ResultPath": NULLABLE_PATH,
    "Output": ANY,
    "Assign": OBJECT,
    "Comment": STRING,
}
