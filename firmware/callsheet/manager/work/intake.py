# SPDX-License-Identifier: GPL-3.0-or-later
"""Files from phones: each is kept and taken in once, whatever the order in which they come."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.core.model import Sheet as Document
from callsheet.core.numbers import canonical
from callsheet.formats.errors import FormatError
from callsheet.formats.names import parsed_name, upload_name
from callsheet.formats.results import Results, read_results
from callsheet.formats.sheet import read_sheet
from callsheet.formats.status import Status, read_status
from callsheet.manager.storage.tables import CallList, Delivery, DoNotCall, Task, WorkRecord
from callsheet.manager.work import attempts, donotcall, words
from callsheet.manager.work.sheets import Key, find, touch

Verdict = Literal["taken", "known", "taken-name", "not-yours", "no-name"]
"""taken: new. known: this very file was here before. taken-name: another file has this name. not-yours: it is about
another agent. no-name: not a name that phones give."""


class NotTaken(ValueError):
    """A file that says something nobody can use here; it is kept all the same. Names no callee."""


class Received(Struct, frozen=True):
    """What became of a file."""

    verdict: Verdict
    error: str = ""


def receive(db: Session, name: str, body: bytes, agent: str, now: datetime) -> Received:
    """Take in a file that was put for an agent ("": whoever the file says). A file that cannot be used is kept."""
    parts = parsed_name(name)
    if parts is None:
        return Received("no-name")
    digest = hashlib.sha256(body).hexdigest()
    known = db.get(Delivery, name)
    if known is not None:
        return Received("known" if known.sha256 == digest else "taken-name", known.error)
    if agent and parts["agent"] != _name_part(agent):
        return Received("not-yours")
    try:
        with db.begin_nested():
            agent, error = _apply(db, parts["kind"], body, agent, now)
    except (FormatError, NotTaken) as fault:
        error = str(fault)
    except _ForAnother:
        return Received("not-yours")
    db.add(Delivery(name=name, sha256=digest, kind=parts["kind"], agent_id=agent or parts["agent"],
                    phone=parts["phone"], received=now, error=error, body=body))
    db.flush()
    return Received("taken", error)


def again(db: Session, now: datetime) -> int:
    """Try the files once more that could not be used; returns how many could now."""
    taken = 0
    for row in db.scalars(select(Delivery).where(Delivery.error != "", Delivery.body.is_not(None))
                          .order_by(Delivery.received, Delivery.name)).all():
        assert row.body is not None
        try:
            with db.begin_nested():
                owner, row.error = _apply(db, row.kind, row.body, "", now)
                row.agent_id = owner or row.agent_id
            taken += not row.error
        except (FormatError, NotTaken, _ForAnother) as fault:
            row.error = str(fault)
    return taken


class _ForAnother(Exception):
    """The file is about another agent than the one who put it."""


def _apply(db: Session, kind: str, body: bytes, agent: str, now: datetime) -> tuple[str, str]:
    """Returns whose the file is, and what of it could not be used."""
    match kind:
        case "status":
            status = read_status(body)
            _owned(agent, status.agent)
            _status(db, status)
            return status.agent, ""
        case "remaining":
            sheet = read_sheet(body, name="remaining.json").sheet
            _owned(agent, sheet.agent)
            _remaining(db, sheet, now)
            return sheet.agent, ""
        case _:
            results = read_results(body)
            _owned(agent, results.agent)
            return results.agent, _results(db, results, now)


def _owned(agent: str, said: str) -> None:
    if agent and agent != said:
        raise _ForAnother


def _results(db: Session, results: Results, now: datetime) -> str:
    call_list = _list(db, results.sheet)
    sheet = find(db, results.agent, call_list.id, lock=True)
    holder = sheet is not None and sheet.phone in ("", results.phone)
    # A phone need not be told what it said itself.
    sender = (results.agent, call_list.id) if holder else ("", 0)
    changed: set[Key] = set()
    unknown: list[str] = []
    rows = _tasks(db, call_list, [said.id for said in results.tasks])
    for said in results.tasks:
        task = rows.get(said.id)
        if task is not None:
            changed |= words.result(
                db, task, said, results.issued, results.agent, results.phone, sender, now,
                holder=holder and task.agent_id == results.agent)
        elif said.attempts or said.final:
            unknown.append(said.id)
            for call in said.attempts:
                attempts.store(db, None, call, results.issued, results.agent, results.phone)
    touch(db, changed, now)
    # Their calls count towards caps all the same; the rest waits until the tasks are there.
    return f"{len(unknown)} of its tasks are not in the list" if unknown else ""


def _remaining(db: Session, said: Document, now: datetime) -> None:
    """What an agent left unfinished. It has no time of its own, so it says nothing against a later call."""
    call_list = _list(db, said.id)
    sheet = find(db, said.agent, call_list.id, lock=True)
    rows = _tasks(db, call_list, [task.id for task in said.tasks])
    free = sheet is not None and not sheet.phone
    for task in said.tasks:
        row = rows.get(task.id)
        if row is None:
            continue
        last = max((one.at for one in task.past), default=row.changed)
        known = attempts.of_task(db, row.id)
        newest = not known or (known[-1].dialled - last).total_seconds() < attempts.SAME_CALL
        words.unfinished(db, row, task, last, said.agent, "", whole=free and newest and row.agent_id == said.agent)
    campaign = {canonical(str(number)) for number in call_list.header.get("do_not_call", ())}
    numbers = {canonical(number) for number in said.do_not_call} - campaign - {""}
    new = [number for number in sorted(numbers) if db.get(DoNotCall, number) is None]
    donotcall.add(db, new, now, reason="handed back", source="callee", by=said.agent)


def _status(db: Session, status: Status) -> None:
    if not status.agent:
        return
    if db.scalar(select(WorkRecord.id).where(WorkRecord.phone == status.phone, WorkRecord.at == status.at)) is None:
        db.add(WorkRecord(phone=status.phone, agent_id=status.agent, at=status.at, work=status.work,
                          reason=status.reason))
        db.flush()


def _list(db: Session, key: str) -> CallList:
    found = db.scalar(select(CallList).where(CallList.key == key))
    if found is None:
        raise NotTaken("there is no list of that id")
    return found


def _tasks(db: Session, call_list: CallList, keys: list[str]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        for row in db.scalars(select(Task).where(Task.list_id == call_list.id, Task.key.in_(part))):
            found[row.key] = row
    return found


def _name_part(agent: str) -> str:
    return upload_name("result", agent, "s", 0, "p", 0).split("-")[1]

