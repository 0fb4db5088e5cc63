# SPDX-License-Identifier: GPL-3.0-or-later
"""Files into lists: what is accepted and what is not adds up, on both engines, and nothing is half done."""

from __future__ import annotations

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from callsheet.core.model import Task as Described
from callsheet.core.numbers import canonical
from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import FormatError
from callsheet.formats.tasks import checked_task
from callsheet.manager import lists
from callsheet.manager.assign import By, assign
from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import REASON, plan
from callsheet.manager.importer.intake import CHUNK, STAGES, Wishes, remembered, take_in
from callsheet.manager.importer.rejects import default_path, write_rejects
from callsheet.manager.importer.report import Rejected, Report
from callsheet.manager.importer.source import Row, Source, open_source
from callsheet.manager.storage.database import Database, open_database
from callsheet.manager.storage.tables import Agent, Attempt, Audit, DoNotCall, ImportRun, Sheet, Task
from tests.manager.conftest import ENGINES
from tests.manager.importer.books import xlsx

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
GERMAN = Wishes(list="renewals", country="DE")


def imported(
    database: Database, data: bytes | str, wishes: Wishes = GERMAN, given: Mapping[str, str] | None = None,
) -> tuple[Report, list[Rejected], Source]:
    source = open_source("clients.csv", data.encode() if isinstance(data, str) else data)
    with database.read() as session:
        known = remembered(session)
    report, rejected = take_in(database, source, plan(source, given or {}, known), wishes, NOW)
    return report, rejected, source


def tasks(database: Database) -> dict[str, Task]:
    with database.read() as session:
        return {task.key: task for task in session.scalars(select(Task).order_by(Task.position))}


def described(task: Task) -> Described:
    """As the sheet of an agent will have it."""
    plain = {**task.details, "id": task.key, "number": task.number, "name": task.name, "region": task.region,
             "zone": task.zone, "priority": task.priority, "not_before": task.not_before, "callback": task.callback,
             "held": task.held, "max_attempts": task.max_attempts}
    return checked_task(msgspec.convert(plain, Described))


def test_every_column_reaches_the_task(database: Database) -> None:
    rows = [
        ["id", "电话", "First name", "Last name", "Service info", "Call history", "Windows", "Region", "Time zone",
         "Priority", "Not before", "Call back", "Max tries", "语言", "Ring time", "City", "Vertrag", "VIP", "Since", "备注"],
        ["c-1", "030 5550101", "Jürgen", "Müßig", "Kündigung?\nzweite Zeile", "was out | asked", "2026-12-01 09:00-12:00",
         "DE-BE", "Europe/Vienna", 2.0, datetime(2026, 12, 1, 10, 30), "yes", 3, "de", 40, "Berlin", 4711.0, True,
         date(2019, 5, 1), "=2+5+cmd|' /C calc'!A0"],
        ["c-2", "+86 755 5550 1002", "小明", "王", None, None, None, None, None, None, None, None, None, "zh", None,
         "深圳 📞", 3.5, False, None, "نص عربي ไทย"],
    ]
    report, rejected, _ = imported(database, xlsx(rows))
    assert (report.accepted, rejected) == (2, [])
    first, second = tasks(database).values()
    task = described(first)
    assert (task.number, task.name, task.zone, task.priority) == ("+49305550101", "Jürgen Müßig", "Europe/Vienna", 2)
    assert (task.service, task.region, task.max_attempts) == ("Kündigung?\nzweite Zeile", "DE-BE", 3)
    assert (task.callback, task.ring_timeout) == (True, 40.0)
    assert task.not_before == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    assert [entry.text for entry in task.history] == ["was out", "asked"]
    assert task.windows[0].start == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert task.extra == {"City": "Berlin", "Vertrag": 4711, "VIP": True, "Since": "2019-05-01",
                          "备注": "=2+5+cmd|' /C calc'!A0"}
    assert (first.language, second.language, first.canonical) == ("de", "zh", "+49305550101")
    other = described(second)
    assert (other.name, other.zone) == ("王小明", "Asia/Shanghai")
    assert other.extra == {"City": "深圳 📞", "Vertrag": 3.5, "VIP": False, "备注": "نص عربي ไทย"}
    assert report.zones == {"column": 1, "number": 1}


