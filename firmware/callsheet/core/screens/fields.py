# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens of input fields, menus and lists."""

from __future__ import annotations

from callsheet.core.behaviour import Mode, mode
from callsheet.core.events import Now
from callsheet.core.model import Text
from callsheet.core.processor.results import DEFAULT_DISPOSITIONS
from callsheet.core.screen import Screen
from callsheet.core.screens.words import Words
from callsheet.core.state import OverlayKind, State

UPCOMING = 8
"""How many of the next tasks the list shows."""


def _field(state: State, now: Now, words: Words) -> Screen:
    overlay = state.overlay
    assert overlay is not None
    at = mode(state)
    asks = {
        OverlayKind.AGENT: words("ask.agent"),
        OverlayKind.PIN: words("ask.pin", agent=overlay.target),
        OverlayKind.DIALPAD: words("ask.dial"),
        OverlayKind.TRANSFER: words("ask.dial"),
        OverlayKind.CLOCK: words("ask.clock"),
        OverlayKind.NOTE: words("ask.note"),
    }
    text = "•" * len(overlay.text) if overlay.kind is OverlayKind.PIN else overlay.text
    return Screen(at, words(f"title.{at.value}"), words.clock(), headline=asks[overlay.kind], number=text + "_",
                  alert=words(overlay.error) if overlay.error else "")


def _list(state: State, now: Now, words: Words) -> Screen:
    overlay = state.overlay
    assert overlay is not None
    at = mode(state)
    prefix = {OverlayKind.MENU: "key.", OverlayKind.LATER: "later."}.get(overlay.kind, "")
    lines = tuple(
        (f"{n} " if overlay.kind is not OverlayKind.MENU else "") + words(prefix + item)
        for n, item in enumerate(overlay.items, 1)
    )
    return Screen(at, words(f"title.{at.value}"), words.clock(), lines=lines, cursor=overlay.cursor)


def _correct(state: State, now: Now, words: Words) -> Screen:
    queue, attempt = state.queue, state.last_attempt
    task = queue.task(attempt.task) if queue is not None and attempt is not None else None
    own = queue.sheet.dispositions if queue is not None else ()
    lines = tuple(f"{d.key} {_label(words, d.label)}" for d in own or DEFAULT_DISPOSITIONS)
    return Screen(Mode.CORRECT, words("title.correct"), words.clock(), lines=lines,
                  headline=words.who(task) if task is not None else "")


def _label(words: Words, label: Text) -> str:
    return words.pick(label)


def _upcoming(state: State, now: Now, words: Words) -> Screen:
    lines: list[str] = []
    if state.queue is not None:
        for proposal in state.queue.upcoming(now.wall, UPCOMING):
            if proposal.task is not None:
                wait = f" {words.blocker(proposal.blocker)}" if proposal.blocker is not None else ""
                lines.append(words.who(proposal.task) + wait)
    return Screen(Mode.UPCOMING, words("title.upcoming"), words.clock(),
                  lines=tuple(lines) or (words("say.nothing"),))


def _lease(state: State, now: Now, words: Words) -> Screen:
    """Another phone has the lease: which, since when it is silent, and what can be done."""
    at, lease = mode(state), state.lease
    lines = [words("say.hands-over")] if at is Mode.ASKED else []
    if lease.heard is not None:
        lines.append(words("say.heard", time=words.when(lease.heard.timestamp())))
    if lease.held_until is not None and at is Mode.TAKEN:
        lines.append(words("say.held-until", time=words.when(lease.held_until.timestamp())))
    return Screen(at, words(f"title.{at.value}"), words.clock(), lines=tuple(lines),
                  headline=words(f"ask.{at.value}", agent=state.agent, phone=lease.holder),
                  alert=words("say.hold-force") if at is Mode.FORCE else "")


BUILDERS = {
    **dict.fromkeys((Mode.TAKEN, Mode.ASKED, Mode.FORCE), _lease),
    **dict.fromkeys((Mode.AGENT, Mode.PIN, Mode.DIALPAD, Mode.TRANSFER, Mode.CLOCK, Mode.NOTE), _field),
    **dict.fromkeys((Mode.MENU, Mode.PAUSE, Mode.LATER), _list),
    Mode.CORRECT: _correct, Mode.UPCOMING: _upcoming,
}
