# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from callsheet.manager.storage.tables import Audit
from callsheet.manager.web import words
from callsheet.manager.web.site import AnySite, ManagerLooking

router = APIRouter()
AT_ONCE = 100


@router.get("/audit")
def show(site: AnySite, visitor: ManagerLooking, who: str = "", action: str = "", before: int = 0) -> Response:
    """The newest lines, or those before one."""
    wanted = select(Audit).order_by(Audit.id.desc()).limit(AT_ONCE + 1)
    if who:
        wanted = wanted.where(Audit.who.in_({who, words.who_meant(visitor.language, who)}))
    if action:
        wanted = wanted.where(Audit.action == action)
    if before:
        wanted = wanted.where(Audit.id < before)
    with site.database.read() as database:
        lines = list(database.scalars(wanted))
        actions = sorted(database.scalars(select(Audit.action).distinct()))
    more = lines[AT_ONCE - 1].id if len(lines) > AT_ONCE else 0
    return site.page(visitor, "audit.html", here="/audit", lines=lines[:AT_ONCE], more=more, who=who, action=action,
                     actions=actions)
