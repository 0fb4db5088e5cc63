# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a report: by list, by agent, by day; times at work; appointments that are due."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from msgspec import Struct

from callsheet.core.outcomes import Outcome
from callsheet.manager.report.facts import Call, Facts, Row, Scope, Shift

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
LONGEST_SHIFT = timedelta(hours=16)
"""A status that lasts longer is a phone that was not heard of again."""


class Calls(Struct, frozen=True):
    """Sums over calls."""

    attempts: int = 0
    connects: int = 0
    talk_seconds: float = 0.0
    outcomes: dict[str, int] = {}
    dispositions: dict[str, int] = {}


class List(Struct, frozen=True):
    """A list."""

    key: str
    title: str
    tasks: int
    final: int
    held: int
    callbacks: int
    outcomes: dict[str, int]
    """Of tasks, each by its last outcome; they add up to `tasks`."""
    calls: Calls


class AgentDay(Struct, frozen=True):
    """An agent on one day, or on all of them."""

    agent: str
    day: str
    """ISO date; empty: all."""
    calls: Calls
    ready_seconds: float
    pauses: dict[str, float]
    """Seconds by reason."""
    calls_per_hour: float | None
    """Of the time at work without pauses; None: not known."""


class Due(Struct, frozen=True):
    """An appointment with a callee."""

    list: str
    task: str
    agent: str
    at: datetime


class Report(Struct, frozen=True):
    """The figures."""

    at: datetime
    scope: Scope
    total: Calls
    lists: tuple[List, ...]
    agents: tuple[AgentDay, ...]
    days: tuple[tuple[str, Calls], ...]
    agent_days: tuple[AgentDay, ...]
    callbacks: tuple[Due, ...]


def summed(facts: Facts, zone: tzinfo) -> Report:
    """Add up; days are those of `zone`."""

    def day(at: datetime) -> str:
        return at.astimezone(zone).date().isoformat()

    by_day = _parted(facts.calls, lambda call: day(call.dialled))
    by_agent = _parted(facts.calls, lambda call: call.agent)
    both = _parted(facts.calls, lambda call: (call.agent, day(call.dialled)))
    times = at_work(facts.shifts, facts.at, day)
    names = sorted({*by_agent, *(agent for agent, _ in times)})
    pairs = sorted({*both, *times})
    return Report(
        facts.at, facts.scope, calls(facts.calls), tuple(_list(facts, key) for key in facts.titles),
        tuple(_agent(name, "", by_agent.get(name, []),
                     _joined(found for (agent, _), found in times.items() if agent == name)) for name in names),
        tuple((key, calls(found)) for key, found in sorted(by_day.items())),
        tuple(_agent(agent, when, both.get((agent, when), []), times.get((agent, when), {})) for agent, when in pairs),
        tuple(sorted((Due(row.list, row.key, row.agent, row.not_before) for row in facts.rows
                      if row.callback and not row.final and row.not_before is not None), key=lambda due: due.at)),
    )


def calls(found: Iterable[Call]) -> Calls:
    """Sums over calls."""
    found = list(found)
    return Calls(
        len(found), sum(call.outcome == Outcome.ANSWERED for call in found),
        round(sum(call.talk for call in found), 3), _counted(call.outcome for call in found),
        _counted(call.disposition for call in found if call.disposition))


Times = dict[tuple[str, str], float]
"""Seconds by work status and reason."""


def at_work(
    shifts: Iterable[Shift], now: datetime, day: Callable[[datetime], str],
) -> dict[tuple[str, str], Times]:
    """Seconds in each work status, by agent and the day it began on.

    A status lasts until the agent's next one, on whatever phone.
    """
    found: dict[tuple[str, str], Times] = defaultdict(lambda: defaultdict(float))
    by_agent = _parted(shifts, lambda shift: shift.agent)
    for agent, made in by_agent.items():
        for shift, end in zip(made, [*(one.at for one in made[1:]), now], strict=True):
            if shift.work in ("ready", "paused"):
                lasted = max(timedelta(), min(end - shift.at, LONGEST_SHIFT))
                reason = shift.reason if shift.work == "paused" else ""
                found[agent, day(shift.at)][shift.work, reason] += lasted.total_seconds()
    return {key: dict(times) for key, times in found.items()}


def _list(facts: Facts, key: str) -> List:
    rows: list[Row] = [row for row in facts.rows if row.list == key]
    return List(
        key, facts.titles[key], len(rows), sum(row.final for row in rows),
        sum(bool(row.held) and not row.final for row in rows), sum(row.callback and not row.final for row in rows),
        _counted(row.outcome for row in rows), calls(call for call in facts.calls if call.list == key))


def _agent(name: str, day: str, found: list[Call], times: Times) -> AgentDay:
    ready = sum(seconds for (work, _), seconds in times.items() if work == "ready")
    pauses: dict[str, float] = defaultdict(float)
    for (work, reason), seconds in times.items():
        if work == "paused":
            pauses[reason] += seconds
    rate = round(len(found) / ready * 3600, 1) if ready >= 60 else None
    return AgentDay(name, day, calls(found), round(ready, 1),
                    {reason: round(seconds, 1) for reason, seconds in sorted(pauses.items())}, rate)


def _joined(many: Iterable[Times]) -> Times:
    found: Times = defaultdict(float)
    for times in many:
        for key, seconds in times.items():
            found[key] += seconds
    return dict(found)


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _parted(things: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for one in things:
        found[key(one)].append(one)
    return found
