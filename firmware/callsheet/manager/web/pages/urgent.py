# SPDX-License-Identifier: GPL-3.0-or-later
"""One more call, to be made before all others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy import select
from starlette.responses import Response

from callsheet.formats.errors import Invalid
from callsheet.manager import audit, urgent
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import BY_ID, Agent, CallList
from callsheet.manager.web import texts, times, uploads
from callsheet.manager.web.site import AnySite, Manager, ManagerLooking, Site, Visitor

router = APIRouter(prefix="/urgent")
EMPTY: dict[str, Any] = {"list_id": 0, "agent": "", "number": "", "name": "", "service": "", "zone": ""}


@router.get("")
def ask(site: AnySite, visitor: ManagerLooking) -> Response:
    """The form."""
    return _page(site, visitor, {})


@router.post("")
def insert(
    site: AnySite, visitor: Manager, list_id: Annotated[int, Form()], agent: Annotated[str, Form()],
    number: Annotated[str, Form(max_length=256)], name: Annotated[str, Form(max_length=200)] = "",
    service: Annotated[str, Form(max_length=2000)] = "", zone: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Put it into the agent's sheet."""
    typed = {"list_id": list_id, "agent": agent, "number": number, "name": name, "service": service, "zone": zone}
    now = site.now().replace(microsecond=0)
    try:
        with site.database.write() as database:
            call_list, who = database.get(CallList, list_id), database.get(Agent, agent)
            if call_list is None or who is None:
                raise Refused(texts.say(visitor.language, "urgent.no-list"))
            row = urgent.insert(database, call_list, who, number, site.settings, now, name=name, service=service, zone=zone)
            audit.note(database, now, visitor.who.name, "task.insert", row.key, agent=agent, list=call_list.key)
            made = row.id
    except (Invalid, Refused) as fault:
        return _page(site, visitor, typed, error=uploads.told(fault))
    return _page(site, visitor, {}, notice=texts.say(visitor.language, "urgent.done", agent=agent), made=made)


def _page(site: Site, visitor: Visitor, typed: dict[str, Any], *, notice: str = "", error: str = "", made: int = 0) -> Response:
    with site.database.read() as database:
        lists = list(database.execute(
            select(CallList.id, CallList.title, CallList.key).where(CallList.state == "open").order_by(CallList.id.desc())
        ))
    signs = {row.agent: row.state for row in site.hub.snapshot().rows}
    with site.database.read() as database:
        agents = list(database.execute(select(Agent.id, Agent.name).where(Agent.active).order_by(*BY_ID)))
    return site.page(
        visitor, "urgent.html", 422 if error else 200, here="/urgent", lists=lists, agents=agents, states=signs,
        typed={**EMPTY, **typed}, callee_zones=times.zones(), made=made, notice=notice, error=error,
    )
