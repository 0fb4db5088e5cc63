# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: found by number, name or id, and shown with everything that was done about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Database
from sqlalchemy.orm import joinedload
from starlette.exceptions import HTTPException
from starlette.responses import Response

from callsheet.manager import audit
from callsheet.manager.storage.tables import Agent, Attempt, DoNotCall, Task
from callsheet.manager.web import texts
from callsheet.manager.web.numbers import spellings
from callsheet.manager.web.site import AnySite, AnyVisitor, Manager, Site, Visitor
from callsheet.manager.work import attempts, campaign

router = APIRouter()
AT_ONCE = 50


@router.get("/search")
def search(site: AnySite, visitor: AnyVisitor, q: str = "", after: int = 0) -> Response:
    """What matches; the newest lists first."""
    found: list[Task] = []
    words = q.strip()[:200]
    if words:
        with site.database.read() as database:
            found = _find(database, words, site.settings.imports.country, after)
    more = found[AT_ONCE - 1].id if len(found) > AT_ONCE else 0
    return site.page(visitor, "search.html", here="/search", q=words, found=found[:AT_ONCE], more=more,
                     asked=bool(words))


def _find(database: Database, words: str, country: str, after: int) -> list[Task]:
    """By number in any writing, by id, or by a part of the name whose letters may be large or small."""
    name = func.lower(Task.name).contains(words.lower(), autoescape=True)
    wanted = select(Task).where(or_(Task.key == words, name, spellings(Task.canonical, words, country)))
    if after:
        wanted = wanted.where(Task.id < after)
    return list(database.scalars(
        wanted.order_by(Task.id.desc()).limit(AT_ONCE + 1).options(joinedload(Task.call_list))))


@router.get("/tasks/{id}")
def show(site: AnySite, visitor: AnyVisitor, id: int) -> Response:
    """One task."""
    return _page(site, visitor, id)


@router.post("/tasks/{id}/withdraw")
def withdraw(site: AnySite, visitor: Manager, id: int) -> Response:
    """Take it out: it is not called any more."""
    return _change(site, visitor, id, "task.withdraw")


@router.post("/tasks/{id}/let-go")
def let_go(site: AnySite, visitor: Manager, id: int) -> Response:
    """It was held; it may be called again."""
    return _change(site, visitor, id, "task.let-go")


def _change(site: Site, visitor: Visitor, id: int, action: audit.Action) -> Response:
    now = site.now()
    with site.database.write() as database:
        task = _get(database, id)
        change = campaign.withdraw if action == "task.withdraw" else campaign.let_go
        if change(database, (task,), now):
            audit.note(database, now, visitor.who.name, action, task.key)
    return _page(site, visitor, id, notice=texts.say(visitor.language, f"{action}.done"))


def _get(database: Database, id: int) -> Task:
    task = database.get(Task, id, options=[joinedload(Task.call_list)])
    if task is None:
        raise HTTPException(404)
    return task


def _page(site: Site, visitor: Visitor, id: int, notice: str = "") -> Response:
    with site.database.read() as database:
        task = _get(database, id)
        made = attempts.of_task(database, id)
        others = list(database.scalars(
            select(Attempt).where(Attempt.canonical == task.canonical, Attempt.task_id != id)
            .order_by(Attempt.dialled.desc()).limit(20)))
        names = dict(database.execute(select(Agent.id, Agent.name)).all())
        blocked = database.get(DoNotCall, task.canonical)
    details: dict[str, Any] = {**task.details, "history": [_dated(one) for one in task.details.get("history", ())]}
    return site.page(visitor, "task.html", here="/search", task=task, attempts=made, others=others, names=names,
                     blocked=blocked, details=details, ends=[_end(one) for one in made], notice=notice)


def _dated(entry: dict[str, Any]) -> dict[str, Any]:
    """An earlier contact, whose time is text in JSON."""
    return {**entry, "at": datetime.fromisoformat(entry["at"]) if entry.get("at") else None}


def _end(attempt: Attempt) -> dict[str, Any]:
    """What the network said, for the table."""
    body: dict[str, Any] = attempt.body or {}
    end: dict[str, Any] = body.get("end") or {}
    reasons = "; ".join(
        f"{one.get('protocol', '')} {one.get('cause', '')} {one.get('text', '')}".strip() for one in end.get("reasons", ())
    )
    sip = f"{end['code']} {end.get('phrase', '')}".strip() if end.get("code") else ""
    return {"sip": sip, "reasons": reasons, "local": end.get("local", False), "detail": end.get("detail", ""),
            "disposition": body.get("disposition", ""), "note": body.get("note", ""), "until": body.get("until", ""),
            "ring": body.get("ring_seconds", 0.0)}
