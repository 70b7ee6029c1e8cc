"""What came of a run, for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from blueprints.invoices.ledger import Posting
from blueprints.invoices.records import Checked, Delivery, Due, Rates, Report
from bunsui import Dataset, Decision

if TYPE_CHECKING:
    from collections.abc import Iterator


def report(
    delivery: Delivery,
    checked: Checked,
    due: Due,
    rates: Rates,
    approval: Decision | None,
    file: Dataset | None,
    posted: Posting | None,
) -> Report:
    """What the operations of a run came to, in one place."""
    return Report(
        run=due.run,
        files=len(delivery.files),
        due=due.total,
        paid=Decimal(0) if posted is None else posted.amount,
        unpaid=_unpaid(due, approval) if posted is None else "",
        approved="" if approval is None else _answer(approval),
        entry="" if posted is None else posted.entry,
        file=file,
        rates=f"{rates.source}, {rates.day}",
        refused=checked.refused,
        rejected=checked.rejected,
        later=due.later,
    )


def _unpaid(due: Due, approval: Decision | None) -> str:
    return "nothing is due" if approval is None else _answer(approval)


def _answer(decision: Decision) -> str:
    said = "approved" if decision["approved"] else "rejected"
    who = f" by {decision['by'].rpartition('/')[2]}" if decision["by"] else ""
    return f"{said}{who}" + (f": {decision['comment']}" if decision["comment"] else "")


def text(told: Report) -> str:
    """A report as people read it."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Report) -> Iterator[str]:
    yield f"Run {told.run}: {told.files} files, {told.due} EUR due, {told.paid} EUR paid"
    if told.unpaid:
        yield f"  not paid: {told.unpaid}"
    if told.entry:
        yield f"  entry {told.entry}, {told.approved or 'below the limit'}; rates: {told.rates}"
    for one in told.refused:
        reasons = "; ".join(f"{problem.kind}: {problem.detail}" for problem in one.problems)
        yield f"  refused {one.file}: {reasons}"
    for other in told.rejected:
        yield f"  rejected {other.file}: {other.reason}"
    if told.later:
        yield f"  not due yet: {', '.join(told.later)}"
