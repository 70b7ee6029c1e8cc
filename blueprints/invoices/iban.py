"""Account numbers: ISO 13616 says how long an IBAN is, and its two check digits tell a slip of the pen."""

from __future__ import annotations

LENGTHS = {
    "AT": 20,
    "BE": 16,
    "CH": 21,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "IE": 22,
    "IT": 27,
    "LU": 20,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "SE": 24,
}
"""Country -> characters (SWIFT, IBAN Registry); those that suppliers have accounts in."""


def fault(iban: str) -> str:
    """What is wrong with an IBAN; empty when it is right."""
    plain = iban.replace(" ", "")
    wanted = LENGTHS.get(plain[:2])
    if not (plain.isascii() and plain.isalnum() and plain.upper() == plain):
        return f"{iban!r} is no IBAN"
    if wanted is None:
        return f"{iban!r} is of a country whose accounts are not paid to"
    if len(plain) != wanted:
        return f"{iban!r} has {len(plain)} characters, and those of {plain[:2]} have {wanted}"
    return "" if remainder(plain) == 1 else f"the check digits of {iban!r} are wrong"


def remainder(iban: str) -> int:
    """The number that an IBAN stands for, modulo 97: 1 when it is right (ISO 7064, MOD 97-10)."""
    return int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97
