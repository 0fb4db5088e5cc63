# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from callsheet.manager.storage.tables import User
from callsheet.manager.web import sessions, texts
from callsheet.manager.web.site import (
    ZONE_COOKIE,
    AnySite,
    CheckedVisitor,
    SignedOut,
    Site,
    cookie_name,
    site_of,
    visitor_of,
    zone_for,
)
from callsheet.manager.web.times import zones

router = APIRouter()
YEAR = 365 * 24 * 3600


@router.get("/sign-in")
def ask(request: Request, next: str = "/") -> Response:
    """The form; who is signed in already goes on."""
    try:
        visitor_of(request)
    except SignedOut:
        return _form(request, next)
    return RedirectResponse(_inside(next), 303)


@router.post("/sign-in")
def enter(
    request: Request, site: AnySite, name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=256)], next: Annotated[str, Form(max_length=2000)] = "/",
    zone: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Check the password; a new session, whatever the browser had before."""
    now, address = Site.now(), request.client.host if request.client else ""
    try:
        with site.database.write() as database:
            attempt = sessions.try_password(database, name, password, address, now)
        with site.database.write() as database:
            token = sessions.begin(database, name, password, attempt, now)
    except sessions.Refused as refused:
        return _form(request, next, name, refused.wait)
    response = RedirectResponse(_inside(next), 303)
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request), token, httponly=True, samesite="strict", secure=secure, path="/")
    if ZONE_COOKIE not in request.cookies and zone in zones():
        response.set_cookie(ZONE_COOKIE, zone, max_age=YEAR, httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/sign-out")
def leave(request: Request, site: AnySite, visitor: CheckedVisitor) -> Response:
    """End the session."""
    with site.database.write() as database:
        sessions.end(database, visitor.who.sha256)
    response = Response(headers={"HX-Redirect": "/sign-in", "Clear-Site-Data": '"cache"'})
    response.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True,
                           samesite="strict")
    return response


def _inside(target: str) -> str:
    """A path of ours, and nobody else's: "//evil.example" and "/\\evil.example" are URLs of other hosts."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if inside else "/"


def _form(request: Request, next: str, name: str = "", wait: int | None = None) -> Response:
    site = site_of(request)
    language = texts.choose(request.headers.get("accept-language", ""))
    if wait is None:
        error = ""
    elif wait:
        error = texts.say(language, "sign-in.wait", minutes=-(-wait // 60))
    else:
        error = texts.say(language, "sign-in.wrong")
    with site.database.read() as database:
        no_users = database.scalar(select(User.id).limit(1)) is None
    html = site.render("sign_in.html", language, zone_for(request),
                       {"error": error, "name": name, "next": _inside(next), "no_users": no_users})
    status = 200 if wait is None else 429 if wait else 403
    headers = {"Retry-After": str(wait)} if wait else {}
    return Response(html, status, headers, "text/html; charset=utf-8")
