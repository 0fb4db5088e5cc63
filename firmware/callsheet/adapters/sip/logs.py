# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack's own log, led into Python's, without anybody's number, name or secret in it."""

from __future__ import annotations

import logging
import re

import pjsua2 as pj

log = logging.getLogger("callsheet.sip")

MAX_LEVEL = 3
"""From 4 on the stack writes whole messages, so there is no setting for more."""
# What the stack calls an error is mostly a peer's: a refused connection, a registrar that is down.
_LEVELS = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO}
_URI_USER = re.compile(r"(?i)\b(sips?|tel):[^@\s<>\";]+(?=@|[\s<>\";]|$)")
_NUMBER = re.compile(r"\+?[0-9][0-9\-() ]{5,}[0-9]")
_QUOTED = re.compile(r'"[^"]*"')


def masked(text: str) -> str:
    """The text without display names, users of URIs, and strings of seven digits or more."""
    text = _QUOTED.sub('"…"', text)
    text = _URI_USER.sub(r"\1:…", text)
    return _NUMBER.sub("…", text)


class Writer(pj.LogWriter):
    """Called by the stack on any of its threads."""

    def write(self, entry: pj.LogEntry) -> None:
        """One line of the stack's log."""
        try:
            log.log(_LEVELS.get(entry.level, logging.DEBUG), "%s", masked(entry.msg.rstrip()))
        except Exception:  # noqa: BLE001 - an exception cannot pass through the C stack
            pass
