# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens between calls: signed out, waiting, next callee, wrap-up, paused."""

from __future__ import annotations

from callsheet.core.behaviour import Mode
from callsheet.core.events import Now
from callsheet.core.model import Task
from callsheet.core.outcomes import Outcome
from callsheet.core.processor.results import DEFAULT_DISPOSITIONS
from callsheet.core.processor.work import why
from callsheet.core.resolve import resolve
from callsheet.core.screen import Screen
from callsheet.core.screens.words import Words
from callsheet.core.state import State


def _off(state: State, now: Now, words: Words) -> Screen:
    faults = tuple(f"{part}: {reason}" for part, reason in state.faults.items())
    notices = tuple(words(key, detail=detail) for key, detail in state.notices.items())
    alert = ""
    if not state.registered:
        alert = _unregistered(state.registration, words)
    return Screen(Mode.OFF, words("title.off"), words.clock(), headline=words("ask.sign-in"), lines=(*faults, *notices),
                  alert=alert)


def _signing_in(state: State, now: Now, words: Words) -> Screen:
    doing, error = "say.fetching" if state.arrived is None else "say.asking-lease", state.lease.error
    return Screen(Mode.SIGNING_IN, words("title.signing-in"), words.clock(), headline=words(doing),
                  number=state.agent, alert=words("why.lease-failed", detail=words(error)) if error else "")


def _obstacle(state: State, now: Now, words: Words) -> str:
    """Why it is not dialling, in the agent's words; empty if that is plain from the screen itself."""
    reason = why(state, now.mono)
    if reason.obstacle == "unregistered":
        return _unregistered(reason.detail, words)
    if reason.obstacle in ("fault", "no-headset"):
        return words(f"why.{reason.obstacle}", detail=reason.detail)
    if reason.obstacle == "lease":
        return words(f"why.lease-{reason.which}", detail=words(reason.detail) if reason.detail else "")
    if reason.blocker is not None:
        return words.blocker(reason.blocker)
    return ""


def _unregistered(detail: str, words: Words) -> str:
    """Without a reason the registrar was not heard yet."""
    return words("why.unregistered", detail=detail) if detail else words("why.registering")


def _count(state: State, words: Words) -> str:
    if state.queue is None:
        return ""
    counts = state.queue.counts()
    return words("say.open", open=counts.total - counts.done - counts.dropped, total=counts.total)


def _to_send(state: State, words: Words) -> tuple[str, ...]:
    """How many uploads wait, if the server does not take them: those on their way are nobody's concern."""
    return (words("say.uploading", count=state.outbox),) if state.outbox and state.outbox_error else ()


def _waiting(state: State, now: Now, words: Words) -> Screen:
    proposal = state.proposal
    task = proposal.task if proposal is not None else None
    alert = _obstacle(state, now, words)
    lines = (_count(state, words), *_to_send(state, words))
    if task is None:
        return Screen(Mode.WAITING, words("title.waiting"), words.clock(), headline=words("say.nothing"),
                      alert=alert, lines=lines)
    return Screen(Mode.WAITING, words("title.waiting"), words.clock(), headline=words.who(task),
                  number=task.number, alert=alert, lines=(*lines, *words.about(task)))


def _finished(state: State, now: Now, words: Words) -> Screen:
    total = state.queue.counts().total if state.queue is not None else 0
    lines = (words("say.uploading", count=state.outbox) if state.outbox else words("say.all-sent"),)
    return Screen(Mode.FINISHED, words("title.finished"), words.clock(),
                  headline=words("say.finished", total=total), lines=lines)


def _paused(state: State, now: Now, words: Words) -> Screen:
    since = words.timer(now.mono - state.work_since)
    proposal = state.proposal
    lines = [_count(state, words), *_to_send(state, words)]
    if proposal is not None and proposal.task is not None:
        lines.append(words("say.next", name=words.who(proposal.task)))
    return Screen(Mode.PAUSED, words("title.paused"), since, headline=words(state.pause_reason),
                  alert=_obstacle(state, now, words), lines=tuple(lines))


