"""Invoices read from files: JSON of the suppliers' portal, XML (UBL 2.1), and CSV of those who write it in a table."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree

from blueprints.invoices.records import Invoice, Line

_PREFIXES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
"""Namespaces of UBL 2.1 (OASIS, "Universal Business Language Version 2.1")."""

_PLACES = {
    "number": "cbc:ID",
    "supplier": "cac:AccountingSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID",
    "issued": "cbc:IssueDate",
    "due": "cbc:DueDate",
    "currency": "cbc:DocumentCurrencyCode",
    "order": "cac:OrderReference/cbc:ID",
    "iban": "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID",
    "bic": "cac:PaymentMeans/cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID",
    "net": "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount",
    "tax": "cac:TaxTotal/cbc:TaxAmount",
    "gross": "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
}
"""Field of an invoice -> where UBL has it."""

_LINE_PLACES = {
    "text": "cac:Item/cbc:Name",
    "quantity": "cbc:InvoicedQuantity",
    "price": "cac:Price/cbc:PriceAmount",
    "vat": "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent",
}


SHOWN = 40
"""Characters of a wrong value that a message quotes."""

LARGEST = 10**12
"""Amounts below can be multiplied with each other to the cent (decimal's 28 digits)."""


class MalformedInvoice(ValueError):
    """A file that no invoice can be read from."""


def read(file: str, data: bytes) -> Invoice:
    """The invoice in a file, whose name tells the format.

    Raises:
        MalformedInvoice: it cannot be read, or something is missing.
    """
    reader = _READERS.get(file.rpartition(".")[2].lower())
    if reader is None:
        raise MalformedInvoice(f"{file} is none of {', '.join(_READERS)}")
    try:
        header, lines = reader(data)
    except (ValueError, TypeError, AttributeError, ElementTree.ParseError) as wrong:
        raise MalformedInvoice(f"{file} cannot be read: {wrong}") from None
    if not lines:
        raise MalformedInvoice(f"{file} has no lines")
    return Invoice(file, **_fields(file, header, _FIELDS), lines=[Line(**_fields(file, one, _LINE)) for one in lines])


Fields = Mapping[str, Any]


def _json(data: bytes) -> tuple[Fields, list[Fields]]:
    found = json.loads(data, parse_float=Decimal, parse_int=Decimal)
    return found, list(found.get("lines", ()))


def _xml(data: bytes) -> tuple[Fields, list[Fields]]:
    if b"<!DOCTYPE" in data:
        raise ValueError("it brings a document type of its own")
    root = ElementTree.fromstring(data)  # noqa: S314 - without a document type there are no entities to expand
    lines = root.findall("cac:InvoiceLine", _PREFIXES)
    return _texts(root, _PLACES), [_texts(line, _LINE_PLACES) for line in lines]


def _texts(element: ElementTree.Element, places: Mapping[str, str]) -> Fields:
    found = {name: element.findtext(place, None, _PREFIXES) for name, place in places.items()}
    return {name: text for name, text in found.items() if text is not None}


def _csv(data: bytes) -> tuple[Fields, list[Fields]]:
    """A table of one row with the invoice, an empty row, and a table with its lines; decimal commas."""
    head, _, tail = data.decode("utf-8-sig").replace("\r\n", "\n").partition("\n\n")
    header, lines = ([*csv.DictReader(part.splitlines(), delimiter=";")] for part in (head, tail))
    return _with_points(next(iter(header), {})), [_with_points(line) for line in lines]


def _with_points(row: Fields) -> Fields:
    return {name: value.replace(",", ".") if name in _NUMBERS else value for name, value in row.items()}


_READERS: Mapping[str, Callable[[bytes], tuple[Fields, list[Fields]]]] = {"json": _json, "xml": _xml, "csv": _csv}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is no text")
    return value.strip()


def _account(value: Any) -> str:
    return _text(value).replace(" ", "").upper()


def _day(value: Any) -> datetime.date:
    try:
        return datetime.date.fromisoformat(_text(value))
    except ValueError:
        raise ValueError("is no day") from None


def _number(value: Any) -> Decimal:
    try:
        found = value if isinstance(value, Decimal) else Decimal(_text(value))
    except InvalidOperation:
        raise ValueError("is no number") from None
    if not found.is_finite() or abs(found) >= LARGEST:
        raise ValueError("is out of range")
    return found


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("number", "supplier", "currency", "order"), _text),
    **dict.fromkeys(("issued", "due"), _day),
    **dict.fromkeys(("iban", "bic"), _account),
    **dict.fromkeys(("net", "tax", "gross"), _number),
}
_LINE: Mapping[str, Callable[[Any], Any]] = {"text": _text, **dict.fromkeys(("quantity", "price", "vat"), _number)}
"""Field -> what reads it."""

_NUMBERS = {name for name, read in {**_FIELDS, **_LINE}.items() if read is _number}


def _fields(file: str, found: Fields, wanted: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise MalformedInvoice(f"{file} has {found!r} where fields belong")
    read = {}
    for name, reader in wanted.items():
        if found.get(name) is None:
            raise MalformedInvoice(f"{file} has no {name}")
        try:
            read[name] = reader(found[name])
        except ValueError as wrong:
            raise MalformedInvoice(f"{file}: {name} {wrong}: {str(found[name])[:SHOWN]!r}") from None
    return read
