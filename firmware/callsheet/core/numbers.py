# SPDX-License-Identifier: GPL-3.0-or-later
"""Telephone numbers: one spelling to compare by, what kind they are, how the PBX wants them.

No country's numbering plan is built in: national numbers are made E.164 by the
manager's importer, which knows the country.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import unquote

from callsheet.core.settings import NumberSettings

NumberKind = Literal["ordinary", "emergency", "premium", "short", "invalid"]

_PLAIN = re.compile(r"\+?[0-9]+\Z", re.ASCII)
_DIALABLE = re.compile(r"\+?[0-9*#]+\Z", re.ASCII)
_FILLERS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u2060\u200b-\u200f\u202a-\u202e\ufeff]+")
_TRUNK_ZERO = re.compile(r"(?<=\d)\s*\(0\)")
_SIP = re.compile(r"sips?:", re.IGNORECASE)
_SIP_URI = re.compile(
    r"(?P<scheme>sips?):(?P<user>[A-Za-z0-9_.!~*'()&=+$,%#-]+)(?:;[^@\s<>\"?]*)?"
    r"@(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?(?:;[A-Za-z0-9_.!~*'()%+;=-]+)?\Z",
    re.IGNORECASE | re.ASCII,
)
_INTERNATIONAL = re.compile(r"00[1-9][0-9]{6,}\Z", re.ASCII)
"""No country code begins with 0, and "000" is an emergency number."""
_MAX_E164 = 15
"""Digits of an international number (ITU-T E.164 §6.1)."""
_MAX_DIALABLE = 32
_MAX_EMERGENCY = 10
"""No emergency number is longer, with "+" and country code or the digits for an outside line in front."""
_LONG_E164 = re.compile(r"\+[1-9][0-9]{10,14}\Z", re.ASCII)
"""What nearly every task has: too long for an emergency number or a short code."""


def canonical(number: str) -> str:
    """One spelling for all the ways to write the same number; compares caps and do-not-call.

    Fillers are dropped, digits of any script become ASCII, "tel:" goes, "00" and the
    trunk zero in "+49 (0)30" become what E.164 has. A SIP URI whose user part is a
    number counts as that number; of another one, user and host are kept. Never
    raises: what is no number comes back cleaned of blanks.
    """
    if _PLAIN.match(number):
        return "+" + number[2:] if _INTERNATIONAL.match(number) else number
    text = (number if number.isascii() else _with_ascii_digits(number)).strip()
    if _SIP.match(text):
        match = _SIP_URI.match(text)
        if match is None:
            return text
        text = _FILLERS.sub("", unquote(match["user"]))
        if not _PLAIN.match(text):
            return f"{match['user']}@{match['host'].casefold()}"
    elif text[:4].casefold() == "tel:":
        text = text[4:].partition(";")[0]
    text = _FILLERS.sub("", _TRUNK_ZERO.sub("", text))
    return "+" + text[2:] if _INTERNATIONAL.match(text) else text


def _with_ascii_digits(text: str) -> str:
    return "".join(map(_ascii_digit, unicodedata.normalize("NFKC", text)))


def _ascii_digit(char: str) -> str:
    if char.isascii():
        return char
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def is_sip_uri(number: str) -> bool:
    """Whether the callee is named by a SIP URI (RFC 3261 §19.1) that may be dialled as it is.

    URI headers ("?Replaces=…") are not allowed: a sheet could take over calls with them.
    """
    match = _SIP_URI.match(number.strip())
    return match is not None and int((match["port"] or ":5060")[1:]) < 65536


def dial_string(number: str, settings: NumberSettings) -> str:
    """The number as the PBX wants it: the first dial rule that fits rewrites its start. URIs stay as they are."""
    if is_sip_uri(number):
        return number.strip()
    text = canonical(number)
    for rule in settings.dial_rules:
        if text.startswith(rule.prefix):
            return rule.prepend + text[rule.strip :]
    return text


def classify_number(number: str, settings: NumberSettings) -> NumberKind:
    """What kind of number it is; service codes with "*" or "#" count as short codes.

    Emergency and premium numbers are looked for in the number as it is given and as
    it would be dialled, with and without the digits that seize an outside line: a
    sheet must not reach 112 as "0112" either.
    """
    if not settings.dial_rules and settings.short_code_digits <= _MAX_EMERGENCY and _LONG_E164.match(number):
        return "premium" if number.startswith(settings.premium_prefixes) else "ordinary"
    text = canonical(number)
    if _is_emergency(text, number, settings):
        return "emergency"
    if _SIP.match(number.strip()):
        if not is_sip_uri(number):
            return "invalid"
        if "@" in text:
            return "ordinary"
    if not _is_dialable(text):
        return "invalid"
    dialled = dial_string(text, settings) if settings.dial_rules else text
    if any(text.startswith(prefix) or dialled.startswith(prefix) for prefix in settings.premium_prefixes):
        return "premium"
    if "*" in text or "#" in text:
        return "short"
    if len(text.lstrip("+")) <= settings.short_code_digits and not text.startswith(settings.extension_prefixes):
        return "short"
    return "ordinary"


def _is_dialable(text: str) -> bool:
    if not _DIALABLE.match(text) or not any(char.isdigit() for char in text):
        return False
    return len(text) <= (_MAX_E164 + 1 if text.startswith("+") else _MAX_DIALABLE)


def _is_emergency(text: str, number: str, settings: NumberSettings) -> bool:
    if number.strip().casefold().startswith("urn:service:sos"):  # RFC 5031
        return True
    numbers = settings.emergency
    if text in numbers:
        return True
    if len(text) > _MAX_EMERGENCY or not text:
        return False
    if text.startswith("+"):  # country code, then the emergency number
        return any(text[1 + digits :] in numbers for digits in (0, 1, 2, 3))
    dialled = dial_string(text, settings)
    lines = {rule.prepend[:end] for rule in settings.dial_rules for end in range(1, len(rule.prepend) + 1)}
    return dialled in numbers or any(
        candidate.startswith(line) and candidate[len(line) :] in numbers
        for line in lines for candidate in (text, dialled)
    )


def refusal(number: str, settings: NumberSettings) -> NumberKind | None:
    """Why the number must not be dialled from a sheet, or None if it may be."""
    kind = classify_number(number, settings)
    if kind == "ordinary":
        return None
    allowed = {
        "emergency": settings.allow_emergency, "premium": settings.allow_premium, "short": settings.allow_short,
    }
    return None if allowed.get(kind) else kind
