# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers nobody rings: found, added, removed with a reason."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy import func, select
from starlette.responses import Response

from callsheet.manager import audit
from callsheet.manager.storage.tables import DoNotCall
from callsheet.manager.web import texts
from callsheet.manager.web.numbers import Unreadable, one_number, spellings
from callsheet.manager.web.site import AnySite, AnyVisitor, Manager, ManagerLooking, Site, Visitor
from callsheet.manager.work import donotcall

router = APIRouter(prefix="/do-not-call")
AT_ONCE = 100
Reason = Annotated[str, Form(min_length=1, max_length=200)]


@router.get("")
def show(site: AnySite, visitor: AnyVisitor, q: str = "", after: str = "") -> Response:
    """Those that match, or all, by number."""
    return _page(site, visitor, q, after)


@router.post("")
def add(
    site: AnySite, visitor: Manager, numbers: Annotated[str, Form(max_length=100_000)], reason: Reason,
) -> Response:
    """Any number of them, one per line; all or none."""
    lines = [line.strip() for line in re.split(r"[\n,;]", numbers) if line.strip()]
    try:
        wanted = [one_number(line, site.settings.imports.country) for line in lines]
    except Unreadable as error:
        return _page(site, visitor, error=texts.say(visitor.language, "dnc.unreadable", number=error.text),
                     typed=numbers, reason=reason, status=422)
    now, who = site.now(), visitor.who.name
    with site.database.write() as database:
        new = donotcall.add(database, wanted, now, reason=reason, source="manager", by=who)
        audit.note(database, now, who, "dnc.add", numbers=new, reason=reason)
    return _page(site, visitor, notice=texts.say(visitor.language, "dnc.added", count=new, known=len(wanted) - new))


@router.get("/remove")
def ask(site: AnySite, visitor: ManagerLooking, number: str) -> Response:
    """The question why."""
    return site.page(visitor, "dnc_remove.html", here="/do-not-call", number=number)


@router.post("/remove")
def remove(site: AnySite, visitor: Manager, number: Annotated[str, Form()], reason: Reason) -> Response:
    """Take one off the list."""
    now = site.now()
    with site.database.write() as database:
        gone = donotcall.remove(database, (number,), now)
        audit.note(database, now, visitor.who.name, "dnc.remove", numbers=gone, reason=reason)
    return _page(site, visitor, notice=texts.say(visitor.language, "dnc.removed", count=gone))


def _page(site: Site, visitor: Visitor, q: str = "", after: str = "", *, status: int = 200, **values: Any) -> Response:
    wanted = select(DoNotCall).order_by(DoNotCall.canonical).limit(AT_ONCE + 1)
    if q.strip():
        wanted = wanted.where(spellings(DoNotCall.canonical, q, site.settings.imports.country))
    if after:
        wanted = wanted.where(DoNotCall.canonical > after)
    with site.database.read() as database:
        found = list(database.scalars(wanted))
        total = database.scalar(select(func.count()).select_from(DoNotCall))
    more = found[AT_ONCE - 1].canonical if len(found) > AT_ONCE else ""
    return site.page(visitor, "do_not_call.html", status, **{
        "here": "/do-not-call", "found": found[:AT_ONCE], "more": more, "q": q, "total": total or 0, "typed": "",
        "reason": "", **values,
    })