def test_rows_that_are_refused_say_why(database: Database) -> None:
    with database.write() as session:
        session.add(DoNotCall(canonical="+49305550109", at=NOW))
    report, rejected, _ = imported(database, (
        "number;name;zone;priority;windows\n"
        "030 5550101;good;;;\n112;emergency;;;\n0900 1234567;premium;;;\n030 5550101;again;;;\n030 5550109;dnc;;;\n"
        ";nobody;;;\n030 5550102;x;Europe/Berln;;\n030 5550103;x;;high;12/01/2026\n+1 800 555 0199;x;;;2026-12-01\n"
        "1,3E+11;x;;;\n"))
    assert {one.row: one.text for one in rejected} == {
        3: "an emergency number", 4: "a premium-rate number", 5: "the same number as in row 2",
        6: "the number is on the do-not-call list", 7: "there is no number",
        8: 'unknown time zone "Europe/Berln" (did you mean "Europe/Berlin"?)',
        9: '"high" is not a whole number; "12/01/2026" can be read in two ways (day or month first) (write 2026-11-24)',
        10: 'a local time, but the time zone is not known (add the zone to the task or the sheet, or an offset such as '
            '"+01:00" to the time)',
        11: "a spreadsheet has rounded the number (1.3E+11) (format the column as text and enter the number again)",
    }
    assert (report.rows, report.accepted, report.rejected) == (10, 1, 9)
    assert sum(report.reasons.values()) == 9 and report.zones == {"number": 1}


def test_duplicates_of_this_list_of_others_and_of_recent_calls(database: Database) -> None:
    numbers = [f"030 555010{digit}" for digit in range(6)]
    imported(database, "\n".join(["number", *numbers[:1]]), Wishes(list="old", country="DE"))
    imported(database, "\n".join(["number", *numbers[1:2]]), Wishes(list="closed", country="DE"))
    imported(database, "\n".join(["number", *numbers[2:3]]), Wishes(list="done", country="DE"))
    imported(database, "\n".join(["number", *numbers[3:4]]))
    with database.write() as session:
        lists.get(session, "closed").state = "closed"
        for task in session.scalars(select(Task).where(Task.canonical.in_(["+49305550102", "+49305550103"]))):
            task.final = True
        for digit, days in (("4", 6), ("5", 8)):
            session.add(Attempt(id=digit, agent_id="1", phone="p", canonical=f"+4930555010{digit}", counted=True,
                                dialled=NOW - timedelta(days=days), ended=NOW, outcome="busy", issued=NOW, body={}))
    _, rejected, _ = imported(database, "\n".join(["number", *numbers]), Wishes(list="renewals", country="DE", recent_days=7))
    assert {one.row: one.reason for one in rejected} == {
        2: 'the number is in list "old" already', 5: 'the number is in list "renewals" already',
        6: "the number was called within 7 days"}


def test_ids_are_unique_in_a_list(database: Database) -> None:
    imported(database, "id;number\nc-1;030 5550101\n")
    _, rejected, _ = imported(database, "id;number\nc-1;030 5550102\nc-2;030 5550103\nc-2;030 5550104\n;030 5550105\n")
    assert [one.reason for one in rejected] == ["the list has a task of that id already", "the same id as in row 3"]
    assert len(tasks(database)) == 3 and [task.position for task in tasks(database).values()] == [0, 1, 2]


