# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a number may be taken in: not twice, not against anybody's will, not if it was called lately."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.formats.errors import shown
from callsheet.manager.importer.report import Rejected
from callsheet.manager.importer.rows import Candidate
from callsheet.manager.storage.tables import Attempt, CallList, DoNotCall, Task


class Known:
    """Compares candidates with the database and with those before them. Lives within one transaction."""

    def __init__(self, session: Session, list_id: int, is_new: bool, recent_days: int, now: datetime) -> None:
        """`is_new`: the list has no task yet."""
        self._session = session
        self._list = list_id
        self._is_new = is_new
        self._since = now - timedelta(days=recent_days) if recent_days else None
        self._days = recent_days
        self._numbers: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        """Of the rows accepted so far: which row."""

    def sift(self, chunk: Sequence[Candidate]) -> tuple[list[Candidate], list[Rejected]]:
        """The candidates that may be taken in, and why not the others; at most some thousand at a time."""
        numbers = sorted({one.canonical for one in chunk})
        refused = self._do_not_call(numbers)
        elsewhere = self._in_lists(numbers)
        recent = self._recent(numbers)
        keys = self._known_keys(one.task.id for one in chunk)
        good: list[Candidate] = []
        bad: list[Rejected] = []
        for one in chunk:
            reason, remedy, field = "", "", "number"
            if one.canonical in refused:
                reason = "the number is on the do-not-call list"
            elif one.canonical in self._numbers:
                reason = f"the same number as in row {self._numbers[one.canonical]}"
            elif one.canonical in elsewhere:
                reason = f"the number is in list {shown(elsewhere[one.canonical])} already"
            elif one.canonical in recent:
                reason = f"the number was called within {self._days} days"
            elif one.task.id in self._keys:
                reason, remedy, field = f"the same id as in row {self._keys[one.task.id]}", "make it another", "id"
            elif one.task.id in keys:
                reason, remedy, field = "the list has a task of that id already", "make it another", "id"
            if reason:
                bad.append(Rejected(one.row, reason, remedy, field))
                continue
            self._numbers[one.canonical] = self._keys[one.task.id] = one.row
            good.append(one)
        return good, bad

    def _do_not_call(self, numbers: Sequence[str]) -> set[str]:
        return set(self._session.scalars(select(DoNotCall.canonical).where(DoNotCall.canonical.in_(numbers))))

    def _in_lists(self, numbers: Sequence[str]) -> dict[str, str]:
        """In this list also those that are done with; in others that are not closed those that are still to be called."""
        # Which of them count is asked here, not in SQL: both engines would go through the whole list for it.
        query = (
            select(Task.canonical, Task.id, Task.list_id, Task.final, CallList.key, CallList.state)
            .join(CallList, CallList.id == Task.list_id).where(Task.canonical.in_(numbers))
        )
        rows = sorted(self._session.execute(query), key=lambda row: row.id, reverse=True)
        return {row.canonical: row.key for row in rows
                if row.list_id == self._list or (row.state in ("open", "stopped") and not row.final)}

    def _recent(self, numbers: Sequence[str]) -> set[str]:
        if self._since is None:
            return set()
        query = select(Attempt.canonical).where(Attempt.canonical.in_(numbers), Attempt.dialled > self._since)
        return set(self._session.scalars(query))

    def _known_keys(self, keys: Iterable[str]) -> set[str]:
        # Of a list that is new PostgreSQL has no statistics: it would go through all of it for every chunk.
        if self._is_new:
            return set()
        query = select(Task.key).where(Task.list_id == self._list, Task.key.in_(sorted(set(keys))))
        return set(self._session.scalars(query))
