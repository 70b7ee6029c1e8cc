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
    from bunsui.model.job import Job as Job
    from bunsui.model.on_error import Fallback as Fallback
    from bunsui.model.operation import Operation as Operation
    from bunsui.model.operation import operation as operation
    from bunsui.model.pipeline import Pipeline as Pipeline
    from bunsui.model.references import Parameter as Parameter
    from bunsui.model.retry import Retry as Retry
    from bunsui.model.wait import Finished as Finished
    from bunsui.model.wait import Wait as Wait
    from bunsui.resources.bucket import Bucket as Bucket
    from bunsui.resources.table import Table as Table
    from bunsui.runtime.dataset import Dataset as Dataset
    from bunsui.runtime.decision import Decision as Decision
    from bunsui.targets.lambda_ import Lambda as Lambda
    from bunsui.workspace import Workspace as Workspace

_HOMES = {
    "Approval": "bunsui.model.approval",
    "Bucket": "bunsui.resources.bucket",
    "BunsuiError": "bunsui.errors",
    "BunsuiErrors": "bunsui.errors",
    "Dataset": "bunsui.runtime.dataset",
    "Decision": "bunsui.runtime.decision",
    "Fallback": "bunsui.model.on_error",
    "Finished": "bunsui.model.wait",
    "Job": "bunsui.model.job",
    "Lambda": "bunsui.targets.lambda_",
    "Operation": "bunsui.model.operation",
    "Parameter": "bunsui.model.references",
    "Pipeline": "bunsui.model.pipeline",
    "Retry": "bunsui.model.retry",
    "Table": "bunsui.resources.table",
    "Wait": "bunsui.model.wait",
    "Workspace": "bunsui.workspace",
    "__version__": "bunsui._version",
    "operation": "bunsui.model.operation",
}

__all__ = [
    "Approval",
    "Bucket",
    "BunsuiError",
    "BunsuiErrors",
    "Dataset",
    "Decision",
    "Fallback",
    "Finished",
    "Job",
    "Lambda",
    "Operation",
    "Parameter",
    "Pipeline",
    "Retry",
    "Table",
    "Wait",
    "Workspace",
    "__version__",
    "operation",
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
