# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager status: who works on what, and how far the lists are."""

from __future__ import annotations

import argparse
from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.output import print_json, print_table
from callsheet.formats.status import Status
from callsheet.manager.phones.app import terms_of
from callsheet.manager.storage.tables import BY_ID, Agent, CallList, Delivery, Phone, Sheet, Task
from callsheet.manager.work.terms import Terms, over

ORDER = 50


class AgentStatus(Struct):
    """One agent now."""

    agent: str
    name: str
    phone: str = ""
    """Holder of the lease."""
    list: str = ""
    until: datetime | None = None
    heard: datetime | None = None
    work: str = ""
    activity: str = ""
    blocker: str = ""
    open: int = 0
    done: int = 0
    held: int = 0
    leaving: int = 0
    """Tasks that go to others when the phone has let go."""


class ListStatus(Struct):
    """One list now."""

    list: str
    title: str
    state: str
    tasks: int = 0
    done: int = 0
    held: int = 0
    unassigned: int = 0


def register(commands: Any) -> None:
    """Add the command to the parser."""
    add_command(commands, "status", _run, "show who works on what", "callsheet manager status")


def _run(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as db:
        terms = terms_of(manager.settings)
        lists, agents = _lists(db), _agents(db, terms)
        errors = db.scalar(select(func.count()).select_from(Delivery).where(Delivery.error != "")) or 0
    if options.json:
        print_json({"lists": lists, "agents": agents, "files_not_used": errors})
        return 0
    print_table("Lists", ("list", "title", "state", "done", "of", "held", "without agent"), [
        (one.list, one.title, one.state, str(one.done), str(one.tasks), str(one.held), str(one.unassigned))
        for one in lists])
    print_table("Agents", ("agent", "name", "phone", "list", "does", "heard", "open", "done", "held", "leaving"), [
        (one.agent, one.name, one.phone, one.list, _does(one), f"{one.heard:%H:%M:%S}" if one.heard else "", str(one.open),
         str(one.done), str(one.held), str(one.leaving)) for one in agents])
    if errors:
        print(f"{errors} files of phones could not be used (callsheet manager collect --retry tries them again).")
    return 0


def _lists(db: Session) -> list[ListStatus]:
    found = {one.id: ListStatus(one.key, one.title, one.state)
             for one in db.scalars(select(CallList).order_by(CallList.priority.desc(), CallList.id))}
    rows = db.execute(select(Task.list_id, Task.final, Task.held != "", Task.agent_id.is_(None), func.count())
                      .group_by(Task.list_id, Task.final, Task.held != "", Task.agent_id.is_(None)))
    for list_id, final, held, nobody, count in rows:
        one = found[list_id]
        one.tasks += count
        one.done += count if final else 0
        one.held += count if held and not final else 0
        one.unassigned += count if nobody and not final else 0
    return list(found.values())


def _agents(db: Session, terms: Terms) -> list[AgentStatus]:
    found = {one.id: AgentStatus(one.id, one.name)
             for one in db.scalars(select(Agent).where(Agent.active).order_by(*BY_ID))}
    phones = {row.id: row for row in db.scalars(select(Phone))}
    counts: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for agent, *row in db.execute(
            select(Task.agent_id, Task.final, Task.held != "", Task.moving_to.is_not(None), func.count())
            .where(Task.agent_id.is_not(None))
            .group_by(Task.agent_id, Task.final, Task.held != "", Task.moving_to.is_not(None))):
        counts[str(agent)].append(tuple(row))
    for sheet, key in db.execute(select(Sheet, CallList.key).join(CallList, CallList.id == Sheet.list_id)):
        one = found.get(sheet.agent_id)
        if one is not None and not over(sheet, terms, now()):
            one.phone, one.list, one.until, one.heard = sheet.phone, key, sheet.until, sheet.heard
            _say(one, phones.get(sheet.phone))
    for agent, one in found.items():
        for final, held, leaving, count in counts[agent]:
            one.done += count if final else 0
            one.open += 0 if final else count
            one.held += count if held and not final else 0
            one.leaving += count if leaving and not final else 0
    return list(found.values())


def _say(one: AgentStatus, phone: Phone | None) -> None:
    if phone is not None and phone.status:
        status = msgspec.convert(phone.status, Status)
        one.work, one.activity, one.blocker = status.work, status.activity, status.blocker


def _does(one: AgentStatus) -> str:
    words = [one.work, one.activity if one.activity != "idle" else "", one.blocker and f"({one.blocker})"]
    return " ".join(filter(None, words)) if one.phone else "off"
