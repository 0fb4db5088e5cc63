# SPDX-License-Identifier: GPL-3.0-or-later
"""The SIP header `Reason` (RFC 3326 §2; in responses RFC 6432)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callsheet.core.outcomes import Reason

MAX_LENGTH = 8192
"""Characters of a header that are looked at; the rest of a longer one is ignored."""
MAX_TEXT = 256
MAX_VALUES = 16

# RFC 3261 §25.1: tokens compare without regard to case, so one spelling is enough for all who ask.
_SPELLINGS = {"sip": "SIP", "q.850": "Q.850", "preemption": "preemption"}
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)|[^",;]+|[,;]', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CAUSE = re.compile(r"[0-9]{1,6}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def parse_reason(text: str) -> tuple[Reason, ...]:
    """The values of one Reason header, in order; what does not follow the grammar is left out.

    Never raises: a peer's odd header must not cost the call's result. Several
    header lines may be joined with commas (RFC 3261 §7.3.1) or newlines.
    """
    text = re.sub(r"\r?\n(?=[ \t])", " ", text[:MAX_LENGTH])
    text = re.sub(r"(?im)^\s*reason\s*:", "", text).strip().replace("\r", "\n")
    values = (_value(fields) for line in text.split("\n") for fields in _split(line))
    found = [value for value in values if value is not None]
    return tuple(found[:MAX_VALUES])


def _split(text: str) -> Iterator[list[str]]:
    """The header's values, each as its fields; separators inside quotes are text."""
    fields = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            yield fields
            fields = [""]
        elif piece == ";":
            fields.append("")
        else:
            fields[-1] += piece
    yield fields


def _value(fields: list[str]) -> Reason | None:
    protocol = fields[0].strip()
    if not _TOKEN.fullmatch(protocol):
        return None
    params: dict[str, str] = {}
    for field in fields[1:]:
        name, _, content = field.partition("=")
        params.setdefault(name.strip().lower(), content.strip())
    cause = params.get("cause", "").strip('"')
    return Reason(
        protocol=_SPELLINGS.get(protocol.lower(), protocol),
        cause=int(cause) if _CAUSE.fullmatch(cause) else None,
        text=_unquote(params.get("text", "")),
    )


def _unquote(text: str) -> str:
    """The content of a quoted string; an unquoted text, as some gateways send it, is taken as it is."""
    if text.startswith('"'):
        body = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
        text = _ESCAPE.sub(r"\1", body)
    return _UNPRINTABLE.sub(" ", text)[:MAX_TEXT]
