"""bunsui inside a function: the public names, as stubs of their declarations."""

from .dataset import Dataset
from .declarations import (
    Bucket,
    BunsuiError,
    BunsuiErrors,
    Fallback,
    Job,
    Lambda,
    Operation,
    Parameter,
    Pipeline,
    Retry,
    Table,
    Workspace,
    __version__,
    operation,
)

__all__ = [
    "Bucket",
    "BunsuiError",
    "BunsuiErrors",
    "Dataset",
    "Fallback",
    "Job",
    "Lambda",
    "Operation",
    "Parameter",
    "Pipeline",
    "Retry",
    "Table",
    "Workspace",
    "__version__",
    "operation",
]
