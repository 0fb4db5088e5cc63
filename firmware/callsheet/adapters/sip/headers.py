# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stack does not hand out parsed: header fields, read from the text of a whole SIP message."""

from __future__ import annotations

import re
from typing import NamedTuple

from callsheet.core.outcomes import Reason
from callsheet.formats.reason import parse_reason

_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]*))?\r?\n", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"([A-Z]+) \S+ SIP/2\.0\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_DELTA = re.compile(r"\s*([0-9]{1,9})")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd\ud800-\udfff]+")
MAX_PHRASE = 128
MAX_REASONS = 16


class Response(NamedTuple):
    """What the adapter wants to know from a response or a BYE."""

    code: int
    """0 for a request."""
    phrase: str
    reasons: tuple[Reason, ...]
    retry_after: float | None
    has_sdp: bool


def values(message: str, *names: str) -> list[str]:
    """All values of the named header fields in order, unfolded (RFC 3261 §7.3.1); names include compact forms."""
    head = re.split(r"\r?\n\r?\n", message, maxsplit=1)[0]
    wanted = {name.lower() for name in names}
    found = []
    for line in re.split(r"\r?\n", _FOLD.sub(" ", head))[1:]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in wanted:
            found.append(value.strip())
    return found


def method(message: str) -> str:
    """The method of a request; empty for a response."""
    match = _REQUEST_LINE.match(message)
    return match[1] if match else ""


def retry_after(message: str) -> float | None:
    """Seconds from Retry-After (RFC 3261 §20.33: delta-seconds, then a comment or parameters)."""
    for value in values(message, "Retry-After"):
        if match := _DELTA.match(value):
            return float(match[1])
    return None


def read(message: str) -> Response:
    """Read a message; whatever is malformed counts as absent."""
    match = _STATUS_LINE.match(message)
    reasons: list[Reason] = []
    for value in values(message, "Reason"):
        reasons += parse_reason(value)
    kinds = [value.lower() for value in values(message, "Content-Type", "c")]
    return Response(
        code=int(match[1]) if match else 0,
        phrase=printable(match[2] or "", MAX_PHRASE) if match else "",
        reasons=tuple(reasons[:MAX_REASONS]),
        retry_after=retry_after(message),
        # A multipart body (ISUP or resource lists beside the SDP) counts as well.
        has_sdp=any(kind.startswith(("application/sdp", "multipart/")) for kind in kinds),
    )


def printable(text: str, limit: int) -> str:
    """Without control characters, and without those that turn the direction of the text around them."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:limit]
