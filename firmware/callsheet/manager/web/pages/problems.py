# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong now."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from callsheet.manager.web.diagnoses import Context, diagnose
from callsheet.manager.web.site import AnySite, AnyVisitor

router = APIRouter()


@router.get("/problems")
def show(site: AnySite, visitor: AnyVisitor) -> Response:
    """All diagnoses that found something; the page asks again by itself."""
    rows = site.hub.snapshot().rows
    with site.database.read() as database:
        problems = diagnose(Context(database, rows, site.settings, site.now()))
    return site.page(visitor, "problems.html", here="/problems", problems=problems)
