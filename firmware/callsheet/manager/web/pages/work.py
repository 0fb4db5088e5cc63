# SPDX-License-Identifier: GPL-3.0-or-later
"""Unfinished work, moved from one agent to another: dragged, or chosen in a dialog."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from sqlalchemy import select
from starlette.responses import Response

from callsheet.manager import audit
from callsheet.manager.storage.tables import BY_ID, Agent, CallList, Task
from callsheet.manager.web import moving, texts
from callsheet.manager.web.moving import Wish
from callsheet.manager.web.site import AnySite, AnyVisitor, Manager, ManagerLooking, Site, Visitor
from callsheet.manager.work import moves
from callsheet.manager.work.terms import Terms

router = APIRouter(prefix="/work")
MOST = 1_000_000


@router.get("")
def show(site: AnySite, visitor: AnyVisitor, find: str = "") -> Response:
    """The board; `find` is in the filter above it."""
    return _page(site, visitor, find)


def wish_of(
    source: str = "", target: str = "", list_id: int = 0, region: str = "", language: str = "", fresh: bool = False,
    most: str = "",
) -> Wish:
    """As the dialog has it."""
    return Wish(source, target, list_id, region, language, fresh, _number(most))


def _number(text: str) -> int:
    return min(int(text), MOST) if text.strip().isascii() and text.strip().isdigit() else 0


@router.get("/move")
def ask(site: AnySite, visitor: ManagerLooking, wish: Annotated[Wish, Depends(wish_of)]) -> Response:
    """The dialog, with what would happen; asked for again whenever something in it changes."""
    now = site.now()
    with site.database.read() as database:
        forecast = moving.forecast(database, wish, _terms(site), now)
        values: dict[str, Any] = {
            "agents": list(database.execute(select(Agent.id, Agent.name).where(Agent.active).order_by(*BY_ID))),
            "lists": list(database.execute(select(CallList.id, CallList.title, CallList.key).order_by(CallList.id.desc()))),
            "regions": _values(database, wish, Task.region), "spoken": _values(database, wish, Task.language),
        }
    return site.page(visitor, "move.html", here="/work", wish=wish, forecast=forecast, **values)


def _values(database: Any, wish: Wish, column: Any) -> list[str]:
    found = database.scalars(select(column).where(*Wish(wish.source, "").where(), column != "").distinct())
    return sorted(found)


@router.post("/move")
def move(
    site: AnySite, visitor: Manager, source: Annotated[str, Form()] = "", target: Annotated[str, Form()] = "",
    list_id: Annotated[int, Form()] = 0, region: Annotated[str, Form()] = "", language: Annotated[str, Form()] = "",
    fresh: Annotated[bool, Form()] = False, most: Annotated[str, Form()] = "",
) -> Response:
    """Do it."""
    wish, now, say = Wish(source, target, list_id, region, language, fresh, _number(most)), site.now(), texts.say
    with site.database.write() as database:
        if source == target or (target != moves.POOL and database.get(Agent, target) is None):
            return _page(site, visitor, error=say(visitor.language, "move.no-target"))
        wishes = {id: target for id, _, _ in moving.chosen(database, wish)}
        moved = moves.move(database, wishes, _terms(site), now)
        audit.note(database, now, visitor.who.name, "tasks.move", f"{source or '–'} → {target or '–'}",
                   at_once=moved.at_once, waiting=moved.waiting)
    if not wishes:
        return _page(site, visitor, error=say(visitor.language, "move.nothing"))
    key = "move.done-waiting" if moved.waiting else "move.done"
    return _page(site, visitor, notice=say(visitor.language, key, count=moved.at_once, waiting=moved.waiting))


def _terms(site: Site) -> Terms:
    return Terms(site.settings.leases.seconds, site.settings.leases.renew)


def _page(site: Site, visitor: Visitor, find: str = "", notice: str = "", error: str = "") -> Response:
    with site.database.read() as database:
        loads = moving.board(database)
    return site.page(visitor, "work.html", 422 if error else 200, here="/work", loads=loads, find=find, notice=notice, error=error)
