# SPDX-License-Identifier: GPL-3.0-or-later
"""Import by upload: the columns are found and can be corrected, what would happen is shown, then it happens."""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response, StreamingResponse

from callsheet.manager.assign import BY
from callsheet.manager.importer.columns import FIELDS
from callsheet.manager.importer.intake import STAGES, Progress, Wishes
from callsheet.manager.importer.report import REMARKS
from callsheet.manager.importer.source import Reading
from callsheet.manager.storage.database import DatabaseError
from callsheet.manager.storage.tables import BY_ID, Agent, CallList
from callsheet.manager.web import texts, times, uploads
from callsheet.manager.web.running import Running, Step
from callsheet.manager.web.site import AnySite, Manager, ManagerLooking, Site, Visitor

router = APIRouter(prefix="/import")
WAYS = tuple(way for way in BY if way not in ("round-robin", "capacity"))
LONGEST_KEY = 48
REJECTS = "rejects"
"""The stage after an import's own: the rows left out become a file."""
_log = logging.getLogger(__name__)
_ENDING = re.compile(r"\.(csv|tsv|txt|xlsx?|ods)$", re.IGNORECASE)


@router.get("")
def show(site: AnySite, visitor: ManagerLooking) -> Response:
    """The form."""
    with site.database.read() as database:
        lists = list(database.execute(
            select(CallList.key, CallList.title).where(CallList.state != "closed").order_by(CallList.id.desc())))
        agents = list(database.execute(select(Agent.id, Agent.name).where(Agent.active).order_by(*BY_ID)))
    return site.page(
        visitor, "import.html", here="/import", lists=lists, agents=agents, ways=WAYS, callee_zones=times.zones(),
        imports=site.settings.imports,
    )


@router.post("/{step}")
def run(
    site: AnySite, visitor: Manager, step: Literal["try", "do"], file: UploadFile,
    agents: Annotated[list[str], Form(default_factory=list)], by: Annotated[list[str], Form(default_factory=list)],
    column: Annotated[list[str], Form(default_factory=list)], field: Annotated[list[str], Form(default_factory=list)],
    into: Annotated[str, Form()] = "", title: Annotated[str, Form(max_length=200)] = "",
    country: Annotated[str, Form(max_length=2)] = "", zone: Annotated[str, Form(max_length=64)] = "",
    encoding: Annotated[str, Form(max_length=40)] = "", sheet: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """"try": what would happen. "do": do it. The answer goes below the form, which stays as it is.

    What takes longer answers at once, with comments that tell how far it is before the page itself.
    """
    settings, now = site.settings, site.now()
    mapping = tuple(pair for pair in zip(column, field, strict=False) if pair[1] in FIELDS)
    upload = uploads.Upload(file.filename or "file", file.file, Reading(encoding, "", sheet, country), mapping)
    wishes = Wishes(
        list=into or key_of(title or upload.name), title=title, agents=tuple(agents),
        by=tuple(way for way in BY if way in by), country=country.upper(), zone=zone,
        recent_days=settings.imports.recent_days, max_rows=settings.imports.max_rows, numbers=settings.numbers,
        who=visitor.who.name, dry_run=step == "try",
    )
    try:
        opened = uploads.read(site.database, upload, settings)
    except uploads.FAULTS as fault:
        return _refused(site, visitor, fault)

    def work(tell: Progress) -> HTMLResponse:
        with site.database.errors():
            done = uploads.run(site.database, opened, wishes, now, tell)
        if done.rejected:
            tell(REJECTS, 0, 0)
        return _shown(site, visitor, opened, done)

    running = Running(work)
    steps = running.steps()
    first = next(steps, None)
    if first is None:
        return _ended(site, visitor, running)
    return StreamingResponse(_told(site, visitor, running, first, steps, wishes.dry_run), media_type="text/html",
                             headers={"X-Accel-Buffering": "no", "Content-Encoding": "identity"})


def _told(site: Site, visitor: Visitor, running: Running[HTMLResponse], first: Step, steps: Iterator[Step],
          dry_run: bool) -> Iterator[bytes]:
    """The steps as comments, one a line, and the page."""
    yield comment(visitor.language, first, dry_run)
    for step in steps:
        yield comment(visitor.language, step, dry_run)
    yield bytes(_ended(site, visitor, running).body)


def comment(language: str, step: Step, dry_run: bool) -> bytes:
    """A step for app.js: `share` is null if not known, `step` and `text` are for people."""
    say = partial(texts.say, language)
    what = say(f"import.stage.{step.stage}{'.try' if dry_run and step.stage == 'store' else ''}")
    if step.stage in STAGES:
        what = say("import.stage", number=STAGES.index(step.stage) + 1, of=len(STAGES), what=what)
    parts = []
    if step.share is not None:
        # Before all rows are read nobody knows how many there are: some lines of a file are none.
        key = "import.of-at-most" if step.stage == "read" and step.done < step.total else "import.of"
        parts = [say(key, done=times.count(step.done), total=times.count(step.total)), times.percent(step.share)]
    if step.rest:
        parts.append(say("import.rest", time=times.duration(step.rest)))
    told = json.dumps({"share": step.share, "step": what, "text": " · ".join(parts)})
    # A comment ends where its text says so.
    plain = told.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<!--step {plain}-->\n".encode()


def _ended(site: Site, visitor: Visitor, running: Running[HTMLResponse]) -> HTMLResponse:
    """The page when it is over, whatever came of it: where comments went ahead no status can say it any more."""
    try:
        return running.result()
    except uploads.FAULTS as fault:
        return _refused(site, visitor, fault)
    except DatabaseError as error:
        _log.error("an import broke off: %s", error)
    except Exception:  # noqa: BLE001 — there is no status any more by which the server could say it
        _log.exception("an import broke off")
    return site.page(visitor, "import_result.html", 500, here="/import", opened=None,
                     error=texts.say(visitor.language, "import.broken"))


def _refused(site: Site, visitor: Visitor, fault: Exception) -> HTMLResponse:
    return site.page(visitor, "import_result.html", 422, here="/import", error=uploads.told(fault), opened=None)


def _shown(site: Site, visitor: Visitor, opened: uploads.Opened, done: uploads.Done) -> HTMLResponse:
    values: dict[str, Any] = {"rejects": "", "rejects_name": "", "list_id": 0, "notice": ""}
    if done.rejected:
        values["rejects_name"], content = uploads.rejects_file(opened, done.rejected)
        values["rejects"] = base64.b64encode(content).decode()
    if not done.report.dry_run:
        with site.database.read() as database:
            values["list_id"] = database.scalar(select(CallList.id).where(CallList.key == done.report.list)) or 0
        values["notice"] = texts.say(visitor.language, "import.done", count=done.report.accepted)
    return site.page(visitor, "import_result.html", here="/import", opened=opened, done=done, report=done.report,
                     fields=FIELDS, remarks=REMARKS, first_rejects=done.rejected[: uploads.SHOWN_REJECTS], **values)


def key_of(title: str) -> str:
    """A list's key from its title: letters and digits that are safe in any file name; never empty."""
    plain = unicodedata.normalize("NFKD", _ENDING.sub("", title)).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_KEY].strip("-")
    return key or f"list-{secrets.token_hex(4)}"
