"""The pipeline `ledger`: an entry in the general ledger, which other pipelines have made as a step of theirs."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from blueprints.invoices import tables
from bunsui import Lambda, Parameter, Pipeline, Retry, Table, operation

journal = Table("journal", partition_key="period", sort_key="reference")

CLOSED = "closed"
"""Instead of a reference: the item of a period that takes no entries any more."""

SMALL = Lambda(memory=256, timeout=30)
SERVICE = Retry(attempts=3, on=["ClientError", "ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"])
"""botocore's errors when DynamoDB is throttled or out of reach."""


class PeriodClosed(ValueError):
    """The period takes no entries any more."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month of the books, such as `2026-03`."""

    name: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry: its number, and the amount in euros."""

    entry: str
    amount: Decimal


@operation(runs=SMALL, reads=[journal], retry=SERVICE)
def period(day: datetime.date) -> Period:
    """The period of a day, and whether it is closed."""
    name = f"{day:%Y-%m}"
    found = tables.client(journal).get_item(Key={"period": name, "reference": CLOSED}, ConsistentRead=True)
    return Period(name, "Item" in found)


@operation(runs=SMALL, writes=[journal], retry=SERVICE)
def posting(period: Period, reference: str, amount: Decimal) -> Posting:
    """Enter an amount: what was owed to suppliers is taken from the bank; the same reference is the same entry.

    Raises:
        PeriodClosed: there are no more entries in the period.
    """
    if period.closed:
        raise PeriodClosed(f"the books of {period.name} are closed: {reference} over {amount} EUR cannot be entered")
    item = {"period": period.name, "reference": reference, "amount": amount, "debit": "3300", "credit": "1800"}
    tables.client(journal).put_item(Item=item)
    return Posting(f"{period.name}/{reference}", amount)


pipeline = Pipeline(
    "ledger",
    description="An entry in the general ledger.",
    parameters=[
        Parameter("day", datetime.date, description="of the entry; says which period it is in"),
        Parameter("reference", str, description="what it is for"),
        Parameter("amount", Decimal, description="in euros"),
    ],
    operations=[period, posting],
)
