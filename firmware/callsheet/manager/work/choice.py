# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unfinished tasks are meant, and to whom they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.manager.storage.tables import CallList, Task
from callsheet.manager.work.moves import POOL


class Choice(Struct, frozen=True):
    """Unfinished tasks for which all of this holds; empty fields: whatever."""

    agent: str | None = None
    """POOL: those that nobody has; None: whoever has them."""
    lists: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    """Of the last call; "open": not called yet."""
    priority: int | None = None
    """At least."""
    held: bool = False
    """Only those that wait for somebody's word."""
    most: int = 0
    """At most so many, the last of the sheet; 0: all."""


def chosen(db: Session, choice: Choice) -> list[Task]:
    """The tasks, in the order of their lists."""
    query = select(Task).join(CallList, CallList.id == Task.list_id).where(Task.final.is_(False))
    if choice.agent is not None:
        query = query.where(Task.agent_id.is_(None) if choice.agent == POOL else Task.agent_id == choice.agent)
    for values, column in ((choice.lists, CallList.key), (choice.keys, Task.key), (choice.regions, Task.region),
                           (choice.languages, Task.language)):
        if values:
            query = query.where(column.in_(values))
    if choice.outcomes:
        query = query.where(Task.outcome.in_(["" if one == "open" else one for one in choice.outcomes]))
    if choice.priority is not None:
        query = query.where(Task.priority >= choice.priority)
    if choice.held:
        query = query.where(Task.held != "")
    found = list(db.scalars(query.order_by(Task.list_id, Task.position, Task.id)))
    return found[-choice.most:] if choice.most else found


def dealt(tasks: Sequence[Task], agents: Sequence[str]) -> tuple[dict[int, str], Counter[str]]:
    """The tasks in turn to the agents: who gets which row, and how many each."""
    wishes = {task.id: agent for task, agent in zip(tasks, cycle(agents), strict=False)}
    return wishes, Counter(wishes.values())
