# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger says of tasks and numbers: the part of the queue's state that is replayed.

Nothing here depends on the time or on the current sheet's order, so applying the
same entries always gives the same state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from callsheet.core.ledger import AnyEntry, Closed, Decided, Ended, Intention, Postponed, Withdrawn
from callsheet.core.model import Task
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.item import Item, Record
from callsheet.core.queue.memory import NumberMemory, counts
from callsheet.core.retry import Tally

Touched = tuple[Item | None, str]
"""The task whose state changed, and the number of which more is known now ("" if none)."""
NOTHING: Touched = (None, "")


class _Open(Struct, frozen=True):
    task: str
    number: str
    at: float
    capped_at: float | None


class Book:
    """Tasks by id, numbers, attempts."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.touched: set[str] = set()
        """Ids of tasks that entries speak of."""
        self.memory = NumberMemory()
        self._open: dict[str, _Open] = {}
        self._records: dict[str, tuple[Item | None, Record]] = {}
        self._ended: list[Record] = []
        """In the order in which they ended; only the last few are kept."""

    def apply(self, entry: AnyEntry) -> Touched:
        """Take in an entry. One that is known already or makes no sense any more changes nothing."""
        match entry:
            case Intention():
                return self._intend(entry)
            case Withdrawn():
                return self._withdraw(entry)
            case Ended():
                return self._end(entry)
            case Decided():
                return self._decide(entry)
            case Postponed():
                item = self._item(entry.task, "")
                if item is None or item.concluded:
                    return NOTHING
                item.postponed = (entry.until.timestamp(), entry.callback, entry.at.timestamp())
                return item, ""
            case Closed():
                item = self._item(entry.task, "")
                if item is None or item.concluded or item.open_attempt:
                    return NOTHING
                item.closed = entry.outcome
                return item, ""
            case _:
                return NOTHING

    def _item(self, task: str, number: str) -> Item | None:
        """The task of that id; a ghost if the sheet has it no longer; None for calls dialled by hand."""
        if not task:
            return None
        self.touched.add(task)
        item = self.items.get(task)
        if item is None:
            item = Item(Task(id=task, number=number), canonical(number), listed=False)
            self.items[task] = item
        elif number and not item.task.number:
            item.task, item.number = Task(id=task, number=number), canonical(number)
        return item

    def _intend(self, entry: Intention) -> Touched:
        if entry.attempt in self._open or entry.attempt in self._records:
            return NOTHING
        number, at = canonical(entry.number), entry.at.timestamp()
        capped = self.memory.caps.record(number, at)
        self._open[entry.attempt] = _Open(entry.task, number, at, at if capped else None)
        item = self._item(entry.task, entry.number)
        if item is not None:
            item.open_attempt = entry.attempt
        return item, number

    def _close_intention(self, attempt: str) -> _Open | None:
        intention = self._open.pop(attempt, None)
        if intention is not None:
            if intention.capped_at is not None:
                self.memory.caps.forget(intention.number, intention.capped_at)
            item = self.items.get(intention.task)
            if item is not None and item.open_attempt == attempt:
                item.open_attempt = ""
        return intention

    def _withdraw(self, entry: Withdrawn) -> Touched:
        intention = self._close_intention(entry.attempt)
        return NOTHING if intention is None else (self.items.get(intention.task), intention.number)

    def _end(self, entry: Ended) -> Touched:
        attempt = entry.attempt
        if attempt.id in self._records:
            return NOTHING
        intention = self._close_intention(attempt.id)
        record = Record.of(attempt, intention.number if intention is not None else canonical(attempt.number))
        if counts(attempt) and self.memory.caps.record(record.number, record.dialled):
            record.capped_at = record.dialled
        item = self._item(attempt.task, attempt.number)
        self._records[attempt.id] = item, record
        self.memory.judge(record)
        if item is not None:
            item.records = [*(item.records or ()), record]
            item.postponed = None
            self._ended = [*self._ended[-3:], record]
        return item, record.number

    def _decide(self, entry: Decided) -> Touched:
        item, record = self._records.get(entry.attempt, (None, None))
        if record is None:
            return NOTHING
        record.action, record.callback = entry.action, entry.callback
        record.until = None if entry.until is None else entry.until.timestamp()
        record.disposition, record.note = entry.disposition, entry.note
        if entry.outcome is not None:
            record.outcome = entry.outcome
        self.memory.judge(record)
        if item is not None and item.last is record:
            item.postponed = None
        return item, record.number

    def calls_of_touched(self) -> dict[str, tuple[datetime, ...]]:
        """When the numbers that calls went to from here were called, by whomever."""
        numbers = {record.number for _, record in self._records.values()} | {one.number for one in self._open.values()}
        caps = self.memory.caps
        return {number: tuple(datetime.fromtimestamp(at, UTC) for at in caps.calls(number))
                for number in sorted(numbers) if caps.calls(number)}

    def intended_at(self, attempt: str) -> float:
        """When an open intention was stored."""
        return self._open[attempt].at

    @contextmanager
    def without_intention(self, item: Item) -> Iterator[None]:
        """As if the call that is intended did not count towards the caps of its number yet."""
        intention = self._open[item.open_attempt]
        if intention.capped_at is None:
            yield
            return
        self.memory.caps.forget(intention.number, intention.capped_at)
        try:
            yield
        finally:
            self.memory.caps.record(intention.number, intention.capped_at)

    def remember(self, recent: Mapping[str, Sequence[float]]) -> None:
        """Calls known from elsewhere, per number, in POSIX seconds."""
        self.memory.caps.merge({canonical(number): times for number, times in recent.items()})

    def tally(self, task: str, before: str = "") -> Tally:
        """What happened to a task so far, for the retry policy; without the attempt `before`."""
        item = self.items[task]
        records = [record for record in item.unknown_to_sheet() if record.id != before]
        by_outcome: Counter[Outcome] = Counter(past.outcome for past in item.task.past)
        by_outcome.update(record.outcome for record in records)
        elsewhere = max(item.task.attempts, sum(past.counted for past in item.task.past))
        earlier = [record for record in self._ended if record.id != before]
        refused = bool(earlier) and earlier[-1].outcome is Outcome.REFUSED and earlier[-1].number != item.number
        return Tally(elsewhere + sum(record.counted for record in records), dict(by_outcome), refused)
