# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports: every row with its outcome, sums that add up, files that hold no formula."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from callsheet.core.model import Attempt
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.names import upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.status import Status, write_status
from callsheet.manager import report
from callsheet.manager.errors import Refused
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import intake, issue, sheets
from tests.manager.served import fill

AT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def call(database: Database, number: int, agent: str, task: int, at: datetime, **fields: object) -> None:
    """A call as a phone reports it."""
    with database.write() as db:
        what = sheets.current(db.connection(), agent, at)
        from callsheet.formats.sheet import read_sheet

        sheet = read_sheet(issue.body(db, what, issue.Links())).sheet
        made = Attempt(**{
            "id": f"p{agent}-000001-{number}", "task": f"spring-{task}", "number": f"+4420794600{task:02}", "dialled": at,
            "ended": at + timedelta(seconds=30), "end": CallEnd(200), "outcome": Outcome.ANSWERED, "answered": at,
            "talk_seconds": 20.5, "action": "done", "disposition": "agreed", "agent": agent, "phone": f"p{agent}", **fields})
        body = write_results(result_document(sheet, next(t for t in sheet.tasks if t.id == made.task), made, f"p{agent}", made.ended))
        name = upload_name("result", agent, "spring", 1, f"p{agent}", number)
        assert intake.receive(db, name, body, agent, made.ended) == intake.Received("taken")


def work(database: Database, agent: str, *changes: tuple[datetime, str, str]) -> None:
    with database.write() as db:
        for count, (at, status, reason) in enumerate(changes):
            body = write_status(Status("callsheet-status", 1, at, f"p{agent}", agent, status, at, reason))  # type: ignore[arg-type]
            intake.receive(db, upload_name("status", agent, "spring", 1, f"p{agent}", count), body, agent, at)


@pytest.fixture
def day(database: Database) -> Database:
    """Two agents; a call before and one after midnight in Berlin, a call-back, one nobody called."""
    fill(database, tasks=4)
    with database.write() as db:
        row = db.scalars(select(tables.Task).where(tables.Task.key == "spring-0")).one()
        row.name, row.details = '=HYPERLINK("http://x")', {"extra": {"+cmd": "@SUM(1)"}}
    call(database, 1, "101", 0, AT, outcome=Outcome.BUSY, action="retry", until=AT + HOUR, talk_seconds=0.0, answered=None,
         disposition="")
    call(database, 2, "101", 0, AT + HOUR)
    call(database, 1, "102", 1, AT + HOUR, action="retry", callback=True, until=AT + 20 * HOUR, disposition="call-back")
    work(database, "101", (AT, "ready", ""), (AT + HOUR, "paused", "pause.lunch"), (AT + 1.5 * HOUR, "ready", ""),
         (AT + 2 * HOUR, "off", ""))
    return database


def gathered(database: Database, **scope: object) -> tuple[report.Facts, report.Report]:
    from zoneinfo import ZoneInfo

    with database.read() as db:
        facts = report.gather(db, report.Scope(**scope), AT + 3 * HOUR)  # type: ignore[arg-type]
    found = report.summed(facts, ZoneInfo("Europe/Berlin"))
    report.check(facts, found)
    return facts, found


def test_figures(day: Database) -> None:
    _, found = gathered(day)
    (one,) = found.lists
    assert (one.tasks, one.final, one.callbacks) == (4, 1, 1)
    assert one.outcomes == {"answered": 2, "open": 2}
    assert (found.total.attempts, found.total.connects, found.total.talk_seconds) == (3, 2, 41.0)
    assert found.total.dispositions == {"agreed": 1, "call-back": 1}
    assert {agent.agent: agent.calls.attempts for agent in found.agents} == {"101": 2, "102": 1}
    assert {day: calls.attempts for day, calls in found.days} == {"2026-11-24": 1, "2026-11-25": 2}, "days are local"
    first = found.agents[0]
    assert (first.ready_seconds, first.pauses) == (5400.0, {"pause.lunch": 1800.0})
    assert first.calls_per_hour == pytest.approx(1.3)
    assert [(due.task, due.at) for due in found.callbacks] == [("spring-1", AT + 20 * HOUR)]


def test_only_an_agent_or_a_time(day: Database) -> None:
    assert gathered(day, agent="102")[1].total.attempts == 1
    assert gathered(day, since=AT + HOUR)[1].total.attempts == 2
    assert gathered(day, until=AT)[1].total.attempts == 0


def test_a_report_that_does_not_add_up_is_not_given_out(day: Database) -> None:
    facts, found = gathered(day)
    for broken in (
        replace(found, total=replace(found.total, attempts=4)),
        replace(found, agents=found.agents[:1]),
        replace(found, days=found.days[1:]),
        replace(found, lists=(replace(found.lists[0], outcomes={"answered": 2}),)),
        replace(found, total=replace(found.total, dispositions={"agreed": 2})),
    ):
        with pytest.raises(report.Mismatch, match="add up"):
            report.check(facts, broken)
    with pytest.raises(report.Mismatch):
        report.check(replace(facts, rows=(*facts.rows, facts.rows[0])), found)
    with pytest.raises(report.Mismatch, match="no outcome"):
        report.check(replace(facts, rows=tuple(replace(row, outcome="open", final=True) for row in facts.rows)), found)


def test_a_workbook_with_all_of_it_and_no_formula(day: Database, tmp_path: Path) -> None:
    facts, found = gathered(day)
    report.write(tmp_path / "r.xlsx", facts, found)
    book = CalamineWorkbook.from_path(tmp_path / "r.xlsx")
    titles, *rows = book.get_sheet_by_name("rows").to_python()
    table = [dict(zip(titles, row, strict=True)) for row in rows]
    assert [row["id"] for row in table] == ["spring-0", "spring-1", "spring-2", "spring-3"]
    assert table[0]["name"] == '=HYPERLINK("http://x")'
    assert table[0]["+cmd"] == "@SUM(1)"
    assert (table[0]["outcome"], table[0]["calls"], table[0]["done"]) == ("answered", 2, True)
    assert table[0]["history"].count("\n") == 1
    assert [row[0] for row in book.get_sheet_by_name("callbacks").to_python()[1:]] == ["spring"]
    assert (tmp_path / "r.xlsx").stat().st_mode & 0o077 == 0, "only its owner reads it"
    import zipfile

    with zipfile.ZipFile(tmp_path / "r.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets" in name)


def test_csv_and_json(day: Database, tmp_path: Path) -> None:
    facts, found = gathered(day)
    report.write(tmp_path / "rows.csv", facts, found)
    text = (tmp_path / "rows.csv").read_text("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert "\n=" not in text
    assert ",=" not in text
    report.write(tmp_path / "r.json", facts, found)
    told = json.loads((tmp_path / "r.json").read_bytes())
    assert told["report"]["total"]["attempts"] == 3
    assert len(told["rows"]) == 4
    with pytest.raises(Refused):
        report.write(tmp_path / "r.pdf", facts, found)
