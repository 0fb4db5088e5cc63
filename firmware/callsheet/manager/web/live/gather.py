# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database says of agents and phones: a little every second, and sums now and then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session as Database

from callsheet.formats.status import Status
from callsheet.manager.storage.tables import BY_ID, Agent, Attempt, CallList, Phone, Task, WorkRecord
from callsheet.manager.web.live.rows import Callee, Figures, Seen, talk_percent

TASKS_AT_ONCE = 400
"""Pairs in one query; SQLite takes 999 parameters on old builds."""


def phones(database: Database, since: datetime | None) -> list[tuple[str, Seen | None]]:
    """Phones heard of after `since`, each with its last word; None if that cannot be read."""
    wanted = select(Phone.id, Phone.heard, Phone.status)
    if since is not None:
        wanted = wanted.where(Phone.heard > since)
    return [(phone, _seen(phone, heard, status)) for phone, heard, status in database.execute(wanted)]


def _seen(phone: str, heard: datetime, status: dict[str, object]) -> Seen | None:
    try:
        return Seen(phone, heard, msgspec.convert(status, Status))
    except msgspec.ValidationError:
        return None


def callees(database: Database, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Callee]:
    """The tasks with these (key of the list, key of the task)."""
    wanted, found = sorted(set(keys)), {}
    for first in range(0, len(wanted), TASKS_AT_ONCE):
        some = wanted[first : first + TASKS_AT_ONCE]
        query = (
            select(CallList.key, Task.key, Task.id, Task.name, Task.number)
            .join(CallList, CallList.id == Task.list_id).where(tuple_(CallList.key, Task.key).in_(some))
        )
        for sheet, task, id, name, number in database.execute(query):
            found[sheet, task] = Callee(id, name, number)
    return found


def agents(database: Database) -> dict[str, str]:
    """Names of the agents that work here."""
    query = select(Agent.id, Agent.name).where(Agent.active).order_by(*BY_ID)
    return dict(database.execute(query).all())


def figures(database: Database, day: datetime, now: datetime) -> dict[str, Figures]:
    """Every agent's sums since `day` began."""
    hour = now - timedelta(hours=1)
    calls = {
        agent: (count, talk or 0.0) for agent, count, talk in database.execute(
            select(Attempt.agent_id, func.count(), func.sum(Attempt.talk_seconds))
            .where(Attempt.dialled >= day).group_by(Attempt.agent_id))
    }
    lately = _counts(database, select(Attempt.agent_id, func.count()).where(Attempt.dialled >= hour)
                     .group_by(Attempt.agent_id))
    unfinished = _counts(database, select(Task.agent_id, func.count())
                         .where(Task.agent_id.is_not(None), Task.final.is_(False)).group_by(Task.agent_id))
    ready = ready_seconds(database, day, now)
    return {
        agent: Figures(lately.get(agent, 0), calls.get(agent, (0, 0.0))[0],
                       talk_percent(calls.get(agent, (0, 0.0))[1], ready.get(agent, 0.0)), unfinished.get(agent, 0))
        for agent in calls.keys() | unfinished.keys() | ready.keys() | lately.keys()
    }


def ready_seconds(database: Database, day: datetime, now: datetime) -> dict[str, float]:
    """How long each agent has been ready since `day` began, up to `now`."""
    total: dict[str, float] = defaultdict(float)
    begun: dict[str, datetime] = {}
    records = database.execute(
        select(WorkRecord.agent_id, WorkRecord.at, WorkRecord.work).where(WorkRecord.at >= day).order_by(WorkRecord.at)
    )
    for agent, at, work in records:
        if work == "ready":
            begun.setdefault(agent, at)
        elif agent in begun:
            total[agent] += (at - begun.pop(agent)).total_seconds()
    for agent, at in begun.items():
        total[agent] += max(0.0, (now - at).total_seconds())
    return dict(total)


def _counts(database: Database, query: Select[Any, int]) -> dict[str, int]:
    return dict(database.execute(query).all())
