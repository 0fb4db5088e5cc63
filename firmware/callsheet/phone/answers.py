# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running phone tells, and does, for the console. No callee's name leaves it, and numbers only in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from callsheet.adapters.control import Refused
from callsheet.adapters.recent_log import RecentLog
from callsheet.core.events import FetchDue, Now
from callsheet.core.processor.work import why
from callsheet.core.queue import Proposal
from callsheet.core.state import State
from callsheet.phone.loop import Phone
from callsheet.phone.status import status

MOST_UPCOMING = 100

Question = Callable[[State, Now, Mapping[str, Any]], Any]


class Answers:
    """Answers questions by name, on the main loop where they need the state."""

    def __init__(self, phone: Phone, log: RecentLog | None = None, digest: str = "") -> None:
        """`digest` tells which settings the phone runs with (`SettingsLayers.digest`)."""
        self._phone = phone
        self._digest = digest
        self._log = log
        self._about_state: dict[str, Question] = {"status": _status, "why": _why, "queue": _queue}

    def __call__(self, name: str, more: dict[str, Any]) -> Any:
        """The answer to one question. Raises Refused."""
        if name in self._about_state:
            question = self._about_state[name]
            return self._phone.ask(lambda state, now: question(state, now, more))
        match name:
            case "settings":
                return {"digest": self._digest}
            case "fetch":
                self._phone.post(FetchDue(manual=True))
                return {"asked": True}
            case "restart":
                return {"now": self._phone.restart(force=bool(more.get("force")))}
            case "log":
                return self._lines(more)
        raise Refused(f"unknown question {name[:40]!r}", f"one of {', '.join([*self._about_state, 'settings', 'fetch', 'restart', 'log'])}")

    def _lines(self, more: Mapping[str, Any]) -> Any:
        if self._log is None:
            return []
        since, most = _whole(more, "since", 0), _whole(more, "most", 200)
        return msgspec.to_builtins(self._log.since(since, most))


def _status(state: State, now: Now, _: Mapping[str, Any]) -> Any:
    problem = state.sheet_note
    return {
        **msgspec.to_builtins(status(state, now)),
        "registration": state.registration,
        "headset_name": state.headset_name,
        "network": state.network,
        "clock_trusted": now.trusted,
        "fault_texts": dict(state.faults),
        "outbox_error": state.outbox_error,
        "sheet_note": "" if problem is None else f"{problem.key} {problem.detail}".strip(),
        "fetching": bool(state.fetch),
    }


def _why(state: State, now: Now, _: Mapping[str, Any]) -> Any:
    reason = why(state, now.mono)
    proposal = state.proposal
    until = reason.until_mono
    return {
        "obstacle": reason.obstacle, "detail": reason.detail,
        "blocker": None if reason.blocker is None else reason.blocker.kind,
        "until": _instant(reason.blocker.until) if reason.blocker is not None else
        _instant(None if until is None else now.wall + until - now.mono),
        "next": None if proposal is None or proposal.task is None else _proposal(proposal),
    }


def _queue(state: State, now: Now, more: Mapping[str, Any]) -> Any:
    if state.queue is None:
        raise Refused("no sheet is being worked", "sign in at the phone")
    most = min(_whole(more, "most", 10), MOST_UPCOMING)
    sheet = state.queue.sheet
    return {
        "sheet": sheet.id, "revision": sheet.revision, "agent": sheet.agent, "tasks": len(sheet.tasks),
        "counts": msgspec.to_builtins(state.queue.counts()),
        "upcoming": [_proposal(one) for one in state.queue.upcoming(now.wall, most, now.trusted)],
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    task, blocker = proposal.task, proposal.blocker
    assert task is not None
    return {
        "task": task.id, "number": f"…{task.number[-3:]}", "due": _instant(proposal.due), "ready": proposal.ready,
        "callback": proposal.callback, "blocker": "" if blocker is None else blocker.kind,
        "until": None if blocker is None else _instant(blocker.until),
    }


def _instant(posix: float | None) -> str | None:
    return None if posix is None else datetime.fromtimestamp(posix, UTC).isoformat(timespec="seconds")


def _whole(more: Mapping[str, Any], name: str, default: int) -> int:
    value = more.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused(f"{name} is not a whole number", f'write "{name}": {default}')
    return value
