# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts are telephone numbers: E.164, dialable strings, SIP URIs.

What passes here is later put into a SIP URI, so nothing may pass that could end
one or add to it: no space, no angle bracket, no semicolon, no question mark.
"""

from __future__ import annotations

import re
import unicodedata

from callsheet.formats.errors import Invalid, shown

MAX_URI = 255

# E.164 (ITU-T, 2010) §6.2.1: at most 15 digits; country codes never begin with 0.
_NUMBER = re.compile(r"\+[1-9][0-9]{2,14}|(?=[*#]*[0-9])[0-9*#]{1,32}")
# RFC 3261 §25.1, SIP-URI without password, parameters and headers. Of the user
# part's "unreserved" and "user-unreserved" only what real addresses need.
_URI = re.compile(
    r"sips?:(?:[A-Za-z0-9_.!~*'+&=$,\-]|%[0-9A-Fa-f]{2})+@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?",
)
# RFC 3966 §3 visual-separator, and what spreadsheets and people put there.
_SEPARATORS = re.compile(r"[ \u00a0\u2007\u2009\u202f\u200b-\u200f\u202a-\u202e\u2060\-‐‑‒–.()/]+")
_FLOAT = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_WRITE = "write +49301234567, a number as it is dialled, or sip:user@host"


def dialable(text: str) -> str:
    """The number without visual separators, ready to be dialled.

    Raises Invalid with what is wrong, but never with the number itself.
    """
    if _NUMBER.fullmatch(text):
        return text
    folded = unicodedata.normalize("NFKC", text).strip()
    if folded[:4].lower() == "sip:" or folded[:5].lower() == "sips:":
        return _uri(folded)
    if folded[:4].lower() == "tel:":
        folded = folded[4:]
    if folded.startswith("+") and "(0)" in folded:
        raise Invalid('a number with "+" and "(0)" can be read in two ways', remedy='leave out "(0)"')
    number = _SEPARATORS.sub("", folded)
    if _NUMBER.fullmatch(number):
        return number
    raise _fault(number)


def is_number(text: str) -> bool:
    """Whether the text is a number in exactly the form that is dialled."""
    return _NUMBER.fullmatch(text) is not None


def _uri(text: str) -> str:
    scheme, _, rest = text.partition(":")
    uri = f"{scheme.lower()}:{rest}"
    if len(uri) > MAX_URI:
        raise Invalid(f"a SIP URI longer than {MAX_URI} characters")
    if ";" in uri or "?" in uri:
        raise Invalid("a SIP URI with parameters or headers", remedy="leave out all from the first ; or ? on")
    if not _URI.fullmatch(uri):
        raise Invalid("not a SIP URI", remedy="write sip:user@host or sip:user@host:port")
    return uri


def _fault(number: str) -> Invalid:
    """The most helpful of the things that can be wrong with what is no number."""
    if not number:
        return Invalid("there is no number", remedy=_WRITE)
    if _FLOAT.fullmatch(number):
        return Invalid(
            "a spreadsheet has turned the number into a fraction", remedy="format the column as text, enter it again"
        )
    for position, character in enumerate(number, 1):
        if character not in "0123456789*#" and not (character == "+" and position == 1):
            return Invalid(f"character {position} of the number, {shown(character)}, cannot be dialled", remedy=_WRITE)
    if number.startswith("+0"):
        return Invalid("no country's code begins with 0", remedy="write + and the country code")
    return Invalid("too short or too long for a number", remedy="after + 3 to 15 digits, without + at most 32")
