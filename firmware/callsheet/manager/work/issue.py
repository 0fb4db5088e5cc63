# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet as an agent's phone gets it, made from the tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.core.model import Sheet as Document
from callsheet.core.model import Task as Described
from callsheet.formats.header import header
from callsheet.formats.sheet import write_sheet
from callsheet.manager.storage.tables import Agent, Attempt, CallList, DoNotCall, Sheet, Task
from callsheet.manager.work import progress
from callsheet.manager.work.sheets import IDLE, Current

_RENAMED = frozenset({"past", "attempts"})
"""Told anew with the calls made since the import."""


class Links(msgspec.Struct, frozen=True):
    """Where the phones of an agent put results and ask for the lease; empty: as their settings say."""

    upload: str = ""
    lease: str = ""


def body(db: Session, what: Current, links: Links) -> bytes:
    """The file, in canonical form. Raises FormatError's cause, Invalid, for a list whose header is not valid."""
    agent = db.get(Agent, what.agent)
    pin = agent.pin if agent is not None else ""
    sheet = db.get(Sheet, what.sheet) if what.sheet else None
    if sheet is None:
        return write_sheet(Document(
            id=IDLE, agent=what.agent, revision=0, tasks=(), pin=pin, upload=links.upload, lease=links.lease))
    call_list = db.get_one(CallList, sheet.list_id)
    return write_sheet(document(db, sheet, call_list, pin, links))


def document(db: Session, sheet: Sheet, call_list: CallList, pin: str, links: Links) -> Document:
    """The sheet of a list for an agent. Raises Invalid for a list whose header is not valid."""
    own: dict[str, Any] = {
        **call_list.header, "id": call_list.key, "agent": sheet.agent_id, "revision": sheet.revision, "pin": pin,
        "title": call_list.header.get("title") or call_list.title, **({"upload": links.upload} if links.upload else {}),
        **({"lease": links.lease} if links.lease else {}),
    }
    made = replace(header(own), issued=sheet.issued)
    rows = list(db.scalars(
        select(Task).where(
            Task.agent_id == sheet.agent_id, Task.list_id == sheet.list_id, Task.final.is_(False),
            Task.withdrawn.is_(False)).order_by(Task.position, Task.id))) if call_list.state == "open" else []
    calls = progress.by_task(db, rows)
    numbers = {task.canonical: task.number for task in rows if task.moving_to is None}
    return replace(
        made, tasks=tuple(_task(row, calls.get(row.id, [])) for row in rows),
        do_not_call=tuple(sorted({*made.do_not_call, *_never(db, sheet)})),
        recent={**made.recent, **progress.recent(db, numbers, sheet.issued - _reach(made))},
    )


def _task(row: Task, calls: list[Attempt]) -> Described:
    if row.moving_to is not None:
        return Described(id=row.key, number="", withdrawn=True)
    given = {key: value for key, value in row.details.items() if key not in _RENAMED and value is not None}
    fields: dict[str, Any] = {
        **given, "id": row.key, "number": row.number, "name": row.name, "region": row.region, "zone": row.zone,
        "priority": row.priority, "attempts": row.attempts, "callback": row.callback, "held": row.held,
    }
    if row.max_attempts is not None:
        fields["max_attempts"] = row.max_attempts
    return replace(msgspec.convert(fields, Described), past=progress.past(row, calls), not_before=row.not_before)


def _never(db: Session, sheet: Sheet) -> list[str]:
    """Numbers of the sheet's tasks, finished ones too, that nobody is to ring."""
    return list(db.scalars(
        select(Task.number).join(DoNotCall, DoNotCall.canonical == Task.canonical)
        .where(Task.agent_id == sheet.agent_id, Task.list_id == sheet.list_id)))


def _reach(sheet: Document) -> timedelta:
    """How far back the sheet's rules look."""
    rules = [sheet.rules, *sheet.region_rules.values()]
    periods = [cap.period for one in rules if one is not None for cap in one.caps]
    return max([progress.MEMORY, *(timedelta(seconds=period) for period in periods)])

