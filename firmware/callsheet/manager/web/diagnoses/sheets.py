# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong between phones and sheets: leases, files, tasks on their way."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from callsheet.manager.storage.tables import Agent, Delivery, Sheet, Task
from callsheet.manager.web.diagnoses.diagnosis import SHOWN, Case, Context, Problem

RECENT = timedelta(days=7)
"""Older rejected files are history."""


class EndingLeases:
    """Leases with work that have not been renewed for half their time: soon nobody may dial the sheet."""

    def look(self, context: Context) -> Problem | None:
        """A phone that is well renews long before."""
        half = timedelta(seconds=context.settings.leases.seconds / 2)
        # What would be taken over if the lease ended: unfinished tasks that stay with the agent.
        work = select(func.count()).where(
            Task.agent_id == Sheet.agent_id, Task.list_id == Sheet.list_id, Task.final.is_(False)).scalar_subquery()
        found = context.database.execute(
            select(Sheet.phone, Sheet.agent_id, Agent.name, Sheet.until, work).join(Agent, Agent.id == Sheet.agent_id)
            .where(Sheet.phone != "", Sheet.until > context.now, Sheet.until < context.now + half, work > 0)
            .order_by(Sheet.until)
        ).all()
        cases = tuple(
            Case(f"{phone} · {name or agent} · {number}", f"/work?find={agent}", until)
            for phone, agent, name, until, number in found[:SHOWN]
        )
        return Problem("leases", "warn", len(found), cases) if found else None


class RejectedFiles:
    """Files from phones that could not be taken in; they are kept."""

    def look(self, context: Context) -> Problem | None:
        """Of the last days."""
        bad = (Delivery.error != "", Delivery.received > context.now - RECENT)
        number = context.database.scalar(select(func.count()).select_from(Delivery).where(*bad)) or 0
        found = context.database.execute(
            select(Delivery.name, Delivery.error, Delivery.received).where(*bad)
            .order_by(Delivery.received.desc()).limit(SHOWN))
        cases = tuple(Case(f"{name}: {error}", "", at) for name, error, at in found)
        return Problem("rejected", "bad", number, cases) if number else None


class SlowMoves:
    """Tasks that are to go to another agent, but whose phone has not let go."""

    def look(self, context: Context) -> Problem | None:
        """They go when it renews its lease, or the lease ends."""
        found = context.database.execute(
            select(Task.agent_id, func.count()).where(Task.moving_to.is_not(None), Task.final.is_(False))
            .group_by(Task.agent_id).order_by(Task.agent_id)).all()
        cases = tuple(Case(f"{agent}: {number}", f"/work?find={agent}") for agent, number in found[:SHOWN])
        return Problem("moving", "info", sum(row[1] for row in found), cases) if found else None
