# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request needs: the database, the settings, who asks, and the templates."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.web import navigation, sessions, texts, times, words
from callsheet.manager.web.live.hub import Hub
from callsheet.manager.web.sessions import SignedIn

COOKIE = "callsheet"
ZONE_COOKIE = "callsheet-zone"
STATIC = Path(str(files("callsheet.manager.web").joinpath("static")))


class SignedOut(Exception):
    """Nobody is signed in with this browser."""


class Forbidden(Exception):
    """The visitor may not do that: a viewer, or a request without the page's token."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at the page, and how it is shown to them."""

    who: SignedIn
    language: str
    zone: ZoneInfo

    @property
    def manages(self) -> bool:
        """May change things."""
        return self.who.role == "manager"


class Site:
    """The page's parts that all requests share."""

    def __init__(self, database: Database, settings: ManagerSettings) -> None:
        self.database = database
        self.settings = settings
        self.hub = Hub(database, settings)
        self.templates = Environment(
            loader=PackageLoader("callsheet.manager.web"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )
        self.templates.globals.update(static=self.static, count=times.count, duration=times.duration,
                                      percent=times.percent, languages=texts.NAMES)

    @staticmethod
    def now() -> datetime:
        """The server's clock."""
        return datetime.now(UTC)

    @property
    def longest(self) -> timedelta:
        """After this every session ends."""
        return timedelta(hours=self.settings.serve.session_hours)

    @cached_property
    def _sums(self) -> dict[str, str]:
        return {
            path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for path in STATIC.rglob("*") if path.is_file()
        }

    def static(self, name: str) -> str:
        """The URL of a file in `static`, which changes with its content: browsers may keep it for ever."""
        return f"/static/{name}?v={self._sums[name]}"

    def render(self, template: str, language: str, zone: ZoneInfo, values: Mapping[str, Any]) -> str:
        """A template in one language and zone."""
        now = self.now()
        return self.templates.get_template(template).render(
            {
                "t": partial(texts.say, language), "language": language, "zone": zone.key, "now": now,
                **words.of(language), "clock": partial(times.clock, zone=zone, now=now), "stamp": partial(times.stamp, zone=zone),
                **values,
            }
        )

    def page(self, visitor: Visitor, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """A page for a visitor. `notice` and `error` among the values are shown above it, and read out."""
        html = self.render(template, visitor.language, visitor.zone, {
            "visitor": visitor, "menu": navigation.menu(visitor.manages), "zones": times.zones(),
            "notice": "", "error": "", **values,
        })
        return HTMLResponse(html, status)


def site_of(request: Request) -> Site:
    """The site a request is made to."""
    site: Site = request.app.state.site
    return site


def cookie_name(request: Request) -> str:
    """Under TLS the prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def visitor_of(request: Request) -> Visitor:
    """Who asks; raises SignedOut."""
    site, now = site_of(request), Site.now()
    token = request.cookies.get(cookie_name(request), "")
    with site.database.read() as database:
        found = sessions.find(database, token, now, site.longest) if token else None
    if found is None:
        raise SignedOut
    who, due = found
    if due and not request.url.path.startswith("/live/"):
        # A page that only looks on does not keep a forgotten browser signed in.
        with site.database.write() as database:
            sessions.use(database, who.sha256, now)
    return Visitor(who, who.language or texts.choose(request.headers.get("accept-language", "")), zone_for(request))


def zone_for(request: Request) -> ZoneInfo:
    """The zone this browser has chosen, or that of the callees, or UTC."""
    return times.zone_of(request.cookies.get(ZONE_COOKIE, "").strip('"'), site_of(request).settings.imports.zone)


def checked_visitor(request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
    """Who asks for a change, by a page of ours; raises SignedOut or Forbidden."""
    if not hmac.compare_digest(request.headers.get("x-csrf-token", "").encode(), visitor.who.csrf.encode()):
        raise Forbidden
    return visitor


def manager_of(visitor: Annotated[Visitor, Depends(checked_visitor)]) -> Visitor:
    """Who asks for a change and may make it; raises SignedOut or Forbidden."""
    if not visitor.manages:
        raise Forbidden
    return visitor


def manager_looking(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
    """Who asks for a page that only managers see; raises SignedOut or Forbidden."""
    if not visitor.manages:
        raise Forbidden
    return visitor


AnySite = Annotated[Site, Depends(site_of)]
AnyVisitor = Annotated[Visitor, Depends(visitor_of)]
"""For pages that everybody may see."""
CheckedVisitor = Annotated[Visitor, Depends(checked_visitor)]
"""For changes that everybody may make: to their own account."""
Manager = Annotated[Visitor, Depends(manager_of)]
"""For all other changes."""
ManagerLooking = Annotated[Visitor, Depends(manager_looking)]
"""For pages that show what only managers may know or do."""
