"""What has to be right before an invoice is paid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from blueprints.invoices import iban, money
from blueprints.invoices.records import (
    EURO,
    Checked,
    Claim,
    Invoice,
    Kind,
    Order,
    Problem,
    Rates,
    Refusal,
    Rejection,
)

HOME = "DE"
"""Where the buyer is: suppliers from there add tax, of others the buyer owes it (reverse charge, import)."""

HOME_VAT = (Decimal(19), Decimal(7))
TOLERANCE = Decimal(2)
"""Percent by which invoices may exceed their order: freight and packing."""

Key = tuple[str, str]
"""An invoice: supplier and number."""


class Books(NamedTuple):
    """What invoices are held against.

    Attributes:
        orders: by number.
        paid: invoices that were paid before.
        rates: what other currencies are worth.
        seen: invoices of this delivery -> their file.
        billed: order -> net amount of the invoices of this delivery that are right.
    """

    orders: Mapping[str, Order]
    paid: Collection[Key]
    rates: Rates
    seen: dict[Key, str]
    billed: dict[str, Decimal]


def check(
    parsed: Iterable[Invoice | Rejection], orders: Mapping[str, Order], paid: Collection[Key], rates: Rates
) -> Checked:
    """The delivery, divided into what is owed and what is not."""
    books, found = Books(orders, paid, rates, {}, {}), Checked([], [], [])
    for one in parsed:
        if isinstance(one, Rejection):
            found.rejected.append(one)
            continue
        problems = _found(_DUPLICATE, one, books) or _found(_TESTS, one, books)
        books.seen.setdefault((one.supplier, one.number), one.file)
        if problems:
            found.refused.append(Refusal(one.file, one.number, one.supplier, problems))
        else:
            books.billed[one.order] = books.billed.get(one.order, Decimal(0)) + one.net
            found.claims.append(_claim(one, orders[one.order]))
    return found


def _claim(one: Invoice, order: Order) -> Claim:
    return Claim(one.number, one.supplier, order.name, one.issued, one.due, one.currency, one.gross, one.iban, one.bic)


Test = tuple[Kind, Callable[[Invoice, Books], Iterator[str]]]


def _found(tests: Iterable[Test], invoice: Invoice, books: Books) -> list[Problem]:
    return [Problem(kind, detail) for kind, test in tests for detail in test(invoice, books)]


def _duplicate(one: Invoice, books: Books) -> Iterator[str]:
    key = (one.supplier, one.number)
    if key in books.paid:
        yield f"{one.number} of {one.supplier} is paid already"
    elif key in books.seen:
        yield f"{one.number} of {one.supplier} came with {books.seen[key]} already"


def _iban(one: Invoice, books: Books) -> Iterator[str]:
    wrong = iban.fault(one.iban)
    order = books.orders.get(one.order)
    if wrong:
        yield wrong
    elif order is not None and order.supplier == one.supplier and order.iban != one.iban:
        yield f"{one.iban} is not the account of {order.name}"


def _arithmetic(one: Invoice, books: Books) -> Iterator[str]:
    sums = {"net": money.net(one.lines), "tax": money.tax(one.lines), "gross": one.net + one.tax}
    for name, right in sums.items():
        if (claimed := getattr(one, name)) != right:
            yield f"{name} is {claimed}, and comes to {right}"
    if one.gross <= 0:
        yield f"{one.gross} is nothing to be paid"


def _vat(one: Invoice, books: Books) -> Iterator[str]:
    order = books.orders.get(one.order)
    if order is None:
        return
    allowed = HOME_VAT if order.country == HOME else (Decimal(0),)
    for rate in sorted({line.vat for line in one.lines} - set(allowed)):
        yield f"{rate} % is no rate for a supplier in {order.country}"


def _order(one: Invoice, books: Books) -> Iterator[str]:
    order = books.orders.get(one.order)
    if order is None or order.supplier != one.supplier:
        yield f"there is no order {one.order} to {one.supplier}"
        return
    limit = order.net + money.percent(order.net, TOLERANCE)
    billed = books.billed.get(one.order, Decimal(0)) + one.net
    if order.currency == one.currency and billed > limit:
        yield f"{billed} {one.currency} are billed on order {order.number} of {order.net}"


def _currency(one: Invoice, books: Books) -> Iterator[str]:
    order = books.orders.get(one.order)
    if order is not None and order.currency != one.currency:
        yield f"it is in {one.currency}, and the order in {order.currency}"
    elif one.currency != EURO and one.currency not in books.rates.per_euro:
        yield f"there is no rate for {one.currency}"


_DUPLICATE: tuple[Test, ...] = ((Kind.DUPLICATE, _duplicate),)
"""What came twice is not looked at again."""

_TESTS: tuple[Test, ...] = (
    (Kind.IBAN, _iban),
    (Kind.ARITHMETIC, _arithmetic),
    (Kind.VAT, _vat),
    (Kind.ORDER, _order),
    (Kind.CURRENCY, _currency),
)
"""In the order in which problems are told."""
