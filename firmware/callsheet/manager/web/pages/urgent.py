# SPDX-License-Identifier: GPL-3.0-or-later
"""One more call, to be made before all others."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy import func, select
from starlette.responses import Response

from callsheet.core.model import Task as Described
from callsheet.formats.errors import Invalid
from callsheet.manager.storage.tables import Agent, CallList, Task
from callsheet.manager.web import audit, texts, times
from callsheet.manager.web.numbers import Unreadable, one_number
from callsheet.manager.web.site import AnySite, Manager, ManagerLooking, Site, Visitor
from callsheet.manager.work import campaign

router = APIRouter(prefix="/urgent")
EMPTY: dict[str, Any] = {"list_id": 0, "agent": "", "number": "", "name": "", "service": ""}


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
    """Put it into the agent's sheet. As an appointment for now it goes first, whatever the sheet's order."""
    typed = {"list_id": list_id, "agent": agent, "number": number, "name": name, "service": service, "zone": zone}
    now = site.now().replace(microsecond=0)
    try:
        task_number = one_number(number, site.settings.imports.country)
        with site.database.write() as database:
            call_list, who = database.get(CallList, list_id), database.get(Agent, agent)
            if call_list is None or call_list.state != "open" or who is None:
                raise Invalid(texts.say(visitor.language, "urgent.no-list"))
            top = database.scalar(select(func.max(Task.priority)).where(Task.list_id == list_id)) or 0
            task = Described(
                id=f"urgent-{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}", number=task_number, name=name.strip(),
                service=service.strip(), zone=zone, priority=top, not_before=now, callback=True,
            )
            row = campaign.insert(database, call_list, task, agent, site.settings.numbers, now)
            audit.note(database, now, visitor.who.name, "task.insert", row.key, agent=agent, list=call_list.key)
            row_id = row.id
    except Unreadable:
        return _page(site, visitor, typed, error=texts.say(visitor.language, "urgent.no-number"))
    except Invalid as invalid:
        told = f"{invalid.reason} ({invalid.remedy})" if invalid.remedy else invalid.reason
        return _page(site, visitor, typed, error=told)
    return _page(site, visitor, {}, notice=texts.say(visitor.language, "urgent.done", agent=agent), made=row_id)


def _page(site: Site, visitor: Visitor, typed: dict[str, Any], *, notice: str = "", error: str = "", made: int = 0) -> Response:
    with site.database.read() as database:
        lists = list(database.execute(
            select(CallList.id, CallList.title, CallList.key).where(CallList.state == "open").order_by(CallList.id.desc())
        ))
    signs = {row.agent: row.state for row in site.hub.snapshot().rows}
    with site.database.read() as database:
        agents = list(database.execute(select(Agent.id, Agent.name).where(Agent.active).order_by(Agent.id)))
    return site.page(
        visitor, "urgent.html", 422 if error else 200, here="/urgent", lists=lists, agents=agents, states=signs,
        typed={**EMPTY, "zone": site.settings.imports.zone, **typed}, callee_zones=times.zones(), made=made, notice=notice, error=error,
    )
