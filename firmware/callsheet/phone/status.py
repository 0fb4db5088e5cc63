# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phone and its agent are doing, for the manager: the state as a status record. It names no callee."""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet import __version__
from callsheet.core.events import Now
from callsheet.core.processor.work import why
from callsheet.core.state import Call, Phase, State, Work
from callsheet.formats.status import Activity, Progressed, Status

_CALLING: dict[Phase, Activity] = {
    Phase.DIALLING: "dialling", Phase.RINGING: "ringing", Phase.EARLY_MEDIA: "ringing", Phase.TALKING: "talking",
    Phase.INCOMING: "incoming", Phase.ANSWERING: "incoming",
}


def status(state: State, now: Now) -> Status:
    """The phone at this instant."""
    queue = state.queue
    activity, since, task = _activity(state)
    blocker, until = _blocker(state, now)
    counts = queue.counts() if queue is not None else None
    return Status(
        format="callsheet-status", version=1, at=_instant(now.wall), phone=state.traits.id,
        agent="" if state.work is Work.OFF else state.agent,
        work=state.work.value, since=_wall(state.work_since, now) if state.work is not Work.OFF else None,
        reason=state.pause_reason if state.work is Work.PAUSED else "",
        activity=activity, activity_since=None if since is None else _wall(since, now), task=task,
        sheet=queue.sheet.id if queue is not None else "", revision=queue.sheet.revision if queue is not None else 0,
        counts=Progressed() if counts is None else Progressed(
            counts.total, counts.done, counts.open, counts.waiting, counts.held, counts.dropped),
        registered=state.registered, headset=state.headset,
        blocker=blocker, blocked_until=until,
        outbox=state.outbox, faults=tuple(sorted(state.faults)), firmware=__version__,
    )


def _activity(state: State) -> tuple[Activity, float | None, str]:
    """What it is doing, since when (monotonic), and for which task."""
    call = state.call or state.parked or state.incoming
    if call is not None:
        return _call(call), _since(call), call.task.id if call.task is not None else ""
    if state.wrap_up is not None:
        return "wrap-up", state.wrap_up.started, state.wrap_up.task.id
    if state.preview is not None:
        return "preview", state.preview.shown, state.preview.task.id
    return "idle", None, ""


def _call(call: Call) -> Activity:
    if call.phase is Phase.ENDING:
        return "talking" if call.answered is not None else "dialling"
    return _CALLING[call.phase]


def _since(call: Call) -> float:
    """Answered, else ringing, else begun."""
    times = (call.answered_mono, call.ringing_mono, call.started)
    return next(time for time in times if time is not None)


def _blocker(state: State, now: Now) -> tuple[str, datetime | None]:
    """Why it is not dialling; in a call it is."""
    reason = why(state, now.mono)
    if reason.blocker is not None:
        until = reason.blocker.until
        return reason.blocker.kind, None if until is None else _instant(until)
    if reason.obstacle == "busy":
        return "", None
    return reason.obstacle, None if reason.until_mono is None else _wall(reason.until_mono, now)


def _wall(mono: float, now: Now) -> datetime:
    """A monotonic time as the wall clock has it now."""
    return _instant(now.wall + mono - now.mono)


def _instant(posix: float) -> datetime:
    return datetime.fromtimestamp(posix, UTC)
