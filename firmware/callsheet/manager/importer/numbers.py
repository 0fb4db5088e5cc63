# SPDX-License-Identifier: GPL-3.0-or-later
"""Telephone numbers as people write them, to E.164, by Google's libphonenumber (phonenumbers)."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from msgspec import Struct
from msgspec.structs import replace
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from callsheet.core.numbers import NumberKind, canonical, refusal
from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.formats.numbers import dialable
from callsheet.manager.importer.cells import text_of
from callsheet.manager.importer.source import Cell

_SEVERAL = re.compile(r"[;,|\n、，；]|\s/\s|\s+(?:or|oder|ou|or|或|und|and|&)\s+", re.IGNORECASE)
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_PLUS = "write + and the country code, or set the default country"
_REFUSED: dict[NumberKind, str] = {
    "emergency": "an emergency number", "premium": "a premium-rate number", "short": "a short code",
}
_WRONG = {
    ValidationResult.TOO_SHORT: "too short", ValidationResult.TOO_LONG: "too long",
    ValidationResult.INVALID_LENGTH: "of a length that no number has there",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "without its area code",
    ValidationResult.INVALID_COUNTRY_CODE: "of no country's code",
}


class Found(Struct, frozen=True):
    """A number that can be dialled."""

    number: str
    canonical: str
    parsed: PhoneNumber | None = None
    """None: an extension or a SIP URI."""
    kind: int = PhoneNumberType.UNKNOWN
    """One of phonenumbers.PhoneNumberType."""
    remark: str = ""
    """What was done to get it, a key of `report.REMARKS`; empty: nothing of note."""


class NumberReader:
    """Reads numbers by one country's habits and the settings of what may be dialled."""

    def __init__(self, country: str, settings: NumberSettings) -> None:
        self._country = country.upper() or None
        self._settings = settings

    def read(self, cell: Cell, country: str = "") -> Found:
        """The number in a cell; raises Invalid, whose text never has the number in it."""
        if isinstance(cell, float | int) and (cell < 0 or cell != cell // 1):
            raise Invalid("not a telephone number", ("number",))
        text = unicodedata.normalize("NFKC", text_of(cell)).strip()
        if not text:
            raise Invalid("there is no number", ("number",))
        if _ROUNDED.fullmatch(text):
            raise Invalid("a spreadsheet has rounded the number (1.3E+11)", ("number",),
                          "format the column as text and enter the number again")
        home = country.upper() or self._country
        try:
            return self._one(text, home, not isinstance(cell, str))
        except Invalid as fault:
            parts = [part for part in _SEVERAL.split(text) if part.strip()]
            if len(parts) < 2 or len(parts) > 10:
                raise
            return self._first(parts, home, fault)

    def _first(self, parts: list[str], home: str | None, fault: Invalid) -> Found:
        for part in parts:
            try:
                found = self._one(part.strip(), home, False)
            except Invalid:
                continue
            return replace(found, remark="several")
        raise fault

    def _one(self, text: str, home: str | None, was_number: bool) -> Found:
        plain = canonical(text)
        self._check(plain)
        if text[:4].lower() == "sip:" or text[:5].lower() == "sips:":
            uri = _at_number(text)
            return Found(uri, canonical(uri))
        if (plain.isdigit() and len(plain) <= self._settings.short_code_digits) or set(plain) & {"*", "#"}:
            return Found(plain, plain)
        parsed, kind, remark = self._parsed(text, plain, home, was_number)
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        self._check(number)
        if not self._settings.allow_premium and kind == PhoneNumberType.PREMIUM_RATE:
            raise Invalid(_REFUSED["premium"], ("number",))
        return Found(number, number, parsed, kind, remark)

    def _check(self, text: str) -> None:
        kind = refusal(text, self._settings)
        if kind in _REFUSED:
            raise Invalid(_REFUSED[kind], ("number",))

    def _parsed(self, text: str, plain: str, home: str | None, was_number: bool) -> tuple[PhoneNumber, int, str]:
        try:
            parsed = phonenumbers.parse(text, home)
        except NumberParseException as error:
            if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and home is None:
                raise Invalid("a number without its country", ("number",), _PLUS) from None
            raise Invalid("not a telephone number", ("number",)) from None
        # A number is valid if it is of some kind; to ask for both would cost as much again.
        kind = phonenumbers.number_type(parsed)
        if kind != PhoneNumberType.UNKNOWN:
            return parsed, kind, _remark(parsed, kind, plain, home)
        if was_number and home is not None:
            # Italian and Ivorian numbers begin with a zero also in E.164; a spreadsheet takes it away.
            restored = _with_zero(plain, home)
            kind = PhoneNumberType.UNKNOWN if restored is None else phonenumbers.number_type(restored)
            if restored is not None and kind != PhoneNumberType.UNKNOWN:
                return restored, kind, "zero-restored"
        wrong = _WRONG.get(phonenumbers.is_possible_number_with_reason(parsed))
        if wrong:
            raise Invalid(f"the number is {wrong}", ("number",), "" if text.startswith(("+", "00")) else _PLUS)
        where = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        raise Invalid(f"no such number in the numbering plan of {where}", ("number",), "correct it")


def _remark(parsed: PhoneNumber, kind: int, plain: str, home: str | None) -> str:
    if parsed.extension:
        return "extension"
    if home is None or plain.startswith(("+", "0")) or not plain.isdigit():
        return ""
    if plain == f"{parsed.country_code}{phonenumbers.national_significant_number(parsed)}":
        return "plus-missing"
    # Where numbers are dialled with a 0 at home, one without it has probably lost it. China's mobiles have none.
    trunk = phonenumbers.ndd_prefix_for_region(home, True)
    return "zero-missing" if trunk == "0" and (home, kind) != ("CN", PhoneNumberType.MOBILE) else ""


def _with_zero(plain: str, home: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(f"0{plain}", home)
    except NumberParseException:
        return None


def _at_number(text: str) -> str:
    try:
        return dialable(text)
    except Invalid as fault:
        raise fault.under("number") from None
