"""Amounts of money: to the cent, halves up, as invoices and banks do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from blueprints.invoices.records import EURO, Line, Rates

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Rounded to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def percent(amount: Decimal, rate: Decimal) -> Decimal:
    """That many percent of an amount, to the cent."""
    return cents(amount * rate / HUNDRED)


def net(lines: Iterable[Line]) -> Decimal:
    """The sum of lines, each of which is rounded."""
    return sum((cents(line.quantity * line.price) for line in lines), Decimal(0))


def tax(lines: Iterable[Line]) -> Decimal:
    """The tax of lines: it is rounded once for each rate (EN 16931, BR-CO-17)."""
    return sum((percent(amount, rate) for rate, amount in _by_rate(lines).items()), Decimal(0))


def _by_rate(lines: Iterable[Line]) -> Mapping[Decimal, Decimal]:
    found: dict[Decimal, Decimal] = {}
    for line in lines:
        found[line.vat] = found.get(line.vat, Decimal(0)) + cents(line.quantity * line.price)
    return found


def euros(amount: Decimal, currency: str, rates: Rates) -> Decimal:
    """An amount in euros, to the cent.

    Raises:
        KeyError: there is no rate for the currency.
    """
    return amount if currency == EURO else cents(amount / rates.per_euro[currency])
