# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease requests, and a short way for those that ask for nothing but to go on: nearly all of them.

A phone that holds the newest revision, has nothing new to tell of its tasks, and of
which nobody wants anything, gets its answer by one statement. All of that is asked
again where the row is written, so whoever has the sheet locked and changes it in the
meantime goes first, and `leases` answers. What is missed when somebody only looks at
it meanwhile, the next renewal or sweep does: nothing is given away here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, exists, select, update

from callsheet.formats.lease import LeaseAnswer, LeaseRequest
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import CallList, Phone, Sheet, Task
from callsheet.manager.work import leases
from callsheet.manager.work.terms import Terms


def answer(database: Database, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer:
    """What a phone is told; raises nothing for whatever it asks but the database's errors."""
    if is_plain(request):
        with database.at_once() as connection:
            found = renewed(connection, request, terms, now)
        if found is not None:
            return found
    with database.write() as db:
        return leases.answer(db, request, terms, now)


def is_plain(request: LeaseRequest) -> bool:
    """Whether the phone wants to go on with unfinished work, and tells nothing but how it is."""
    if request.action != "renew" or request.progress is not None or request.status is None or not request.phone:
        return False
    # One that is done may have another sheet waiting.
    return request.status.counts.unfinished > 0


def renewed(connection: Connection, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer | None:
    """The answer to a plain request if it can be given at once; None: nothing was changed."""
    until = now + timedelta(seconds=terms.seconds)
    values = {"agent": request.agent, "list": request.sheet, "holder": request.phone, "card": request.installation,
              "held": request.revision, "later": until, "now": now, "status": request.status,
              "over": now - timedelta(seconds=terms.margin)}
    if connection.dialect.name == "postgresql":
        found = connection.execute(_both(), values).first() is not None
    else:
        found = connection.execute(_lease(), values).rowcount == 1
        if found:
            connection.execute(_phone(), values)
    if not found:
        return None
    return LeaseAnswer(format="callsheet-lease-answer", version=1, granted=True, at=now, until=until, renew=terms.renew,
                       revision=request.revision)


@cache
def _lease() -> Update:
    list_id = select(CallList.id).where(CallList.key == _given("list"), CallList.state == "open").scalar_subquery()
    return update(Sheet).where(
        Sheet.agent_id == _given("agent"), Sheet.list_id == list_id, Sheet.phone == _given("holder"),
        Sheet.installation == _given("card"), Sheet.leased.is_not(None), Sheet.until > _given("over"),
        Sheet.wanted_by == "", Sheet.held_revision == _given("held"), Sheet.revision == _given("held"),
        exists().where(Phone.id == _given("holder")),
        ~exists().where(Task.agent_id == _given("agent"), Task.list_id == Sheet.list_id, Task.moving_to.is_not(None)),
    ).values(until=_given("later"), heard=_given("now")).execution_options(synchronize_session=False)


@cache
def _phone() -> Update:
    return update(Phone).where(Phone.id == _given("holder")).values(
        installation=_given("card"), agent_id=_given("agent"), heard=_given("now"), status=_given("status"),
    ).execution_options(synchronize_session=False)


@cache
def _both() -> Select[Any]:
    """In one go. SQLite knows no UPDATE within a WITH."""
    lease = _lease().returning(Sheet.id).cte("renewed")
    phone = _phone().where(exists(select(lease.c.id))).returning(Phone.id).cte("heard")
    return select(lease.c.id).add_cte(phone)


def _given(name: str) -> Any:
    return bindparam(name)
