# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens of a call, from the INVITE to its end, and of calls coming in."""

from __future__ import annotations

from callsheet.core.behaviour import Mode, beneath
from callsheet.core.events import Now
from callsheet.core.screen import Screen
from callsheet.core.screens.words import Words
from callsheet.core.state import Call, State


def _call(state: State, now: Now, words: Words) -> Screen:
    at = beneath(state)
    call = state.call
    if call is None:
        return _about_to(state, now, words, at)
    return Screen(at, words(f"title.{at.value}"), _timer(call, now, words), headline=_who(call, words),
                  number=call.remote, lines=_lines(state, call, words), alert=_alert(state, call, words))


def _about_to(state: State, now: Now, words: Words, at: Mode) -> Screen:
    """The headset is opening: for the callee who is shown, or for an incoming call."""
    if state.preview is not None:
        task = state.preview.task
        return Screen(at, words(f"title.{at.value}"), words.clock(), headline=words.who(task), number=task.number,
                      lines=words.about(task))
    call = state.incoming
    if call is None:
        return Screen(at, words(f"title.{at.value}"), words.clock())
    return Screen(at, words("title.incoming"), words.clock(), headline=_who(call, words), number=call.remote)


def _who(call: Call, words: Words) -> str:
    return call.name or call.remote or words("say.unknown-caller")


def _timer(call: Call, now: Now, words: Words) -> str:
    since = call.answered_mono if call.answered_mono is not None else call.started
    return words.timer(now.mono - since)


def _alert(state: State, call: Call, words: Words) -> str:
    if call.media_failed or not state.headset or "headset-audio" in state.faults:
        return words("say.no-audio")
    if call.held_by_far:
        return words("say.far-hold")
    if call.transfer:
        return words("say.transfer", code=call.transfer)
    return words("say.muted") if call.muted else ""


def _lines(state: State, call: Call, words: Words) -> tuple[str, ...]:
    lines: list[str] = []
    if state.parked is not None:
        lines.append(words("say.parked", name=_who(state.parked, words)))
    if call.sent:
        lines.append(words("say.tones", digits=call.sent[-12:]))
    if call.task is not None:
        lines += words.about(call.task) if call.task.id else (words("say.manual"),)
    return tuple(lines)


def _incoming(state: State, now: Now, words: Words) -> Screen:
    call = state.incoming
    assert call is not None
    at = Mode.INCOMING if state.call is None else Mode.CALL_WAITING
    return Screen(at, words(f"title.{at.value}"), words.timer(now.mono - call.started),
                  headline=_who(call, words), number=call.remote)


BUILDERS = {
    **dict.fromkeys((Mode.PLACING, Mode.RINGING, Mode.EARLY_MEDIA, Mode.TALKING, Mode.HELD, Mode.ENDING), _call),
    Mode.INCOMING: _incoming, Mode.CALL_WAITING: _incoming,
}