def _callee(state: State, task: Task, words: Words) -> tuple[str, ...]:
    lines = words.about(task)
    if state.queue is None or not task.id:
        return (words("say.manual"), *lines)
    tries = state.queue.state(task.id).counted if state.queue.task(task.id) is not None else 0
    if tries:
        limit = resolve("max_attempts", task, state.queue.sheet, state.settings)[0]
        lines = (*lines[:1], words("say.attempt", number=tries + 1, limit=limit), *lines[1:])
    return lines


def _preview(state: State, now: Now, words: Words) -> Screen:
    preview = state.preview
    assert preview is not None
    task = preview.task
    if preview.dial_at is None:
        return Screen(Mode.PREVIEW, words("title.preview"), words.clock(), headline=words.who(task),
                      number=task.number, lines=_callee(state, task, words))
    left = max(0.0, preview.dial_at - now.mono)
    span = max(preview.dial_at - preview.shown, 0.001)
    return Screen(Mode.COUNTDOWN, words("title.countdown"), f"{left:.0f} s", headline=words.who(task),
                  number=task.number, lines=_callee(state, task, words), progress=min(1.0, left / span))


def _wrap_up(state: State, now: Now, words: Words) -> Screen:
    wrap_up = state.wrap_up
    assert wrap_up is not None
    attempt, decision = wrap_up.attempt, wrap_up.decision
    badge, progress = "", None
    if wrap_up.until is not None:
        left, span = wrap_up.until - now.mono, max(wrap_up.until - wrap_up.started, 0.001)
        badge, progress = f"{max(0.0, left):.0f} s", max(0.0, min(1.0, left / span))
    lines: list[str] = []
    if decision.action == "retry" and decision.until is not None:
        lines.append(words("say.retry-at", time=words.when(decision.until)))
    lines += _choices(state, words)
    if wrap_up.note:
        lines.append(wrap_up.note)
    code = f" {attempt.end.code}" if attempt.end.code and attempt.outcome is not Outcome.ANSWERED else ""
    result = words(f"outcome.{attempt.outcome.value}") + code
    if attempt.outcome is Outcome.ANSWERED:
        result += f" {words.timer(attempt.talk_seconds)}"
    return Screen(Mode.WRAP_UP, words("title.wrap-up"), badge, headline=words.who(wrap_up.task),
                  number=result, lines=tuple(lines), progress=progress)


def _choices(state: State, words: Words) -> list[str]:
    own = state.queue.sheet.dispositions if state.queue is not None else ()
    return [f"{d.key} {words.pick(d.label)}" for d in own or DEFAULT_DISPOSITIONS]


def _unknown(state: State, now: Now, words: Words) -> Screen:
    unknown = state.unknown[0]
    lines = (*_choices(state, words), *words.about(unknown.task))
    return Screen(Mode.UNKNOWN, words("title.unknown"), words.when(unknown.intention.at.timestamp()),
                  headline=words.who(unknown.task), number=unknown.task.number, lines=lines,
                  alert=words("ask.unknown"))


def _signing_out(state: State, now: Now, words: Words) -> Screen:
    alert = words("say.kept", error=state.outbox_error) if state.outbox_error else ""
    if state.backlog:
        alert = words("why.fault", detail=state.faults.get("store", ""))
    return Screen(Mode.SIGNING_OUT, words("title.signing-out"), words.clock(), alert=alert,
                  headline=words("say.uploading", count=state.outbox))


BUILDERS = {
    Mode.OFF: _off, Mode.SIGNING_IN: _signing_in, Mode.WAITING: _waiting, Mode.FINISHED: _finished,
    Mode.PAUSED: _paused, Mode.PREVIEW: _preview, Mode.COUNTDOWN: _preview, Mode.WRAP_UP: _wrap_up,
    Mode.UNKNOWN: _unknown, Mode.SIGNING_OUT: _signing_out,
}
