# SPDX-License-Identifier: GPL-3.0-or-later
"""How far lists are, in sums the database makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session as Database
from sqlalchemy.orm import joinedload

from callsheet.manager.storage.tables import BY_ID, Agent, Attempt, CallList, Task

PARTS = ("answered", "ended", "again", "held", "open")
"""Of a list's tasks: reached and done; done otherwise; called, and to be called again; waiting for a word; not called."""
HOURS = 24


@dataclass
class Progress:
    """A list's tasks in sums."""

    call_list: CallList
    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unassigned: int = 0
    moving: int = 0
    callbacks: int = 0

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(self.parts.values())

    @property
    def done(self) -> int:
        """Those never to be called again."""
        return self.parts["answered"] + self.parts["ended"]

    @property
    def share(self) -> float:
        """Of tasks that are done; 0 for an empty list."""
        return self.done / self.total if self.total else 0.0

    def bar(self, width: int = 1000) -> list[tuple[str, float, float]]:
        """The parts as (name, x, width) of a bar."""
        x, made = 0.0, []
        for part in PARTS:
            wide = width * self.parts[part] / self.total if self.total else 0.0
            made.append((part, round(x, 1), round(wide, 1)))
            x += wide
        return made


def of_lists(database: Database, only: int | None = None) -> list[Progress]:
    """Every list's, open ones first; or that of one."""
    lists = select(CallList).order_by(case((CallList.state == "closed", 1), else_=0), CallList.priority.desc(),
                                      CallList.id.desc())
    called = case((Task.outcome != "", 1), else_=0)
    held = case((Task.held != "", 1), else_=0)
    sums = select(
        Task.list_id, Task.final, Task.outcome, called, held, func.count(),
        func.sum(case((Task.agent_id.is_(None), 1), else_=0)), func.sum(case((Task.moving_to.is_not(None), 1), else_=0)),
        func.sum(case((Task.callback, 1), else_=0)),
    ).group_by(Task.list_id, Task.final, Task.outcome, called, held)
    if only is not None:
        lists, sums = lists.where(CallList.id == only), sums.where(Task.list_id == only)
    found = {one.id: Progress(one) for one in database.scalars(lists)}
    for list_id, final, outcome, was_called, is_held, count, unassigned, moving, callbacks in database.execute(sums):
        progress = found[list_id]
        progress.parts[_part(final, outcome, was_called, is_held)] += count
        if outcome:
            progress.outcomes[outcome] += count
        if not final:
            progress.unassigned += unassigned
            progress.moving += moving
            progress.callbacks += callbacks
    return list(found.values())


def _part(final: bool, outcome: str, called: int, held: int) -> str:
    if final:
        return "answered" if outcome == "answered" else "ended"
    return "held" if held else "again" if called else "open"


def callbacks(database: Database, list_id: int, limit: int) -> list[Task]:
    """Appointments that are still to be kept, the next first."""
    return list(database.scalars(
        select(Task).where(Task.list_id == list_id, Task.callback, Task.final.is_(False), Task.not_before.is_not(None))
        .order_by(Task.not_before).limit(limit).options(joinedload(Task.call_list))))


def of_agents(database: Database, list_id: int) -> list[tuple[str, str, int, int]]:
    """(agent, name, done, all) of those who have tasks of a list."""
    done = func.sum(case((Task.final, 1), else_=0))
    query = (
        select(Task.agent_id, Agent.name, done, func.count()).join(Agent, Agent.id == Task.agent_id)
        .where(Task.list_id == list_id).group_by(Task.agent_id, Agent.id, Agent.name).order_by(*BY_ID)
    )
    return [(str(agent), name, finished, count) for agent, name, finished, count in database.execute(query)]


def hours(database: Database, list_id: int, first: datetime) -> list[tuple[int, int]]:
    """Calls in each of the 24 hours from `first`: (answered, all)."""
    columns = []
    for hour in range(HOURS):
        begin, end = first + timedelta(hours=hour), first + timedelta(hours=hour + 1)
        inside = (Attempt.dialled >= begin) & (Attempt.dialled < end)
        columns += [func.sum(case((inside & (Attempt.outcome == "answered"), 1), else_=0)),
                    func.sum(case((inside, 1), else_=0))]
    sums: Sequence[int | None] = database.execute(
        select(*columns).where(Attempt.list_id == list_id, Attempt.dialled >= first,
                               Attempt.dialled < first + timedelta(hours=HOURS))
    ).one()
    return [(sums[2 * hour] or 0, sums[2 * hour + 1] or 0) for hour in range(HOURS)]
