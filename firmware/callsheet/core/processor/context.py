# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the processor works with: the state, the present time, and the effects so far."""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet.core.effects import AnyEffect, Save
from callsheet.core.events import Now
from callsheet.core.ledger import AnyEntry
from callsheet.core.processor.history import remember
from callsheet.core.state import Problem, State

NOTE_SECONDS = 6.0
"""How long a passing remark stays on the screen."""
SAVE_RETRY = 5.0
"""Seconds until entries that could not be written are tried again."""


class Context:
    """One event being handled."""

    def __init__(self, state: State, now: Now) -> None:
        self.state = state
        self.now = now
        self.effects: list[AnyEffect] = []
        self._entries: list[AnyEntry] = []
        self._save_id = 0

    @property
    def mono(self) -> float:
        """Monotonic seconds."""
        return self.now.mono

    @property
    def at(self) -> datetime:
        """The wall clock as a datetime in UTC."""
        return datetime.fromtimestamp(self.now.wall, UTC)

    @property
    def unsaved(self) -> bool:
        """Whether anything is still on its way to the disk."""
        return bool(self._entries or self.state.pending or self.state.backlog)

    def emit(self, *effects: AnyEffect) -> None:
        """Ask for effects, in this order."""
        self.effects.extend(effects)

    def new_id(self) -> int:
        """A number for an effect whose answer is awaited."""
        number = self.state.next_id
        self.state.next_id += 1
        return number

    def save(self, *entries: AnyEntry) -> int:
        """Write entries; returns the id that Saved will carry.

        All that one event brings about goes into one transaction, ahead of the
        other effects: the last result and the next intention are one flush of
        the card. While the store is failing, entries gather in the backlog, so
        that what is written stays a prefix of what happened.
        """
        if not entries:
            return 0
        self._entries.extend(entries)
        return self._id()

    def save_again(self, entries: tuple[AnyEntry, ...]) -> int:
        """Write entries that failed before, ahead of everything newer; returns the id that Saved will carry."""
        self._entries[:0] = entries
        return self._id()

    def _id(self) -> int:
        if not self._save_id:
            self._save_id = self.new_id()
        return self._save_id

    def finish(self) -> tuple[AnyEffect, ...]:
        """All effects, the transaction first."""
        entries = tuple(self._entries)
        if entries and self.state.backlog:
            self.state.backlog += entries
            self.state.untried = True
        elif entries:
            self.state.pending[self._save_id] = entries
            self.effects.insert(0, Save(self._save_id, entries))
        return tuple(self.effects)

    def note(self, key: str, detail: str = "") -> None:
        """A passing remark for the agent."""
        self.state.sheet_note = Problem(key, detail)
        self.state.note_until = self.mono + NOTE_SECONDS

    def apply(self, *entries: AnyEntry) -> None:
        """Let the queue know, exactly as it would learn it from the ledger after a power cut."""
        for entry in entries:
            remember(self.state, entry)
            if self.state.queue is not None:
                self.state.queue.apply(entry)


def saved(ctx: Context, number: int) -> None:
    """A transaction is on disk."""
    ctx.state.pending.pop(number, None)
    if ctx.state.preview is not None and ctx.state.preview.save == number:
        ctx.state.preview.saved = True
    if not ctx.state.backlog and not ctx.state.pending:
        ctx.state.faults.pop("store", None)


def save_failed(ctx: Context, number: int, reason: str) -> None:
    """A transaction is not on disk: keep the entries and every later one, in order, and try again."""
    state = ctx.state
    if number not in state.pending:
        return
    later = [entries for other, entries in sorted(state.pending.items()) if other >= number]
    state.pending = {other: e for other, e in state.pending.items() if other < number}
    state.backlog = tuple(entry for entries in later for entry in entries) + state.backlog
    state.faults["store"] = reason
    state.retry_save_at = ctx.mono + SAVE_RETRY


def retry_saves(ctx: Context) -> None:
    """The time to try again has come."""
    state = ctx.state
    if state.retry_save_at is None or ctx.mono < state.retry_save_at:
        return
    state.retry_save_at, state.untried = None, False
    entries, state.backlog = state.backlog, ()
    number = ctx.save_again(entries)
    if state.preview is not None and state.preview.attempt:
        state.preview.save = number
