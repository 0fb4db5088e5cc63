# SPDX-License-Identifier: GPL-3.0-or-later
"""The attempts made on this phone for the present sheet, each with the last word on it."""

from __future__ import annotations

from msgspec.structs import replace

from callsheet.core.ledger import AnyEntry, Decided, Ended
from callsheet.core.state import State


def remember(state: State, entry: AnyEntry) -> None:
    """Keep what the results will tell."""
    match entry:
        case Ended() if entry.attempt.task:
            state.attempts[entry.attempt.id] = entry.attempt
        case Decided() if entry.attempt in state.attempts:
            attempt = state.attempts[entry.attempt]
            state.attempts[entry.attempt] = replace(
                attempt, disposition=entry.disposition, note=entry.note or attempt.note,
                action=entry.action,
                until=entry.until, callback=entry.callback, outcome=entry.outcome or attempt.outcome,
            )
        case _:
            pass