def test_a_second_number_is_dialled_where_the_first_cannot_be(database: Database) -> None:
    imported(database, "Phone;Mobile;Name\n;0171 1234567;a\n112;0171 1234568;b\n030 5550101;0171 1234569;c\n")
    found = [(task.number, task.details.get("extra", {})) for task in tasks(database).values()]
    assert found == [("+491711234567", {}), ("+491711234568", {"Phone": "112"}), ("+49305550101", {"Mobile": "0171 1234569"})]


def test_left_out_rows_can_be_corrected_and_imported_again(database: Database, tmp_path: Path) -> None:
    rows = [["Heading"], [], ["Tel", "Wann", "Stadt", "Nr"], [305550101.0, date(2026, 12, 1), "Berlin", 1.0],
            ["+49 30 55501020000000", date(2026, 12, 2), "=Köln", "007"], ["112", "x", "@Bonn", None]]
    _, rejected, source = imported(database, xlsx(rows), given={"Wann": "windows"})
    first = plan(source, {"Wann": "windows"})
    path = tmp_path / "left.xlsx"
    write_rejects(path, source, first, rejected)
    again = open_source("left.xlsx", path.read_bytes())
    assert [row.cells for row in again.rows()] == [
        ["Tel", "Wann", "Stadt", "Nr", REASON],
        ["+49 30 55501020000000", date(2026, 12, 2), "=Köln", "007", "the number is too long"],
        ["112", "x", "@Bonn", "", 'an emergency number; "x" is not a date (write 2026-11-24)'],
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    corrected = [[cell if cell != "+49 30 55501020000000" else "030 5550102" for cell in row.cells] for row in again.rows()]
    report, rejected, source = imported(database, xlsx(corrected))
    assert (report.accepted, len(rejected)) == (1, 1)
    last = list(tasks(database).values())[-1]
    assert last.details["extra"] == {"Stadt": "=Köln", "Nr": "007"} and last.details["windows"]
    # As CSV, a formula is made harmless on the way out and comes back as it was.
    csv = tmp_path / "left.csv"
    write_rejects(csv, source, plan(source), rejected)
    assert b"'@Bonn" in csv.read_bytes()
    assert REASON.encode() in csv.read_bytes() and csv.read_bytes().count(REASON.encode()) == 1
    assert open_source("left.csv", csv.read_bytes()).head()[1].cells[2] == "'@Bonn"
    assert default_path(Path("a/clients.rejected.xlsx"), source) == Path("a/clients.rejected.xlsx")
    assert default_path(Path("a/clients.ods"), source) == Path("a/clients.rejected.xlsx")


@pytest.mark.parametrize("by", [(), ("region", "priority"), ("language", "capacity"), ("priority", "load")])
def test_what_is_dealt_before_it_is_stored_is_dealt_as_if_it_had_been(new_database, by: tuple[By, ...]) -> None:
    """Beside the same file imported first and dealt afterwards, with tasks of an earlier import that nobody has yet."""
    rng = random.Random(7)
    rows = [f"{n};030 {5550000 + n};{rng.choice(['', 'North', 'South', 'East'])};{rng.choice(['', 'de', 'zh'])};{rng.randrange(3)}"
            for n in range(2 * CHUNK + 60)]
    rows[5:5] = rows[3:4]
    title = "id;number;region;language;priority"
    first, second = "\n".join([title, *rows[:40]]), "\n".join([title, *rows[30:]])
    for engine in ENGINES:
        became = []
        for at_once in (True, False):
            database = open_database(new_database(engine))
            with database.write() as session:
                for id, regions, languages, capacity in (
                        ("101", ["north"], [], 700), ("102", ["South", "North"], ["de"], 900), ("103", [], ["zh"], None)):
                    session.add(Agent(id=id, regions=regions, languages=languages, capacity=capacity, created=NOW))
            imported(database, first, GERMAN)
            agents = ("103", "101", "102")
            report, rejected, _ = imported(database, second, msgspec.structs.replace(
                GERMAN, agents=agents if at_once else (), by=by))
            dealt = dict(report.assigned), dict(report.unassigned)
            if not at_once:
                with database.write() as session:
                    done = assign(session, lists.get(session, "renewals"), agents, by, NOW)
                dealt = dict(done.agents), dict(done.unassigned)
            with database.read() as session:
                sheets = sorted((s.agent_id, s.revision) for s in session.scalars(select(Sheet)))
            became.append((dealt, sheets, rejected, [(t.key, t.agent_id, t.position) for t in tasks(database).values()]))
            database.close()
        assert became[0] == became[1] and len(became[0][2]) >= 10 and became[0][0][0]


def test_progress_is_told_stage_by_stage_up_to_the_last_row(database: Database) -> None:
    source = open_source("c.csv", ("number\n" + "".join(f"030 {5550000 + n}\n" for n in range(2 * CHUNK)) + "x\n").encode())
    told: list[tuple[str, int, int]] = []
    take_in(database, source, plan(source), GERMAN, NOW, lambda *step: told.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == list(STAGES)
    for stage, last in zip(STAGES, (2 * CHUNK + 1, 2 * CHUNK + 1, 2 * CHUNK), strict=True):
        steps = [step for step in told if step[0] == stage]
        assert steps == sorted(steps, key=lambda step: step[1]) and steps[-1] == (stage, last, last)
        assert all(done <= total for _, done, total in steps)


def test_agents_get_sheets_and_the_mapping_is_remembered(database: Database) -> None:
    with database.write() as session:
        session.add_all([Agent(id=id, created=NOW) for id in ("101", "102")])
    wishes = Wishes(list="renewals", country="DE", agents=("102", "101"))
    report, _, source = imported(database, "Nummer;Firma\n030 5550101;a\n030 5550102;b\n030 5550103;c\n", wishes,
                                 {"Nummer": "number", "Firma": "name"})
    assert report.assigned == {"102": 2, "101": 1}
    with database.read() as session:
        assert [(s.agent_id, s.revision) for s in session.scalars(select(Sheet).order_by(Sheet.agent_id))] == [
            ("101", 1), ("102", 1)]
        run = session.scalars(select(ImportRun)).one()
        assert (run.rows, run.accepted, run.rejected, run.sha256) == (3, 3, 0, source.sha256)
        assert session.scalars(select(Audit.action)).all() == ["import"]
    imported(database, "Nummer;Firma\n030 5550104;d\n", wishes)
    assert list(tasks(database).values())[-1].name == "d"


def test_a_dry_run_changes_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(Agent(id="101", created=NOW))
    wishes = Wishes(list="renewals", country="DE", agents=("101",), dry_run=True)
    report, rejected, _ = imported(database, "number\n030 5550101\n112\n", wishes)
    assert (report.accepted, len(rejected), report.assigned, report.dry_run) == (1, 1, {"101": 1}, True)
    with database.read() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Task, ImportRun, Sheet, Audit)]
    assert counts == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("data", "wishes", "error"),
    [
        ("number;name\n030 5550101;a\n030 5550102;\"b\n", GERMAN, FormatError),
        ("number\n030 5550101\n", Wishes(list="renewals", country="DE", agents=("404",)), Refused),
        ("number\n030 5550101\n030 5550102\n", Wishes(list="renewals", country="DE", max_rows=1), Refused),
        ("number\n030 5550101\n", Wishes(list="shut", country="DE"), Refused),
    ],
)
def test_what_fails_leaves_nothing(database: Database, data: str, wishes: Wishes, error: type[Exception]) -> None:
    with database.write() as session:
        lists.create(session, "shut", "", {}, NOW).state = "closed"
    with pytest.raises(error):
        imported(database, data, wishes)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Task)) == 0 and lists.find(session, "renewals") is None


