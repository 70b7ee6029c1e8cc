"""Nothing in AWS changes unless somebody agreed."""

from __future__ import annotations

from bunsui.deploy.models import Plan
from bunsui.deploy.protocols import Approve
from bunsui.errors import ApprovalError


def able(approve: Approve | None, stack: str) -> Approve:
    """The one to ask.

    Raises:
        ApprovalError: BUN603 when there is nobody.
    """
    if approve is None:
        hint = "run the command where it can ask, or agree beforehand with --yes"
        raise ApprovalError("BUN603", f"somebody has to agree to what happens to stack {stack}", hint=hint)
    return approve


def ask(approve: Approve | None, plan: Plan) -> None:
    """Go on only with consent.

    Raises:
        ApprovalError: BUN603 when there is nobody to ask, BUN604 when the answer was no.
    """
    if not able(approve, plan.stack)(plan):
        raise ApprovalError("BUN604", f"the plan for stack {plan.stack} was declined", hint="nothing was changed")
