# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of uploaded files: they tell the manager what is inside, and cannot leave their folder."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

MAX_PART = 48
"""Characters of an agent's, sheet's or phone's part of the name."""

_KINDS = ("result", "complete", "remaining", "status", "release")
# Safe on every file system and in every URL without quoting (RFC 3986 §2.3 unreserved, but "~", which shells expand).
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
_NAME = re.compile(
    r"(?P<kind>[a-z]+)-(?P<agent>[A-Za-z0-9_.]+)-(?P<sheet>[A-Za-z0-9_.]+)-r(?P<revision>[0-9]+)"
    # ".2", ".3" …: a later word on the same attempt, or a name that another file had (the store's outbox).
    r"-(?P<phone>[A-Za-z0-9_.]+)-(?P<seq>[0-9]{6,})(?:\.[0-9]+)?\.json"
)


def upload_name(kind: str, agent: str, sheet: str, revision: int, phone: str, seq: int) -> str:
    """{kind}-{agent}-{sheet}-r{revision}-{phone}-{seq:06d}.json

    What is not a plain letter, digit, "_" or "." becomes "_", so "-" parts the name.
    Two different texts may become one; phone and sequence number tell files apart.
    Raises ValueError for an unknown kind or a negative number.
    """
    if kind not in _KINDS:
        raise ValueError(f"unknown kind of upload: {kind}")
    if revision < 0 or seq < 0:
        raise ValueError("revision and sequence number count from 0")
    return f"{kind}-{_part(agent)}-{_part(sheet)}-r{revision}-{_part(phone)}-{seq:06d}.json"


def lease_name(agent: str, day: date, number: int) -> str:
    """lease-{agent}-{yyyymmdd}-{number:02d}.json, the number counted from 1."""
    return f"lease-{_part(agent)}-{day:%Y%m%d}-{number:02d}.json"


def parsed_name(name: str) -> dict[str, str] | None:
    """The parts of an upload's name, or None if it is not one."""
    match = _NAME.fullmatch(name)
    return match.groupdict() if match and match["kind"] in _KINDS else None


def _part(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() if text.isprintable() else text
    # No leading dot: such a file would be hidden, and ".." would be the parent folder.
    return _UNSAFE.sub("_", plain).strip("._")[:MAX_PART].strip("._") or "_"
