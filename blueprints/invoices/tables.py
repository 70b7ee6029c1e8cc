"""The tables: purchase orders, and the invoices that were paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any

from blueprints.invoices.money import cents
from blueprints.invoices.records import Due, Order
from bunsui import Table

orders = Table("orders", partition_key="number")
paid = Table("paid", partition_key="supplier", sort_key="invoice")


class PaidAlready(ValueError):
    """An invoice is in the table of paid ones since another run."""


def client(table: Table) -> Any:
    """boto3's resource for a table; where the code runs."""
    import boto3

    return boto3.resource("dynamodb").Table(table.name)


def store(found: Iterable[Order]) -> None:
    """Write orders, whether they were there or not."""
    with client(orders).batch_writer() as items:
        for one in found:
            items.put_item(Item={field.name: getattr(one, field.name) for field in fields(one)})


def order(number: str) -> Order | None:
    """An order by its number, if there is one."""
    item = client(orders).get_item(Key={"number": number}).get("Item")
    return None if item is None else Order(**{**item, "net": cents(item["net"])})


def is_paid(supplier: str, invoice: str, run: str) -> bool:
    """Whether another run than this one paid an invoice."""
    found = client(paid).get_item(Key={"supplier": supplier, "invoice": invoice}, ConsistentRead=True)
    return "Item" in found and found["Item"]["run"] != run


def book(due: Due) -> Decimal:
    """Enter every invoice of a run as paid; gives the euros. Doing it again for the same run changes nothing.

    Raises:
        PaidAlready: another run paid one of them.
    """
    table = client(paid)
    for payment in due.payments:
        for item in payment.items:
            entry = {"supplier": payment.supplier, "invoice": item.number, "run": due.run, "amount": item.amount}
            try:
                table.put_item(
                    Item={**entry, "currency": payment.currency},
                    ConditionExpression="attribute_not_exists(invoice) OR #run = :run",
                    ExpressionAttributeNames={"#run": "run"},
                    ExpressionAttributeValues={":run": due.run},
                )
            except table.meta.client.exceptions.ConditionalCheckFailedException:
                raise PaidAlready(f"{item.number} of {payment.supplier} was paid by another run") from None
    return due.total
