# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases v1: which phone may dial an agent's sheet, and until when.

With the manager, a phone posts a `LeaseRequest` to the sheet's `lease` URL and
gets a `LeaseAnswer`. On a plain file server phones agree by `LeaseFile`s in the
folder for results; `firmware/docs/leases.md` has the rules of both.

A phone dials only while its lease runs. After a restart it dials only once the
lease has been confirmed again, so that a phone that was switched off while
somebody took over can do no harm when it comes back.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from callsheet.core.model import Instant, Progress
from callsheet.formats.json_document import read_document, write_document
from callsheet.formats.status import Status

FORMAT = "callsheet-lease"
ANSWER = "callsheet-lease-answer"
FILE = "callsheet-lease-file"
VERSION = 1

Action = Literal["claim", "renew", "take-over", "force", "release"]
"""What a phone wants.

claim: the lease, if nobody has it. renew: go on; also tells the server how the
phone is. take-over: as claim, and whoever has it is to hand it back as soon as
it hears of that. force: the agent says that the other phone is switched off or
broken: the lease changes hands at once. release: the phone is done.
"""


class LeaseRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a phone asks the server."""

    format: Literal["callsheet-lease"]
    version: Literal[1]
    action: Action
    agent: str
    phone: str
    installation: Annotated[int, Meta(ge=0)] = 0
    """Drawn when the phone's store was made: a new card in a phone of the same name is another holder."""
    sheet: str = ""
    revision: Annotated[int, Meta(ge=0)] = 0
    status: Status | None = None
    progress: Progress | None = None
    """What has become of the sheet so far, where it has changed since the last request that was answered."""


class LeaseAnswer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the server says."""

    format: Literal["callsheet-lease-answer"]
    version: Literal[1]
    granted: bool
    """The phone that asked may dial (after "release": it is released)."""
    at: Instant | None = None
    """The server's clock as it answered: a phone counts `until` from there, however wrong its own clock is."""
    until: Instant | None = None
    """End of the lease: of the phone's own if granted, else of the holder's."""
    renew: Annotated[float, Meta(ge=1)] = 60.0
    """Seconds after which the phone asks again."""
    holder: str = ""
    """Not granted: the phone that has the lease."""
    heard: Instant | None = None
    """Not granted: when the holder was heard of last."""
    asked_by: str = ""
    """Granted: this other phone wants to take over; hand back as soon as no call is up."""
    revision: Annotated[int, Meta(ge=0)] = 0
    """The latest revision of the agent's sheet; a phone that has an older one fetches."""
    stop: str = ""
    """Not empty: the manager has stopped the campaign; nothing is dialled, and this is why."""
    progress: Progress | None = None
    """Granted to a claim: what another phone did since the sheet was issued."""


class LeaseFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A claim on a plain file server; only the phone that made it ever writes it again."""

    format: Literal["callsheet-lease-file"]
    version: Literal[1]
    state: Literal["held", "wanted", "released"]
    agent: str
    phone: str
    installation: Annotated[int, Meta(ge=0)]
    since: Instant
    written: Instant
    until: Instant
    forced: bool = False
    """Taken from a phone that the agent said was switched off."""
    unsettled: bool = False
    """Created a moment ago, perhaps in the same instant as another's, which is then under it: its phone does not know
    of this file before its next renewal."""
    certain: Instant | None = None
    """When whoever may be under an unsettled file must know of it; not there: its phone was cut off before it knew."""
    status: Status | None = None
    progress: Progress | None = None


def read_request(data: bytes) -> LeaseRequest:
    """A lease request; raises FormatError with line, column and path."""
    return read_document(data, LeaseRequest)


def read_answer(data: bytes) -> LeaseAnswer:
    """A lease answer; raises FormatError with line, column and path."""
    return read_document(data, LeaseAnswer)


def read_file(data: bytes) -> LeaseFile:
    """A lease file; raises FormatError with line, column and path."""
    return read_document(data, LeaseFile)


def write_lease(value: LeaseRequest | LeaseAnswer | LeaseFile) -> bytes:
    """The bytes; the same value gives the same bytes."""
    return write_document(value)
