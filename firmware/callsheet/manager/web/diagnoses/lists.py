# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with lists and their tasks."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select

from callsheet.manager.storage.tables import CallList, Task
from callsheet.manager.web.diagnoses.diagnosis import SHOWN, Case, Context, Problem

LATE = timedelta(minutes=10)
"""An appointment this long past is missed."""
_LIVE = and_(Task.final.is_(False), CallList.state == "open")


def _count(context: Context, *wanted: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Task).join(CallList, CallList.id == Task.list_id).where(_LIVE, *wanted)
    return context.database.scalar(query) or 0


def _tasks(context: Context, *wanted: ColumnElement[bool]) -> tuple[Case, ...]:
    query = (
        select(Task.id, Task.name, Task.number, Task.not_before).join(CallList, CallList.id == Task.list_id)
        .where(_LIVE, *wanted).order_by(Task.not_before, Task.id).limit(SHOWN)
    )
    return tuple(Case(name or number, f"/tasks/{id}", at) for id, name, number, at in context.database.execute(query))


class StoppedLists:
    """Lists that somebody, or the network, has stopped."""

    def look(self, context: Context) -> Problem | None:
        """With why."""
        lists = list(context.database.scalars(
            select(CallList).where(CallList.state == "stopped").order_by(CallList.id.desc()).limit(SHOWN)))
        cases = tuple(
            Case(f"{one.title or one.key}: {one.stop_reason}" if one.stop_reason else one.title or one.key, f"/lists/{one.id}")
            for one in lists
        )
        return Problem("stopped", "bad", len(lists), cases) if lists else None


class UnknownZones:
    """Tasks of lists with calling hours whose callee's zone nobody knows: they are not dialled."""

    def look(self, context: Context) -> Problem | None:
        """Per list, for whole columns are usually missing."""
        found = context.database.execute(
            select(CallList.id, CallList.title, CallList.key, CallList.header, func.count())
            .join(Task, Task.list_id == CallList.id).where(_LIVE, Task.zone == "")
            .group_by(CallList.id).order_by(CallList.id)
        ).all()
        bad = [row for row in found if _has_hours(row.header) and not row.header.get("zone")]
        cases = tuple(Case(f"{title or key}: {number}", f"/lists/{id}") for id, title, key, _, number in bad[:SHOWN])
        return Problem("zones", "warn", sum(row[4] for row in bad), cases) if bad else None


def _has_hours(header: dict[str, object]) -> bool:
    every = [header.get("rules"), *dict(header.get("region_rules") or {}).values()]  # type: ignore[call-overload]
    return any(isinstance(rules, dict) and rules.get("hours") for rules in every)


class UndecidedTasks:
    """Tasks that are held until somebody says what to do."""

    def look(self, context: Context) -> Problem | None:
        """A power cut in a call, an account that was refused, a codec nobody had …"""
        held = Task.held != ""
        number = _count(context, held)
        return Problem("held", "warn", number, _tasks(context, held)) if number else None


class LateCallbacks:
    """Appointments with callees that have not been kept."""

    def look(self, context: Context) -> Problem | None:
        """Those that are past by more than LATE."""
        late = and_(Task.callback, Task.not_before < context.now - LATE, Task.held == "")
        number = _count(context, late)
        return Problem("late", "warn", number, _tasks(context, late)) if number else None


class NoAgent:
    """Tasks that wait for somebody to call them."""

    def look(self, context: Context) -> Problem | None:
        """In open lists."""
        nobody = Task.agent_id.is_(None)
        number = _count(context, nobody)
        return Problem("nobody", "info", number, (Case("", "/work"),)) if number else None
