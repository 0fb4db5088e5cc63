# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unfinished tasks go from one agent to another, and when each will really be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session as Database

from callsheet.manager.storage.tables import BY_ID, Agent, CallList, Sheet, Task
from callsheet.manager.work.moves import POOL, at_work
from callsheet.manager.work.terms import Terms, over


@dataclass(frozen=True)
class Wish:
    """What is to be moved. POOL as source or target: tasks that wait for an agent."""

    source: str
    target: str
    list_id: int = 0
    """0: of all lists."""
    region: str = ""
    language: str = ""
    fresh: bool = False
    """Only tasks that were not called yet."""
    most: int = 0
    """At most so many, those that would be called last; 0: all."""

    def where(self) -> list[ColumnElement[bool]]:
        """The tasks it is about."""
        source = Task.agent_id.is_(None) if self.source == POOL else Task.agent_id == self.source
        found = [source, Task.final.is_(False), Task.moving_to.is_(None)]
        if self.list_id:
            found.append(Task.list_id == self.list_id)
        if self.region:
            found.append(Task.region == self.region)
        if self.language:
            found.append(Task.language == self.language)
        if self.fresh:
            found.append(Task.outcome == "")
        return found


@dataclass(frozen=True)
class Waiting:
    """Tasks that a phone has to let go of first."""

    phone: str
    count: int
    asks: datetime
    """When it will be heard of next, if all is well."""
    ends: datetime
    """When its lease is over at the latest."""
    calling: bool
    """One of them is being called: it goes after the call, if it is not done with then."""


@dataclass(frozen=True)
class Forecast:
    """What `moves.move` will do."""

    at_once: int
    waiting: tuple[Waiting, ...]

    @property
    def count(self) -> int:
        """All of them."""
        return self.at_once + sum(one.count for one in self.waiting)


@dataclass(frozen=True)
class Load:
    """An agent's unfinished work, for the board."""

    agent: str
    name: str
    lists: tuple[tuple[str, int], ...]
    """(title, tasks) of those that stay."""
    leaving: int
    coming: int

    @property
    def searched(self) -> str:
        """What the filter above the board looks at."""
        return f"{self.agent} {self.name}".casefold()

    @property
    def count(self) -> int:
        """Tasks that stay."""
        return sum(number for _, number in self.lists)


def chosen(database: Database, wish: Wish) -> list[tuple[int, int, str]]:
    """(row, list, key) of the tasks. The first to be called stay where they are, if not all are to go."""
    query = select(Task.id, Task.list_id, Task.key).where(*wish.where()).order_by(
        Task.callback, Task.priority, Task.position.desc(), Task.id.desc())
    if wish.most:
        query = query.limit(wish.most)
    return [(id, list_id, key) for id, list_id, key in database.execute(query)]


def forecast(database: Database, wish: Wish, terms: Terms, now: datetime) -> Forecast:
    """How many move, and when."""
    by_list: dict[int, set[str]] = {}
    for _, list_id, key in chosen(database, wish):
        by_list.setdefault(list_id, set()).add(key)
    at_once, waiting = 0, []
    for list_id, keys in sorted(by_list.items()):
        sheet = None if wish.source == POOL else database.scalar(
            select(Sheet).where(Sheet.agent_id == wish.source, Sheet.list_id == list_id))
        if sheet is None or over(sheet, terms, now):
            at_once += len(keys)
            continue
        asks = max(now, (sheet.heard or now) + timedelta(seconds=terms.renew))
        assert sheet.until is not None  # else it would be over
        waiting.append(Waiting(sheet.phone, len(keys), asks, sheet.until + timedelta(seconds=terms.margin),
                               at_work(database, sheet) in keys))
    return Forecast(at_once, tuple(waiting))


def board(database: Database) -> list[Load]:
    """Every active agent's work, and that of nobody (POOL) first."""
    lists: dict[str, list[tuple[str, int]]] = {}
    leaving: dict[str, int] = {}
    stay = (
        select(Task.agent_id, CallList.title, CallList.key, func.count()).join(CallList, CallList.id == Task.list_id)
        .where(Task.final.is_(False), Task.moving_to.is_(None)).group_by(Task.agent_id, CallList.id).order_by(CallList.id)
    )
    for agent, title, key, number in database.execute(stay):
        lists.setdefault(agent or POOL, []).append((title or key, number))
    coming: dict[str, int] = {}
    moving = select(Task.agent_id, Task.moving_to, func.count()).where(
        Task.final.is_(False), Task.moving_to.is_not(None)).group_by(Task.agent_id, Task.moving_to)
    for agent, target, number in database.execute(moving):
        leaving[agent or POOL] = leaving.get(agent or POOL, 0) + number
        coming[target or POOL] = coming.get(target or POOL, 0) + number
    agents = [(POOL, ""), *database.execute(select(Agent.id, Agent.name).where(Agent.active).order_by(*BY_ID))]
    return [
        Load(agent, name, tuple(lists.get(agent, ())), leaving.get(agent, 0), coming.get(agent, 0))
        for agent, name in agents
    ]
