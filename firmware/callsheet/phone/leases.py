# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease requests and releases, made from the state at the moment they leave."""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet.core import effects as ef
from callsheet.core.events import Now
from callsheet.core.model import Instant, Progress
from callsheet.core.state import State
from callsheet.formats.lease import LeaseFile, LeaseRequest, write_lease
from callsheet.phone.status import status


def request(state: State, effect: ef.Lease, now: Now) -> LeaseRequest:
    """What the phone asks, with how it is and what it has done to that sheet."""
    return LeaseRequest(
        "callsheet-lease", 1, effect.action, effect.agent, state.traits.id, state.installation, effect.sheet,
        effect.revision, status(state, now), _progress(state, effect.sheet),
    )


def release(state: State, since: Instant, now: Now) -> tuple[bytes, str]:
    """The last word on a lease, and where it goes: as a request to the manager, or as what the lease file is to say."""
    assert state.queue is not None
    sheet, traits = state.queue.sheet, state.traits
    progress = state.queue.progress()
    if sheet.lease:
        last = LeaseRequest("callsheet-lease", 1, "release", sheet.agent, traits.id, state.installation, sheet.id,
                            sheet.revision, status(state, now), progress)
        return write_lease(last), sheet.lease
    at = datetime.fromtimestamp(now.wall, UTC)
    file = LeaseFile("callsheet-lease-file", 1, "released", sheet.agent, traits.id, state.installation, since, at, at,
                     status=status(state, now), progress=progress)
    return write_lease(file), sheet.upload


def _progress(state: State, sheet: str) -> Progress | None:
    """None at sign-in: nothing is known yet, not even what this very phone did in an earlier session."""
    return state.queue.progress() if state.queue is not None and state.queue.sheet.id == sheet else None
