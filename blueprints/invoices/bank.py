"""The file that the bank takes payments from: pain.001.001.09 (ISO 20022, Customer Credit Transfer Initiation)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from blueprints.invoices.records import EURO, Due, Payment

BUYER, IBAN, BIC = "Halden Optik GmbH", "DE74820550000012345678", "HALDDE8JXXX"
"""Who pays, and from which account."""

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

TEXT, REFERENCE = 140, 35
"""Characters of a remittance text and of an identifier (ISO 20022, Max140Text, Max35Text)."""

_LATIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
"""Characters that every bank within SEPA has to take (EPC217-08, "SEPA Conversion Table")."""

_SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ł": "l", "&": "+"}
)


class Group(NamedTuple):
    """Transfers with the same service and charges (ISO 20022, ExternalServiceLevel1Code, ChargeBearerType1Code)."""

    currency: str
    service: str
    charges: str


SEPA = Group(EURO, "SEPA", "SLEV")


def domestic(due: Due) -> bytes:
    """Transfers in euros, within SEPA.

    Raises:
        ValueError: a payment is in another currency.
    """
    if strange := [one.supplier for one in due.payments if one.currency != EURO]:
        raise ValueError(f"{', '.join(strange)}: not in euros")
    return _message(due, [SEPA])


def international(due: Due) -> bytes:
    """Transfers in any currency: a group for each besides that of SEPA, whose charges are shared."""
    currencies = sorted({one.currency for one in due.payments} - {EURO})
    return _message(due, [SEPA, *(Group(one, "NURG", "SHAR") for one in currencies)])


def latin(text: str) -> str:
    """A text in the characters that every bank takes."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELT))
    return "".join(one if one in _LATIN else "." for one in plain if not unicodedata.combining(one))


def remittance(payment: Payment) -> str:
    """What the supplier reads: the invoices that are paid."""
    return latin(", ".join(item.number for item in payment.items))[:TEXT]


def _message(due: Due, groups: Iterable[Group]) -> bytes:
    root = Element("Document", xmlns=NAMESPACE)
    start = _into(root, "CstmrCdtTrfInitn")
    header = _into(start, "GrpHdr")
    _tell(header, ("MsgId", due.run), ("CreDtTm", f"{due.day}T00:00:00Z"), *_sums(due.payments))
    _tell(_into(header, "InitgPty"), ("Nm", BUYER))
    for group in groups:
        if payments := [one for one in due.payments if one.currency == group.currency]:
            _group(_into(start, "PmtInf"), due, group, payments)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _group(element: Element, due: Due, group: Group, payments: Sequence[Payment]) -> None:
    name = f"{due.run}-{group.currency}"
    _tell(element, ("PmtInfId", name), ("PmtMtd", "TRF"), *_sums(payments))
    _tell(_into(element, "PmtTpInf", "SvcLvl"), ("Cd", group.service))
    _tell(_into(element, "ReqdExctnDt"), ("Dt", str(due.day)))
    _tell(_into(element, "Dbtr"), ("Nm", BUYER))
    _tell(_into(element, "DbtrAcct", "Id"), ("IBAN", IBAN))
    _tell(_into(element, "DbtrAgt", "FinInstnId"), ("BICFI", BIC))
    _tell(element, ("ChrgBr", group.charges))
    for number, payment in enumerate(payments, start=1):
        _transfer(_into(element, "CdtTrfTxInf"), f"{name}-{number}"[:REFERENCE], payment)


def _transfer(element: Element, reference: str, payment: Payment) -> None:
    _tell(_into(element, "PmtId"), ("EndToEndId", reference))
    amount = ElementTree.SubElement(_into(element, "Amt"), "InstdAmt", Ccy=payment.currency)
    amount.text = str(payment.amount)
    _tell(_into(element, "CdtrAgt", "FinInstnId"), ("BICFI", payment.bic))
    _tell(_into(element, "Cdtr"), ("Nm", latin(payment.name)))
    _tell(_into(element, "CdtrAcct", "Id"), ("IBAN", payment.iban))
    _tell(_into(element, "RmtInf"), ("Ustrd", remittance(payment)))


def _sums(payments: Sequence[Payment]) -> tuple[tuple[str, str], tuple[str, str]]:
    """How many they are, and their sum, whatever the currencies."""
    return ("NbOfTxs", str(len(payments))), ("CtrlSum", str(sum((one.amount for one in payments), Decimal(0))))


def _into(element: Element, *tags: str) -> Element:
    for tag in tags:
        element = ElementTree.SubElement(element, tag)
    return element


def _tell(element: Element, *texts: tuple[str, str]) -> None:
    for tag, text in texts:
        ElementTree.SubElement(element, tag).text = text
