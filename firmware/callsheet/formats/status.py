# SPDX-License-Identifier: GPL-3.0-or-later
"""Status v1: what a phone and its agent are doing.

A status goes with every lease request, and as a file "status-…json" into the
folder for results whenever the agent's work status changes, so that the time
spent ready, talking and in pauses can be added up later. It names no callee.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from callsheet.core.model import Instant
from callsheet.formats.json_document import read_document, write_document

FORMAT = "callsheet-status"
VERSION = 1

Work = Literal["off", "signing-in", "ready", "paused", "signing-out"]
"""The agent's work status."""
Activity = Literal["idle", "preview", "dialling", "ringing", "talking", "wrap-up", "incoming"]
"""What the phone itself is doing."""


class Progressed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How far the sheet is, in tasks; the other figures add up to `total`."""

    total: Annotated[int, Meta(ge=0)] = 0
    done: Annotated[int, Meta(ge=0)] = 0
    open: Annotated[int, Meta(ge=0)] = 0
    waiting: Annotated[int, Meta(ge=0)] = 0
    held: Annotated[int, Meta(ge=0)] = 0
    dropped: Annotated[int, Meta(ge=0)] = 0

    @property
    def unfinished(self) -> int:
        """Tasks that are still to be dialled or decided about."""
        return self.open + self.waiting + self.held


class Status(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A phone at one instant."""

    format: Literal["callsheet-status"]
    version: Literal[1]
    at: Instant
    phone: str
    agent: str = ""
    """Empty: nobody is signed in."""
    work: Work = "off"
    since: Instant | None = None
    """Since when the agent has this work status."""
    reason: str = ""
    """Of a pause: a text key of the phone ("pause.lunch"), or the sheet's own words."""
    activity: Activity = "idle"
    activity_since: Instant | None = None
    task: str = ""
    """Id of the task that is shown, dialled, talked about or wrapped up."""
    sheet: str = ""
    revision: Annotated[int, Meta(ge=0)] = 0
    counts: Progressed = Progressed()
    registered: bool = False
    headset: bool = False
    blocker: str = ""
    """Why it is not dialling now, in one word ("unregistered", "no-headset", "hours" …); empty: it is."""
    blocked_until: Instant | None = None
    outbox: Annotated[int, Meta(ge=0)] = 0
    """Uploads the server has not confirmed."""
    faults: tuple[str, ...] = ()
    """Parts of the phone that have failed."""
    firmware: str = ""


def read_status(data: bytes) -> Status:
    """A status record; raises FormatError with line, column and path."""
    return read_document(data, Status)


def write_status(status: Status) -> bytes:
    """The file; the same status gives the same bytes."""
    return write_document(status)
