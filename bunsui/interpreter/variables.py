"""How much variables may hold: 256 KiB each and by one state, 10 MiB in a scope.

Source: "Passing data between states with variables" of the Step Functions developer guide. The values count as JSON,
without the names. What parallel branches hold is not added up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bunsui.interpreter import faults
from bunsui.interpreter.faults import Fault
from bunsui.interpreter.jsonvalue import DATA_LIMIT, size, size_at_most

if TYPE_CHECKING:
    from bunsui.interpreter.branch import Branch

TOTAL_LIMIT = 10_485_760


def check_variables(branch: Branch, state: str, assigned: Mapping[str, Any]) -> None:
    """Hold what a state assigns against the limits.

    Raises:
        Fault: States.DataLimitExceeded.
    """
    most = 0
    for value in assigned.values():
        most += size_at_most(value)
    if most > DATA_LIMIT:
        most = check_assignment(state, assigned)
    branch.volume += most
    if branch.volume > TOTAL_LIMIT:
        branch.volume = sum(map(size, {**branch.variables, **assigned}.values()))
    if branch.volume > TOTAL_LIMIT:
        raise exceeded(
            f"Execution total variable size limit exceeded. State '{state}' assigned variables that exceed the total "
            f"execution limit by {branch.volume - TOTAL_LIMIT} bytes.",
            "Assign",
        )


def check_assignment(state: str, assigned: Mapping[str, Any]) -> int:
    """Each variable, and all of one state; the value is their size."""
    total = 0
    for name, value in assigned.items():
        length = size(value)
        total += length
        if length > DATA_LIMIT:
            raise exceeded(
                f"Variable size limit exceeded. Variable '{name}' in state '{state}' was assigned {length} bytes.",
                f"Assign/{name}",
            )
        if total > DATA_LIMIT:
            raise exceeded(
                f"State total variable size limit exceeded. Variable '{name}' in state '{state}' was assigned {length} "
                "bytes, which caused the size of variables assigned in the state to exceed its limit by "
                f"{total - DATA_LIMIT} bytes.",
                f"Assign/{name}",
            )
    return total


def exceeded(cause: str, location: str) -> Fault:
    """Too much is assigned."""
    return Fault(faults.DATA_LIMIT_EXCEEDED, cause, location=location)
