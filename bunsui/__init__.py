"""bunsui: data pipelines on AWS, declared as Python objects.

Each public name is imported when it is first used, so that `import bunsui` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bunsui._version import __version__ as __version__
    from bunsui.errors import BunsuiError as BunsuiError
    from bunsui.errors import BunsuiErrors as BunsuiErrors
    from bunsui.model.approval import Approval as Approval
    from bunsui.model.ask import Ask as Ask
    from bunsui.model.choice import Choice as Choice
    from bunsui.model.condition import Condition as Condition
    from bunsui.model.condition import contains as contains
    from bunsui.model.condition import ends_with as ends_with
    from bunsui.model.condition import exists as exists
    from bunsui.model.condition import is_in as is_in
    from bunsui.model.condition import length as length
    from bunsui.model.condition import matches as matches
    from bunsui.model.condition import starts_with as starts_with
    from bunsui.model.distributed import Distributed as Distributed
    from bunsui.model.handle import Handle as Handle
    from bunsui.model.items import Csv as Csv
    from bunsui.model.items import Json as Json
    from bunsui.model.items import JsonLines as JsonLines
    from bunsui.model.items import Manifest as Manifest
    from bunsui.model.items import Objects as Objects
    from bunsui.model.items import Parquet as Parquet
    from bunsui.model.job import Job as Job
    from bunsui.model.map import Map as Map
    from bunsui.model.nested import Nested as Nested
    from bunsui.model.on_error import Fallback as Fallback
    from bunsui.model.on_error import Skip as Skip
    from bunsui.model.operation import Operation as Operation
    from bunsui.model.operation import operation as operation
    from bunsui.model.pipeline import Pipeline as Pipeline
    from bunsui.model.references import Parameter as Parameter
    from bunsui.model.repeat import Repeat as Repeat
    from bunsui.model.retry import Retry as Retry
    from bunsui.model.wait import Finished as Finished
    from bunsui.model.wait import Wait as Wait
    from bunsui.resources.bucket import Bucket as Bucket
    from bunsui.resources.table import Table as Table
    from bunsui.runtime.dataset import Dataset as Dataset
    from bunsui.runtime.decision import Decision as Decision
    from bunsui.runtime.failure import Failure as Failure
    from bunsui.targets.lambda_ import Lambda as Lambda
    from bunsui.workspace import Workspace as Workspace

_HOMES = {
    "Approval": "bunsui.model.approval",
    "Ask": "bunsui.model.ask",
    "Bucket": "bunsui.resources.bucket",
    "BunsuiError": "bunsui.errors",
    "BunsuiErrors": "bunsui.errors",
    "Choice": "bunsui.model.choice",
    "Condition": "bunsui.model.condition",
    "Csv": "bunsui.model.items",
    "Dataset": "bunsui.runtime.dataset",
    "Decision": "bunsui.runtime.decision",
    "Distributed": "bunsui.model.distributed",
    "Failure": "bunsui.runtime.failure",
    "Fallback": "bunsui.model.on_error",
    "Finished": "bunsui.model.wait",
    "Handle": "bunsui.model.handle",
    "Job": "bunsui.model.job",
    "Json": "bunsui.model.items",
    "JsonLines": "bunsui.model.items",
    "Lambda": "bunsui.targets.lambda_",
    "Manifest": "bunsui.model.items",
    "Map": "bunsui.model.map",
    "Nested": "bunsui.model.nested",
    "Objects": "bunsui.model.items",
    "Operation": "bunsui.model.operation",
    "Parameter": "bunsui.model.references",
    "Parquet": "bunsui.model.items",
    "Pipeline": "bunsui.model.pipeline",
    "Repeat": "bunsui.model.repeat",
    "Retry": "bunsui.model.retry",
    "Skip": "bunsui.model.on_error",
    "Table": "bunsui.resources.table",
    "Wait": "bunsui.model.wait",
    "Workspace": "bunsui.workspace",
    "__version__": "bunsui._version",
    "contains": "bunsui.model.condition",
    "ends_with": "bunsui.model.condition",
    "exists": "bunsui.model.condition",
    "is_in": "bunsui.model.condition",
    "length": "bunsui.model.condition",
    "matches": "bunsui.model.condition",
    "operation": "bunsui.model.operation",
    "starts_with": "bunsui.model.condition",
}

__all__ = [
    "Approval",
    "Ask",
    "Bucket",
    "BunsuiError",
    "BunsuiErrors",
    "Choice",
    "Condition",
    "Csv",
    "Dataset",
    "Decision",
    "Distributed",
    "Failure",
    "Fallback",
    "Finished",
    "Handle",
    "Job",
    "Json",
    "JsonLines",
    "Lambda",
    "Manifest",
    "Map",
    "Nested",
    "Objects",
    "Operation",
    "Parameter",
    "Parquet",
    "Pipeline",
    "Repeat",
    "Retry",
    "Skip",
    "Table",
    "Wait",
    "Workspace",
    "__version__",
    "contains",
    "ends_with",
    "exists",
    "is_in",
    "length",
    "matches",
    "operation",
    "starts_with",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'bunsui' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
