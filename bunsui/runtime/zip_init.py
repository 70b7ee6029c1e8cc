"""bunsui inside a function: the public names; what only declares has a stand-in."""

from .dataset import Dataset
from .decision import Decision
from .declarations import Bucket, Operation, Table, __version__, operation, stand_in

_DECLARATIONS = (
    "Approval",
    "BunsuiError",
    "BunsuiErrors",
    "Fallback",
    "Finished",
    "Job",
    "Lambda",
    "Parameter",
    "Pipeline",
    "Retry",
    "Wait",
    "Workspace",
)

globals().update((name, stand_in(name)) for name in _DECLARATIONS)

__all__ = ["Bucket", "Dataset", "Decision", "Operation", "Table", "__version__", "operation", *_DECLARATIONS]