def test_more_rows_than_a_chunk(database: Database) -> None:
    lines = [f"030 {5550000 + n % (2 * CHUNK)}" for n in range(2 * CHUNK + 50)]
    random.Random(4).shuffle(lines)
    report, rejected, _ = imported(database, "\n".join(["number", *lines]))
    assert (report.rows, report.accepted, len(rejected)) == (2 * CHUNK + 50, 2 * CHUNK, 50)
    found = [task.position for task in tasks(database).values()]
    assert found == list(range(2 * CHUNK))
    assert [one.row for one in rejected] == sorted(one.row for one in rejected)


def test_numbers_are_looked_for_by_their_index_however_long_the_list(database: Database) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _k, text, values, *_: asked.append((text, values)))
    imported(database, "\n".join(["number", *(f"030 {5550000 + n}" for n in range(CHUNK + 50))]))
    text, values = next(one for one in asked if "FROM task JOIN" in one[0])
    if database.is_sqlite:
        with database.look() as connection:
            plan = " ".join(str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values))
        assert "ix_task_canonical" in plan and "ix_task_list_id" not in plan, plan
    else:  # the tests' server counts nothing of itself
        with database.look() as connection:
            assert connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'task'").scalar() > 0


def test_two_imports_at_once_take_no_number_twice(database: Database) -> None:
    data = "\n".join(["number", *(f"030 {5550000 + n}" for n in range(300))])
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda n: imported(database, data, Wishes(list=f"list-{n}", country="DE"))[0], range(4)))
    assert sorted(report.accepted for report in reports) == [0, 0, 0, 300]


