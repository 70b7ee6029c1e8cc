"""bunsui inside a function: the public names; what only declares has a stand-in."""

from .dataset import Dataset
from .decision import Decision
from .declarations import Bucket, Operation, Table, __version__, operation, stand_in
from .failure import Failure

_DECLARATIONS = (
    "Approval",
    "Ask",
    "BunsuiError",
    "BunsuiErrors",
    "Choice",
    "Condition",
    "Csv",
    "Distributed",
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
    "Parameter",
    "Parquet",
    "Pipeline",
    "Repeat",
    "Retry",
    "Skip",
    "Wait",
    "Workspace",
    "contains",
    "ends_with",
    "exists",
    "is_in",
    "length",
    "matches",
    "starts_with",
)

globals().update((name, stand_in(name)) for name in _DECLARATIONS)

__all__ = ["Bucket", "Dataset", "Decision", "Failure", "Operation", "Table", "__version__", "operation", *_DECLARATIONS]
