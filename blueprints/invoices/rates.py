"""Exchange rates, as the European Central Bank publishes its daily reference rates."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from blueprints.invoices.records import Rates

DAILY = "eurofxref-daily.xml"
"""The name that the bank gives the file (ECB, "Euro foreign exchange reference rates")."""

OLDEST = datetime.timedelta(days=5)
"""How old rates may be: there are none for weekends and bank holidays."""

_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"


class NoRates(ValueError):
    """The source has no rates for the day."""


def read(data: bytes, day: datetime.date) -> Rates:
    """The rates in the bank's file, if they are good for a day.

    Raises:
        NoRates: it holds none, or those of another time.
    """
    try:
        cubes = list(ElementTree.fromstring(data).iter(_CUBE))  # noqa: S314 - of the bank, and expat bounds entities
        told = datetime.date.fromisoformat(next(cube.attrib["time"] for cube in cubes if "time" in cube.attrib))
        per_euro = dict(_rates(cubes))
    except (ElementTree.ParseError, StopIteration, KeyError, ValueError, InvalidOperation):
        raise NoRates(f"{DAILY} holds no rates") from None
    if not told <= day <= told + OLDEST:
        raise NoRates(f"{DAILY} has the rates of {told}, not of {day}")
    return Rates(told, "European Central Bank", per_euro)


def _rates(cubes: list[ElementTree.Element]) -> Iterator[tuple[str, Decimal]]:
    for cube in cubes:
        if "currency" in cube.attrib:
            rate = Decimal(cube.attrib["rate"])
            if not rate > 0:
                raise ValueError(rate)
            yield cube.attrib["currency"], rate


HOUSE = {
    "day": "2026-01-01",
    "source": "planned for 2026",
    "per_euro": {"CHF": "0.95", "GBP": "0.84", "PLN": "4.25", "SEK": "11.00", "USD": "1.10"},
}
"""The rates that the books are planned with, as JSON."""
