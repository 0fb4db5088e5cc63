# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a number, whichever task it belongs to: calls, refusals, do-not-call."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.core.caps import Caps
from callsheet.core.model import Attempt
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.item import Record

REFUSALS = frozenset({Outcome.DECLINED, Outcome.UNWANTED})
NEVER_REACHED = frozenset({
    Outcome.OUR_FAULT, Outcome.REFUSED, Outcome.NETWORK_TROUBLE, Outcome.CALLER_BLOCKED,
})  # fmt: skip
"""Outcomes of calls that did not get to the callee's line, unless it was heard ringing."""


def counts(attempt: Attempt) -> bool:
    """Whether an attempt counts towards rolling caps: it rang at the callee, or may have (mission, attempts and caps)."""
    rang = attempt.ringing is not None or attempt.answered is not None
    return rang or attempt.outcome not in NEVER_REACHED


class NumberMemory:
    """Numbers are canonical, times POSIX seconds."""

    def __init__(self) -> None:
        self.caps = Caps()
        self._dnc_sheet: frozenset[str] = frozenset()
        self._dnc: dict[str, set[str]] = {}
        """Per number the attempts that asked for it: a correction takes its own word back."""
        self._refused: dict[str, dict[str, float]] = {}

    def set_do_not_call(self, numbers: Iterable[str]) -> None:
        """The sheet's list; what agents and callees said here stays."""
        self._dnc_sheet = frozenset(canonical(number) for number in numbers)

    def do_not_call(self, number: str) -> bool:
        """Whether the number must never be called again."""
        return number in self._dnc_sheet or number in self._dnc

    def said_here(self) -> list[str]:
        """Numbers that were put on the do-not-call list by calls made here."""
        return sorted(set(self._dnc) - self._dnc_sheet)

    def refused_at(self, number: str) -> float | None:
        """When the callee last declined or marked the call as unwanted."""
        told = self._refused.get(number)
        return max(told.values()) if told else None

    def tell_refusal(self, number: str, source: str, at: float) -> None:
        """A refusal known from elsewhere; `source` keeps it from being counted twice."""
        self._refused.setdefault(number, {})[source] = at

    def judge(self, record: Record) -> None:
        """Take in, or again after a correction, what an attempt says of its number."""
        if record.action == "dnc" or record.outcome is Outcome.UNWANTED:
            self._dnc.setdefault(record.number, set()).add(record.id)
        else:
            _discard(self._dnc, record.number, record.id)
        if record.outcome in REFUSALS:
            self.tell_refusal(record.number, record.id, record.ended)
        elif record.number in self._refused:
            self._refused[record.number].pop(record.id, None)


def _discard(sets: dict[str, set[str]], number: str, attempt: str) -> None:
    known = sets.get(number)
    if known is not None:
        known.discard(attempt)
        if not known:
            del sets[number]
