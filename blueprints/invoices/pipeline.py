"""The pipeline `invoices`: what arrives is read, checked, agreed to, paid, and entered in the books.

The operations' own code is in the modules beside this one.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

from blueprints.invoices import bank, checking, ledger, reading, reporting, tables
from blueprints.invoices import due as owing
from blueprints.invoices import rates as exchange
from blueprints.invoices.ledger import Posting
from blueprints.invoices.reading import MalformedInvoice
from blueprints.invoices.records import (
    Checked,
    Delivery,
    Due,
    Invoice,
    Order,
    OrderPage,
    Rates,
    Rejection,
    Report,
    Terms,
)
from bunsui import (
    Approval,
    Bucket,
    Choice,
    Dataset,
    Decision,
    Failure,
    Fallback,
    Handle,
    Job,
    Lambda,
    Map,
    Nested,
    Parameter,
    Pipeline,
    Repeat,
    Retry,
    Skip,
    Wait,
    exists,
    operation,
)

lake = Bucket("lake")

SMALL = Lambda(memory=512, timeout=60)
SERVICE = Retry(attempts=3, on=["ClientError", "ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"])
"""botocore's errors when S3 or DynamoDB is throttled or out of reach; an invoice does not become better by it."""

HOUR, DAY = 3600, 86_400

day = Parameter("day", datetime.date, description="of the payments")
limit = Parameter("limit", Decimal, default=Decimal(50_000), description="euros that are paid without asking")


# receive

delivered = Wait("delivered", object=lake / "inbox/delivery.json", every=300, timeout=12 * HOUR)


@operation(runs=SMALL, reads=[lake / "inbox"], retry=SERVICE)
def delivery(delivered: Dataset) -> Delivery:
    """What the delivery note announces; it is written last."""
    return Delivery(json.loads(delivered.read_bytes())["files"])


@operation(runs=SMALL, reads=[lake / "inbox"], writes=[lake / "rejected"], retry=SERVICE)
def reject(file: str, error: Failure) -> Rejection:
    """File what is no invoice where people look for it, with the reason beside it."""
    inbox, rejected = lake / "inbox", lake / "rejected"
    filed = rejected.write_bytes(file, inbox.read_bytes(file)) if file in inbox.list() else None
    rejected.write_bytes(f"{file}.txt", error.message.encode(), "txt")
    return Rejection(file, error.message, filed)


@operation(
    runs=SMALL,
    reads=[lake / "inbox"],
    retry=SERVICE,
    on_error=Handle(reject, on=[MalformedInvoice]),
)
def parse(file: str) -> Invoice | Rejection:
    """Read an invoice."""
    inbox = lake / "inbox"
    if file not in inbox.list():
        raise MalformedInvoice(f"{file} is announced, and was not delivered")
    return reading.read(file, inbox.read_bytes(file))


parsed = Map("parsed", parse, over=delivery.output.files, item="file", at_most=100, concurrency=5)


# look up

FIRST = "1"
"""The page that the export begins with."""


@operation(runs=SMALL, reads=[lake / "erp/orders"], writes=[tables.orders], retry=SERVICE)
def order_page(page: str | None, known: int) -> OrderPage:
    """Bring a page of purchase orders from the export into the table."""
    found = json.loads((lake / "erp/orders").read_bytes(f"{page or FIRST}.json"))
    orders = [Order(**{**one, "net": Decimal(one["net"])}) for one in found["orders"]]
    tables.store(orders)
    return OrderPage(found["next"], known + len(orders))


orders = Repeat(
    "orders",
    order_page,
    inputs={"page": None, "known": 0},
    carry={"page": order_page.output.next, "known": order_page.output.orders},
    until=~exists(order_page.output.next),
    at_most=100,
)


