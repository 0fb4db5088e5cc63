# SPDX-License-Identifier: GPL-3.0-or-later
"""One's own account: language, time zone, password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from callsheet.core import pin
from callsheet.manager import audit
from callsheet.manager.storage.tables import User
from callsheet.manager.web import sessions, texts, times, users
from callsheet.manager.web.pages.door import YEAR
from callsheet.manager.web.site import ZONE_COOKIE, AnySite, AnyVisitor, CheckedVisitor, Site

router = APIRouter()


@router.get("/account")
def show(site: AnySite, visitor: AnyVisitor) -> Response:
    """The forms."""
    return site.page(visitor, "account.html", here="/account")


@router.post("/account/view")
def view(
    request: Request, site: AnySite, visitor: CheckedVisitor, language: Annotated[str, Form()],
    zone: Annotated[str, Form()],
) -> Response:
    """Language (for the user) and time zone (for the browser)."""
    if language not in texts.CATALOGUE or zone not in times.zones():
        return site.page(visitor, "account.html", 422, here="/account",
                         error=texts.say(visitor.language, "page.invalid", fields="language, zone"))
    with site.database.write() as database:
        database.get_one(User, visitor.who.user).language = language
    # The menu changes too, so the whole page is loaded anew.
    response = Response(headers={"HX-Redirect": "/account"})
    response.set_cookie(ZONE_COOKIE, zone, max_age=YEAR, httponly=True, samesite="strict",
                        secure=request.url.scheme == "https")
    return response


@router.post("/account/password")
def password(
    request: Request, site: AnySite, visitor: CheckedVisitor, old: Annotated[str, Form(max_length=256)],
    new: Annotated[str, Form(max_length=256)],
) -> Response:
    """Change the password; other browsers of the user are signed out. Wrong old ones count as tries to sign in."""
    now, address = Site.now(), request.client.host if request.client else ""
    say = texts.say
    try:
        with site.database.write() as database:
            attempt = sessions.try_password(database, visitor.who.name, old, address, now)
        with site.database.write() as database:
            user = database.get_one(User, visitor.who.user)
            if not pin.matches(old, user.password):
                raise sessions.Refused
            sessions.forgive(database, attempt, user.name)
            users.set_password(database, user, new, keep=visitor.who.sha256)
            audit.note(database, now, visitor.who.name, "user.password", user.name)
    except users.UserError as error:
        return site.page(visitor, "account.html", 422, here="/account",
                         error=say(visitor.language, error.key, **error.values))
    except sessions.Refused as refused:
        key = "sign-in.wait" if refused.wait else "error.old-password"
        return site.page(visitor, "account.html", 422, here="/account",
                         error=say(visitor.language, key, minutes=-(-refused.wait // 60)))
    return site.page(visitor, "account.html", here="/account", notice=say(visitor.language, "self.changed"))