CELLS = st.one_of(
    st.text(max_size=20), st.sampled_from(["030 5550101", "112", "+49 30 5550102", "1.3e11", "x", "", "=1+1", "yes"]),
    st.floats(), st.dates(), st.datetimes(), st.booleans(), st.times(), st.integers(),
)
TITLES = st.lists(st.sampled_from(["number", "name", "windows", "zone", "priority", "Phone", "history", "City", "id",
                                   "not before", "姓名", "attempts", "window date", "window start", ""]), min_size=1, max_size=6)


class _Rows(Source):
    """Whatever a spreadsheet could have."""

    def __init__(self, rows: list[list[object]]) -> None:
        super().__init__("f", b"", "spreadsheet")
        self._rows = rows

    def rows(self):
        for number, cells in enumerate(self._rows, 1):
            if any(cell != "" for cell in cells):
                yield Row(number, list(cells))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TITLES, st.lists(st.lists(CELLS, max_size=7), max_size=8), st.sampled_from(["DE", "", "CN"]))
def test_whatever_is_in_the_cells_every_row_is_accepted_or_rejected(sqlite_template, titles, rows, country) -> None:
    source = _Rows([["number", *titles], *rows])
    database = open_database(f"sqlite:///{sqlite_template}")
    try:
        found = plan(source, titles_row=1)
        report, rejected = take_in(database, source, found, Wishes(list="l", country=country, dry_run=True,
                                                                   numbers=NumberSettings(allow_short=True)), NOW)
    finally:
        database.close()
    assert report.rows == sum(any(cell != "" for cell in row) for row in rows)
    assert report.accepted + len(rejected) == report.rows
    assert all(one.reason and "\n" not in one.text for one in rejected)


@given(st.binary(max_size=200))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_taken_in_or_refused(sqlite_template, data) -> None:
    database = open_database(f"sqlite:///{sqlite_template}")
    rows = accepted = left = 0
    said = "taken in"
    try:
        source = open_source("f", b"number;name\n" + data)
        report, rejected = take_in(database, source, plan(source), Wishes(list="l", country="DE", dry_run=True), NOW)
        rows, accepted, left = report.rows, report.accepted, len(rejected)
    except (Refused, FormatError) as error:
        said = str(error)
    finally:
        database.close()
    assert said and accepted + left == rows


def test_numbers_are_kept_in_the_form_that_caps_are_counted_by(database: Database) -> None:
    imported(database, "number\n(030) 555-0101\nsip:anna@Pbx.Example.com\n")
    for task in tasks(database).values():
        assert task.canonical == canonical(task.number)
