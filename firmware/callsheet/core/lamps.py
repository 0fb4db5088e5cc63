# SPDX-License-Identifier: GPL-3.0-or-later
"""Lamps and buzzer as a function of the state."""

from __future__ import annotations

from callsheet.core.behaviour import TABLE, Mode, beneath, mode
from callsheet.core.lease import bar
from callsheet.core.processor.work import why
from callsheet.core.screen import Lamps
from callsheet.core.state import OverlayKind, State, Work

WARNING = 2.0
"""Seconds before autodial during which the buzzer warns if the handset lies on its hook."""


def lamps(state: State, mono: float) -> Lamps:
    """Green line, amber work, red attention, buzzer.

    An open menu does not change what the lamps tell of the call beneath it.
    """
    at = mode(state)
    row = TABLE[at if at in (Mode.INCOMING, Mode.CALL_WAITING) else beneath(state)].lamps
    work = row.work
    if state.work is Work.PAUSED and work == "on":
        work = "slow"
    return Lamps(
        line=row.line,  # type: ignore[arg-type]
        work=work,  # type: ignore[arg-type]
        attention=_attention(state, mono),  # type: ignore[arg-type]
        buzzer=_buzzer(state, mono),  # type: ignore[arg-type]
    )


def _attention(state: State, mono: float) -> str:
    """Fast: a fault stops the work. Slow: the agent's word is wanted, or results cannot be sent."""
    if state.faults or why(state, mono).obstacle in ("fault", "unregistered", "no-headset"):
        return "fast"
    call = state.call
    if call is not None and call.media_failed:
        return "fast"
    if state.work is Work.OFF:
        return "off" if state.registered else "slow"
    if state.unknown or state.outbox_error or state.pause_reason in ("pause.our-fault", "pause.refused",
                                                                     "pause.stopped"):
        return "slow"
    if bar(state.lease, mono) in ("failed", "over", "taken", "stopped"):
        return "slow"
    wrap_up = state.wrap_up
    if wrap_up is not None and (wrap_up.until is None or wrap_up.decision.action == "ask"):
        return "slow"
    overlay = state.overlay
    return "slow" if overlay is not None and overlay.error and overlay.kind is not OverlayKind.MENU else "off"


def _buzzer(state: State, mono: float) -> str:
    if state.incoming is not None and not state.answering and state.call is None:
        return "ring"
    preview = state.preview
    lying = state.hook_seen and not state.hook_off
    if lying and preview is not None and preview.dial_at is not None and 0 < preview.dial_at - mono <= WARNING:
        return "warn"
    return "off"


def contrast(state: State, mono: float) -> int:
    """Brightness of the display: 2 while something goes on, 1 and 0 when nobody has touched it for long."""
    busy = (state.call, state.incoming, state.preview, state.wrap_up, state.overlay)
    if any(part is not None for part in busy) or state.unknown:
        return 2
    idle = mono - state.touched
    if idle < state.traits.sleep_after:
        return 2
    return 1 if idle < 2 * state.traits.sleep_after else 0
