# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents, live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from callsheet.manager.web import texts, times, words
from callsheet.manager.web.live.hub import Snapshot
from callsheet.manager.web.live.rows import CALLING, Row
from callsheet.manager.web.site import AnySite, AnyVisitor, SignedOut, Site, Visitor, visitor_of

router = APIRouter()
PATIENCE = 15.0
"""Seconds of silence after which a comment is sent, so that nobody in between closes the connection."""
CHECK = 60.0
"""Seconds after which a stream looks whether its visitor is still signed in."""
TILES = ("calling", "ready", "paused", "off", "silent")


@router.get("/")
def show(site: AnySite, visitor: AnyVisitor, find: str = "") -> Response:
    """The page as it is now; the stream goes on from its version. `find` is in the filter above the table."""
    snapshot = site.hub.snapshot()
    return site.page(
        visitor, "agents.html", here="/", rows=bool(snapshot.rows), find=find, version=snapshot.version,
        tiles=tiles(snapshot.rows), table=Markup(rendered(site, visitor, snapshot.rows)),
    )


@router.get("/live/agents")
async def stream(request: Request, site: AnySite, visitor: AnyVisitor, since: str = "") -> Response:
    """Server-sent events: "rows" with what has changed, "over" when the page is to be loaded anew."""
    version = request.headers.get("last-event-id") or since
    return StreamingResponse(_events(request, site, visitor, version), media_type="text/event-stream",
                             headers={"X-Accel-Buffering": "no", "Content-Encoding": "identity"})


async def _events(request: Request, site: Site, visitor: Visitor, version: str) -> AsyncIterator[str]:
    checked = time.monotonic()
    # Browsers say that a stream is open when its first bytes come.
    yield "retry: 3000\n\n"
    async with site.hub.watching():
        # When the server ends, so does the stream, or it would be waited for; the browser asks again by itself.
        while not site.hub.ended:
            changes = site.hub.since(version)
            if changes is None or (time.monotonic() - checked > CHECK and not await _still_in(request)):
                yield "event: over\ndata:\n\n"
                return
            if changes.rows:
                html = await run_in_threadpool(_payload, site, visitor, version, changes)
                yield f"id: {changes.version}\nevent: rows\n" + "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
            else:
                yield ": still here\n\n"
            version = changes.version
            await site.hub.news(version, PATIENCE)


async def _still_in(request: Request) -> bool:
    try:
        await run_in_threadpool(visitor_of, request)
    except SignedOut:
        return False
    return True


def _payload(site: Site, visitor: Visitor, version: str, changes: Snapshot) -> str:
    """Changed rows and the counts above them; rendered once for all who see the same."""
    key = ("rows", version, changes.version, visitor.language, visitor.zone.key)

    def make() -> str:
        counts = site.render("_agent_tiles.html", visitor.language, visitor.zone,
                             {"tiles": tiles(site.hub.rows()), "oob": True})
        return rendered(site, visitor, changes.rows, oob=True) + counts

    return site.hub.messages.get(key, make)


def rendered(site: Site, visitor: Visitor, rows: Iterable[Row], *, oob: bool = False) -> str:
    """Rows of the table; `oob`: as htmx takes them out of a stream.

    A row that was rendered before is taken as it was: its clocks are put right by the page.
    """
    template = site.templates.get_template("_agent_row.html")
    now = site.now()
    say = partial(texts.say, visitor.language)
    part = partial(words.coded, visitor.language, "phone-part")
    common = {"t": say, "now": now, "oob": oob, "part": part, "blocked": partial(blocked, say=say, clock=partial(
        times.clock, zone=visitor.zone, now=now))}
    shown = (visitor.language, visitor.zone.key, now.astimezone(visitor.zone).date(), oob)
    return "".join(site.hub.row_texts.get((row, *shown), partial(template.render, common, row=row)) for row in rows)


def blocked(row: Row, *, say: Any, clock: Any) -> str:
    """Why an agent's phone is not dialling, in the phone's words."""
    until = clock(row.blocked_until) if row.blocked_until else "?"
    for key in (f"why.{row.blocker}", f"block.{row.blocker}"):
        text: str = say(key, time=until, detail="…")
        if text != key:
            return text.removesuffix(": …").removesuffix("：…")
    return row.blocker


def tiles(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """How many agents do what."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts["calling" if row.state in CALLING else row.state if row.state in TILES else "off"] += 1
    return [(key, counts[key]) for key in TILES]
