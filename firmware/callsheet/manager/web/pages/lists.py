# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: how far they are, what came of them, stopped and let go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import select
from sqlalchemy.orm import Session as Database
from starlette.exceptions import HTTPException
from starlette.responses import Response

from callsheet.manager import audit
from callsheet.manager.storage.tables import CallList, ImportRun
from callsheet.manager.web import progress, texts
from callsheet.manager.web.site import AnySite, AnyVisitor, Manager, ManagerLooking, Site, Visitor
from callsheet.manager.work import campaign

router = APIRouter(prefix="/lists")
CALLBACKS = 12
"""Shown; the count says how many there are."""
CHANGES = ("stop", "resume", "close")


@router.get("")
def show(site: AnySite, visitor: AnyVisitor) -> Response:
    """All of them."""
    with site.database.read() as database:
        lists = progress.of_lists(database)
    return site.page(visitor, "lists.html", here="/lists", lists=lists, parts=progress.PARTS)


@router.get("/{id}")
def one(site: AnySite, visitor: AnyVisitor, id: int) -> Response:
    """One of them, closely."""
    return _page(site, visitor, id)


@router.get("/{id}/{change}")
def ask(site: AnySite, visitor: ManagerLooking, id: int, change: str) -> Response:
    """The question whether to stop it, let it go on, or close it."""
    if change not in CHANGES:
        raise HTTPException(404)
    with site.database.read() as database:
        found = progress.of_lists(database, id)
    if not found:
        raise HTTPException(404)
    return site.page(visitor, "list_ask.html", here="/lists", progress=found[0], change=change)


@router.post("/{id}/stop")
def stop(site: AnySite, visitor: Manager, id: int, reason: Annotated[str, Form(min_length=1, max_length=200)]) -> Response:
    """Nothing of it is dialled from now on."""
    return _change(site, visitor, id, "list.stop", lambda db, row, now: campaign.stop(db, row, reason, now), reason)


@router.post("/{id}/resume")
def resume(site: AnySite, visitor: Manager, id: int) -> Response:
    """It is dialled again."""
    return _change(site, visitor, id, "list.resume", campaign.go_on)


@router.post("/{id}/close")
def close(site: AnySite, visitor: Manager, id: int) -> Response:
    """It is over."""
    return _change(site, visitor, id, "list.close", campaign.close)


def _change(
    site: Site, visitor: Visitor, id: int, action: audit.Action, change: Callable[[Database, CallList, datetime], None],
    reason: str = "",
) -> Response:
    now = site.now()
    with site.database.write() as database:
        row = database.get(CallList, id)
        if row is None:
            raise HTTPException(404)
        change(database, row, now)
        detail: audit.Detail = {"reason": reason} if reason else {}
        audit.note(database, now, visitor.who.name, action, row.key, **detail)
    return _page(site, visitor, id, texts.say(visitor.language, f"{action}.done"))


def _page(site: Site, visitor: Visitor, id: int, notice: str = "") -> Response:
    first = site.now().astimezone(visitor.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with site.database.read() as database:
        found = progress.of_lists(database, id)
        if not found:
            raise HTTPException(404)
        due = progress.callbacks(database, id, CALLBACKS)
        agents = progress.of_agents(database, id)
        hours = progress.hours(database, id, first)
        imports = list(database.scalars(select(ImportRun).where(ImportRun.list_id == id).order_by(ImportRun.at.desc())))
    outcomes = sorted(found[0].outcomes.items(), key=lambda pair: -pair[1])
    return site.page(visitor, "list.html", here="/lists", progress=found[0], parts=progress.PARTS, due=due,
                     agents=agents, hours=hours, busiest=max((calls for _, calls in hours), default=0), imports=imports,
                     outcomes=outcomes, most=outcomes[0][1] if outcomes else 0, notice=notice)
