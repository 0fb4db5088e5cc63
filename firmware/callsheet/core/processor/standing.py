# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's work status as the manager counts it: signed in, ready, paused and why, signed out."""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet.core.ledger import Standing, Upload
from callsheet.core.processor.context import Context
from callsheet.core.state import State, Work

Key = tuple[str, Work, str]
"""Agent, work status, and the reason of a pause."""


def of(state: State) -> Key | None:
    """What stands now; None: nobody works here."""
    if state.queue is None or state.work in (Work.OFF, Work.SIGNING_IN):
        return None
    return state.agent, state.work, state.pause_reason if state.work is Work.PAUSED else ""


def record(ctx: Context, before: Key | None) -> None:
    """Send word of it if it has changed.

    What one event brings about is one change: a phone that is ready by itself after
    sign-in was never paused.
    """
    state, now = ctx.state, of(ctx.state)
    if now is None or now == before:
        return
    since = datetime.fromtimestamp(ctx.now.wall - max(0.0, ctx.mono - state.work_since), UTC)
    ctx.save(Upload("status", standing=Standing(state.work.value, ctx.at, since, now[2])))
    if state.work is Work.SIGNING_OUT:
        # The agent waits for it like for what is left of the sheet.
        state.outbox += 1
