# SPDX-License-Identifier: GPL-3.0-or-later
"""The web application."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from callsheet.manager.errors import Refused
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.web import texts
from callsheet.manager.web.guard import Guard
from callsheet.manager.web.pages import ROUTERS
from callsheet.manager.web.site import STATIC, Forbidden, SignedOut, Site, site_of, visitor_of

FOR_EVER = "private, max-age=31536000, immutable"
FOR_A_WHILE = "private, max-age=3600"
SMALL = 1024
"""Bytes that are not worth compressing."""


def app(database: Database, settings: ManagerSettings) -> FastAPI:
    """The page for a database, to be mounted at "/". Any number of processes may serve it."""
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    made.state.site = Site(database, settings)
    for router in ROUTERS:
        made.include_router(router)
    made.mount("/static", _Static(directory=STATIC))
    made.add_exception_handler(SignedOut, _signed_out)
    made.add_exception_handler(Forbidden, _forbidden)
    made.add_exception_handler(HTTPException, _failed)
    made.add_exception_handler(RequestValidationError, _invalid)
    made.add_exception_handler(Refused, _refused)
    made.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=4)
    name = urlsplit(settings.serve.url).hostname
    made.add_middleware(Guard, names=(name,) if name else ())
    return made


class _Static(StaticFiles):
    """Files whose URLs change with their content."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        """The file, to be kept by the browser."""
        response = await super().get_response(path, scope)
        # Pictures that the style sheet names have no sum in their URLs.
        response.headers["Cache-Control"] = FOR_EVER if scope.get("query_string", b"").startswith(b"v=") else FOR_A_WHILE
        return response


def _signed_out(request: Request, _: Exception) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=200, headers={"HX-Redirect": "/sign-in"})
    if request.method != "GET" or request.url.path.startswith("/live/"):
        return Response("Sign in first.\n", 401, media_type="text/plain")
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/sign-in" + (f"?next={quote(target)}" if target != "/" else ""), 303)


def _forbidden(request: Request, _: Exception) -> Response:
    return _told(request, 403, "page.forbidden")


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = "page.missing" if error.status_code == 404 else "page.refused"
    return _told(request, error.status_code, key)


def _invalid(request: Request, error: Exception) -> Response:
    """A form that no page of ours sends: which fields are wrong is said, their contents are not."""
    assert isinstance(error, RequestValidationError)
    return _told(request, 422, "page.invalid", fields=", ".join(str(one["loc"][-1]) for one in error.errors()))


def _refused(request: Request, error: Exception) -> Response:
    return _told(request, 409, str(error))


def _told(request: Request, status: int, key: str, **values: object) -> Response:
    site = site_of(request)
    try:
        visitor = visitor_of(request)
    except SignedOut:
        language = texts.choose(request.headers.get("accept-language", ""))
        return Response(texts.say(language, key, **values) + "\n", status, media_type="text/plain")
    return site.page(visitor, "told.html", status, error=texts.say(visitor.language, key, **values), here="")