@operation(
    runs=SMALL,
    reads=[lake / "rates"],
    retry=SERVICE,
    on_error=Fallback(exchange.HOUSE),
)
def rates(day: datetime.date) -> Rates:
    """The day's exchange rates; when there are none, those that the books were planned with."""
    return exchange.read((lake / "rates").read_bytes(exchange.DAILY), day)


@operation(runs=SMALL, reads=[lake / "terms"], retry=SERVICE, on_error=Skip())
def discounts() -> dict[str, Terms]:
    """What suppliers take off when they are paid early: worth having, and nothing to wait for."""
    return owing.terms((lake / "terms").read_bytes("discounts.csv"))


# check


@operation(runs=SMALL, reads=[tables.orders, tables.paid], retry=SERVICE)
def checked(parsed: list[Invoice | Rejection], orders: OrderPage, rates: Rates, day: datetime.date) -> Checked:
    """Hold the invoices against their orders, against those that were paid, and against their own sums."""
    invoices = [one for one in parsed if isinstance(one, Invoice)]
    known = {one.order: tables.order(one.order) for one in invoices}
    keys = {(one.supplier, one.number) for one in invoices}
    return checking.check(
        parsed,
        {number: order for number, order in known.items() if order is not None},
        {key for key in keys if tables.is_paid(*key, owing.run_of(day))},
        rates,
    )


@operation(runs=SMALL)
def due(checked: Checked, day: datetime.date, rates: Rates, discounts: dict[str, Terms] | None) -> Due:
    """What is to be paid, by supplier."""
    return owing.due(checked.claims, day, rates, discounts or {})


approval = Approval(
    "approval",
    message="Pay {total} EUR to {suppliers} suppliers on {day}?",
    inputs={"total": due.output.total, "suppliers": due.output.suppliers},
    timeout=3 * DAY,
    rejected="continue",
    on_timeout="reject",
    when=due.output.total > limit.value,
)


# pay


@operation(
    runs=SMALL,
    writes=[tables.paid],
    retry=SERVICE,
    when=(due.output.suppliers > 0) & (~exists(approval.output) | approval.output.approved),
)
def booked(due: Due) -> Decimal:
    """Enter the invoices as paid before the bank is told, so that none is paid twice."""
    return tables.book(due)


posted = Nested("posted", ledger.pipeline, inputs={"reference": due.output.run, "amount": booked})


@operation(runs=SMALL, writes=[lake / "payments"], retry=SERVICE)
def domestic(due: Due, posted: Posting) -> Dataset:
    """The bank's file for transfers within SEPA, named after the entry in the ledger."""
    return (lake / "payments").write_bytes(f"{posted.entry}.xml", bank.domestic(due), "xml", len(due.payments))


@operation(runs=SMALL, writes=[lake / "payments"], retry=SERVICE)
def international(due: Due, posted: Posting) -> Dataset:
    """The bank's file for transfers in several currencies."""
    return (lake / "payments").write_bytes(f"{posted.entry}.xml", bank.international(due), "xml", len(due.payments))


file = Choice("file", (due.output.foreign > 0, international), otherwise=domestic)


# tell


@operation(runs=SMALL, writes=[lake / "reports"], retry=SERVICE)
def report(
    delivery: Delivery,
    checked: Checked,
    due: Due,
    rates: Rates,
    approval: Decision | None,
    file: Dataset | None,
    posted: Posting | None,
) -> Report:
    """What came of the run, for those who look after it."""
    told = reporting.report(delivery, checked, due, rates, approval, file, posted)
    (lake / "reports").write_bytes(f"{due.run}.txt", reporting.text(told).encode(), "txt")
    return told


pipeline = Pipeline(
    "invoices",
    description="Invoices are read, checked against purchase orders, agreed to, paid, and entered in the books.",
    parameters=[day, limit],
    jobs=[
        Job("receive", delivered, delivery, parsed),
        Job("look-up", orders, rates, discounts),
        Job("check", checked, due, approval),
        Job("pay", booked, posted, file),
        Job("tell", report),
    ],
    deadline=5 * DAY,
)
