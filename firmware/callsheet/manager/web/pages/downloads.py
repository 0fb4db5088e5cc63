# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from callsheet.manager import audit
from callsheet.manager.report import Scope, check, gather, summed, write
from callsheet.manager.report.files import TABLES, Table
from callsheet.manager.storage.tables import BY_ID, Agent, CallList
from callsheet.manager.web.site import AnySite, AnyVisitor

router = APIRouter(prefix="/downloads")
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
CHUNK = 256 * 1024


@router.get("")
def show(site: AnySite, visitor: AnyVisitor) -> Response:
    """The form."""
    with site.database.read() as database:
        lists = database.execute(select(CallList.key, CallList.title).order_by(CallList.id.desc())).all()
        agents = database.execute(select(Agent.id, Agent.name).order_by(*BY_ID)).all()
    today = site.now().astimezone(visitor.zone).date()
    return site.page(visitor, "downloads.html", here="/downloads", lists=lists, agents=agents, tables=TABLES, kinds=KINDS,
                     today=today)


@router.get("/file")
def file(
    site: AnySite, visitor: AnyVisitor, kind: Literal["xlsx", "csv", "json"] = "xlsx", table: Table = "rows",
    list: str = "", agent: str = "", since: str = "", until: str = "",
) -> Response:
    """The file, as an attachment; days are those of the visitor's zone. Who took what is written down."""
    now = site.now()
    first, last = _day(since), _day(until)
    midnight = time(tzinfo=visitor.zone)
    scope = Scope(
        (list,) if list else (), agent, datetime.combine(first, midnight) if first else None,
        datetime.combine(last + timedelta(days=1), midnight) if last else None,
    )
    with site.database.read() as database:
        if list and database.scalar(select(CallList.id).where(CallList.key == list)) is None:
            raise HTTPException(404)
        facts = gather(database, scope, now)
    report = summed(facts, visitor.zone)
    check(facts, report)
    name = "-".join(part for part in ("callsheet", list, agent, table if kind == "csv" else "", f"{now:%Y%m%d}") if part)
    with site.database.write() as database:
        audit.note(database, now, visitor.who.name, "download", list, kind=kind, rows=len(facts.rows))
    with tempfile.TemporaryDirectory(prefix="callsheet-") as folder:
        path = Path(folder, f"report.{kind}")
        write(path, facts, report, table)
        # Unlinked at once, it is gone when the last byte is sent, or the connection breaks.
        made = path.open("rb")

    def chunks() -> Iterator[bytes]:
        with made:
            while some := made.read(CHUNK):
                yield some

    disposition = f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}')}"
    return StreamingResponse(chunks(), media_type=KINDS[kind], headers={"Content-Disposition": disposition})


def _day(text: str) -> date | None:
    """A day from the form; raises HTTPException 422 for what is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422) from None
