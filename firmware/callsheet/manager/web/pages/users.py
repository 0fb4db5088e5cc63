# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: made, given a role, a new password, shut out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import func, select
from starlette.responses import Response

from callsheet.manager import audit
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import Session, User
from callsheet.manager.web import texts, users
from callsheet.manager.web.site import AnySite, Manager, ManagerLooking, Site, Visitor

router = APIRouter(prefix="/users")


@router.get("")
def show(site: AnySite, visitor: ManagerLooking) -> Response:
    """All of them."""
    return _page(site, visitor)


@router.post("")
def add(site: AnySite, visitor: Manager, name: Annotated[str, Form()], role: Annotated[str, Form()]) -> Response:
    """A new user with a password made here, which is shown once."""
    password, now = users.generate(), site.now()
    try:
        with site.database.write() as database:
            users.add(database, name.strip(), password, role, now)
            audit.note(database, now, visitor.who.name, "user.add", name.strip(), role=role)
    except users.UserError as error:
        return _page(site, visitor, error=error, typed=name)
    return _page(site, visitor, "users.added", name=name.strip(), password=password)


@router.post("/{user}/password")
def new_password(site: AnySite, visitor: Manager, user: int) -> Response:
    """Another password, shown once; the user is signed out everywhere."""
    password, now = users.generate(), site.now()
    with site.database.write() as database:
        found = database.get_one(User, user)
        users.set_password(database, found, password)
        audit.note(database, now, visitor.who.name, "user.password", found.name)
        name = found.name
    return _page(site, visitor, "users.added", name=name, password=password)


@router.post("/{user}/role")
def role(site: AnySite, visitor: Manager, user: int, role: Annotated[str, Form()]) -> Response:
    """Manager or viewer."""
    try:
        with site.database.write() as database:
            found = database.get_one(User, user)
            users.set_role(database, found, role)
            audit.note(database, site.now(), visitor.who.name, "user.role", found.name, role=role)
    except users.UserError as error:
        return _page(site, visitor, error=error)
    return _page(site, visitor, "users.changed", name=found.name)


@router.post("/{user}/disabled")
def disabled(site: AnySite, visitor: Manager, user: int, disabled: Annotated[bool, Form()]) -> Response:
    """Shut out, or let in again."""
    try:
        with site.database.write() as database:
            found = database.get_one(User, user)
            users.set_disabled(database, found, disabled)
            audit.note(database, site.now(), visitor.who.name, "user.disabled" if disabled else "user.enabled", found.name)
    except users.UserError as error:
        return _page(site, visitor, error=error)
    return _page(site, visitor, "users.changed", name=found.name)


def _page(
    site: Site, visitor: Visitor, notice: str = "", *, error: users.UserError | None = None, typed: str = "",
    **values: str,
) -> Response:
    said = {"notice": texts.say(visitor.language, notice, **values) if notice and "password" not in values else "",
            "error": texts.say(visitor.language, error.key, **error.values) if error else ""}
    return site.page(visitor, "users.html", 422 if error else 200, here="/users", users=_users(site.database),
                     roles=users.ROLES, typed=typed, made=values if "password" in values else None, **said)


def _users(database: Database) -> list[tuple[User, int]]:
    """With the number of browsers each is signed in with."""
    with database.read() as db:
        browsers = dict(db.execute(
            select(Session.user_id, func.count()).where(Session.expires > Site.now()).group_by(Session.user_id)
        ).all())
        return [(user, browsers.get(user.id, 0)) for user in db.scalars(select(User).order_by(User.name))]
