# SPDX-License-Identifier: GPL-3.0-or-later
"""Single cases of sheets, results, leases and moves; `test_one_place_model.py` has the many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from callsheet.core.model import Attempt, PastAttempt, Progress, Sheet
from callsheet.core.model import Task as Described
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.formats.lease import LeaseAnswer, LeaseRequest
from callsheet.formats.names import upload_name
from callsheet.formats.results import complete_document, result_document, write_results
from callsheet.formats.sheet import read_sheet, write_sheet
from callsheet.formats.status import Progressed, Status
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import attempts, campaign, choice, donotcall, intake, issue, leases, moves, sheets
from callsheet.manager.work.terms import Terms
from tests.manager.served import fill

TERMS = Terms(seconds=600, renew=60, margin=60)
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def office(database: Database) -> Database:
    fill(database, tasks=6)
    return database


def sheet(office: Database, agent: str = "101") -> Sheet:
    with office.read() as db:
        return read_sheet(issue.body(db, sheets.current(db.connection(), agent, NOW), issue.Links()), name="s.json").sheet


def ids(office: Database, agent: str = "101") -> list[str]:
    return [task.id for task in sheet(office, agent).tasks if not task.withdrawn]


def task(office: Database, key: str) -> tables.Task:
    with office.read() as db:
        return db.scalars(select(tables.Task).where(tables.Task.key == key)).one()


def attempt(key: str, number: int = 1, **fields: object) -> Attempt:
    made = Attempt(f"p1-000001-{number}", key, f"+4420794600{int(key[-1]):02}", NOW, NOW, CallEnd(200), Outcome.ANSWERED,
                   answered=NOW, action="done", disposition="agreed", agent="101", phone="p1")
    return replace(made, **fields)


def put(office: Database, made: Attempt, at: datetime = NOW, agent: str = "101", suffix: str = "") -> intake.Received:
    served = replace(sheet(office, agent), id="spring", agent=agent)
    document = result_document(served, Described(made.task, made.number), made, made.phone, at)
    name = upload_name("result", agent, "spring", 1, made.phone, int(made.id.rpartition("-")[2]))
    with office.write() as db:
        return intake.receive(db, name.replace(".json", f"{suffix}.json"), write_results(document), agent, NOW)


def ask(office: Database, action: str, phone: str = "p1", agent: str = "101", at: datetime = NOW, **fields: object) -> LeaseAnswer:
    asked = {"sheet": "spring", "revision": sheet(office, agent).revision, **fields}
    with office.write() as db:
        return leases.answer(
            db, LeaseRequest("callsheet-lease", 1, action, agent, phone, 1, **asked), TERMS, at)  # type: ignore[arg-type]


def move(office: Database, agent: str, *keys: str, at: datetime = NOW) -> moves.Moved:
    with office.write() as db:
        rows = db.scalars(select(tables.Task).where(tables.Task.key.in_(keys))).all()
        return moves.move(db, {row.id: agent for row in rows}, TERMS, at)


def status(key: str, activity: str = "talking") -> Status:
    return Status("callsheet-status", 1, NOW, "p1", "101", "ready", activity=activity, activity_since=NOW, task=key,  # type: ignore[arg-type]
                  sheet="spring", revision=1)


# Results --------------------------------------------------------------------


def test_a_retry_waits_and_keeps_its_attempts_for_the_next_phone(office: Database) -> None:
    put(office, attempt("spring-0", outcome=Outcome.BUSY, action="retry", until=NOW + HOUR, answered=None, disposition=""))
    row = task(office, "spring-0")
    assert (row.final, row.outcome, row.attempts, row.not_before) == (False, "busy", 1, NOW + HOUR)
    assert sheet(office).revision == 1, "a phone need not fetch what it did itself"
    move(office, "102", "spring-0")
    (given,) = (one for one in sheet(office, "102").tasks if one.id == "spring-0")
    assert (given.attempts, given.not_before) == (1, NOW + HOUR)
    assert given.past == (PastAttempt(NOW, Outcome.BUSY),)
    assert sheet(office, "102").recent == {"+442079460000": (NOW,)}


def test_files_in_any_order_and_twice(office: Database) -> None:
    later = attempt("spring-0", 2, dialled=NOW + HOUR, ended=NOW + HOUR)
    earlier = attempt("spring-0", 1, outcome=Outcome.BUSY, action="retry", until=NOW + HOUR, disposition="")
    assert put(office, later, NOW + HOUR).verdict == "taken"
    assert put(office, earlier, NOW).verdict == "taken"
    assert put(office, earlier, NOW).verdict == "known"
    row = task(office, "spring-0")
    assert (row.final, row.outcome, row.disposition, row.attempts) == (True, "answered", "agreed", 2)


def test_a_correction_wins_and_an_older_word_does_not(office: Database) -> None:
    put(office, attempt("spring-0"), NOW)
    put(office, attempt("spring-0", disposition="refused"), NOW + HOUR, suffix=".2")
    put(office, attempt("spring-0", disposition="later"), NOW + timedelta(minutes=5), suffix=".3")
    assert task(office, "spring-0").disposition == "refused"
    with office.read() as db:
        assert db.scalars(select(tables.Attempt)).one().body["disposition"] == "refused"


def test_a_final_task_can_be_opened_by_a_correction(office: Database) -> None:
    put(office, attempt("spring-0"), NOW)
    put(office, attempt("spring-0", action="retry", until=NOW + HOUR, callback=True), NOW + HOUR, suffix=".2")
    row = task(office, "spring-0")
    assert (row.final, row.callback, row.not_before) == (False, True, NOW + HOUR)


@pytest.mark.parametrize(("fields", "source"), [
    ({"action": "dnc", "disposition": "do-not-call"}, "callee"),
    ({"outcome": Outcome.UNWANTED, "action": "dnc"}, "callee"),
    ({"outcome": Outcome.UNWANTED, "action": "drop"}, "network"),
])
def test_a_number_that_must_not_be_called_leaves_all_sheets(office: Database, fields: dict[str, object], source: str) -> None:
    with office.write() as db:
        db.execute(tables.Task.__table__.update().where(tables.Task.key == "spring-1").values(canonical="+442079460000"))
    put(office, attempt("spring-0", **fields))
    with office.read() as db:
        assert db.scalars(select(tables.DoNotCall)).one().source == source
    assert (task(office, "spring-1").final, task(office, "spring-1").outcome) == (True, donotcall.OUTCOME)
    other = sheet(office, "102")
    assert other.revision == 2
    assert "spring-1" not in [one.id for one in other.tasks]
    assert other.do_not_call == ("+442079460001",), "as that sheet dials it"
    put(office, attempt("spring-0", action="done"), NOW + HOUR, suffix=".2")
    assert not task(office, "spring-1").final, "the agent took it back"


def test_another_lists_call_to_the_same_number_counts_towards_its_cap(office: Database) -> None:
    fill(office, tasks=2, key="autumn")
    before = sheet(office, "102").revision
    with office.write() as db:
        db.execute(tables.Task.__table__.update().where(tables.Task.key == "spring-1").values(
            canonical="+442079460000", number="+442079460000"))
    put(office, attempt("spring-0", outcome=Outcome.NO_ANSWER, action="retry", until=NOW, ringing=NOW))
    assert sheet(office, "102").revision == before + 1
    assert sheet(office, "102").recent == {"+442079460000": (NOW,)}


def test_a_finished_sheets_file_closes_what_was_not_called(office: Database) -> None:
    class State:
        task, outcome, final, disposition, note = Described("spring-2", "+442079460002"), "window-missed", True, "", ""

    body = write_results(complete_document(sheet(office), [State()], [], "p1", NOW))
    with office.write() as db:
        intake.receive(db, upload_name("complete", "101", "spring", 1, "p1", 9), body, "101", NOW)
    assert (task(office, "spring-2").final, task(office, "spring-2").outcome) == (True, "window-missed")


def test_what_an_agent_left_unfinished(office: Database) -> None:
    served = sheet(office)
    past = (PastAttempt(NOW, Outcome.BUSY),)
    left = replace(served, tasks=(
        replace(served.tasks[0], attempts=1, past=past, not_before=NOW + HOUR), replace(served.tasks[1], held="refused")))
    with office.write() as db:
        intake.receive(db, upload_name("remaining", "101", "spring", 1, "p1", 3), write_sheet(left), "101", NOW)
    row = task(office, "spring-0")
    assert (row.attempts, row.not_before, row.outcome) == (1, NOW + HOUR, "busy")
    assert task(office, "spring-2").held == "refused"
    put(office, attempt("spring-0", outcome=Outcome.BUSY, action="retry", until=NOW + HOUR, disposition=""))
    with office.read() as db:
        made = db.scalars(select(tables.Attempt)).all()
    assert [one.id for one in made] == ["p1-000001-1"], "the file about the call takes the summary's place"
    assert task(office, "spring-0").attempts == 1


def test_files_that_came_before_their_list_are_used_later(database: Database) -> None:
    made = attempt("spring-0")
    document = result_document(Sheet("spring", "101", 1, ()), Described(made.task, made.number), made, "p1", NOW)
    with database.write() as db:
        received = intake.receive(db, upload_name("result", "101", "spring", 1, "p1", 1), write_results(document), "101", NOW)
    assert received.error
    fill(database)
    with database.write() as db:
        assert intake.again(db, NOW) == 1
    assert task(database, "spring-0").final


# Leases and moves -----------------------------------------------------------


def test_the_next_phone_is_told_what_the_last_one_did(office: Database) -> None:
    ask(office, "claim")
    done = Progress("spring", 1, "101", final=("spring-0",), tasks=(
        Described("spring-2", "+442079460002", attempts=1, past=(PastAttempt(NOW, Outcome.NO_ANSWER),), not_before=NOW + HOUR),))
    ask(office, "release", progress=done)
    told = ask(office, "claim", "p2").progress
    assert told is not None
    assert told.final == ("spring-0",)
    assert [(one.id, one.attempts, one.not_before) for one in told.tasks] == [("spring-2", 1, NOW + HOUR)]
    assert told.recent == {"+442079460002": (NOW,)}


def test_tasks_move_at_once_if_nobody_holds_the_sheet(office: Database) -> None:
    assert move(office, "102", "spring-0", "spring-2") == moves.Moved(at_once=2)
    assert ids(office) == ["spring-4"]
    assert {"spring-0", "spring-2"} <= set(ids(office, "102"))


def test_tasks_move_when_the_phone_has_adopted_a_sheet_without_them(office: Database) -> None:
    ask(office, "claim")
    assert move(office, "102", "spring-0").waiting == 1
    assert "spring-0" not in ids(office, "102")
    assert sheet(office).tasks[0].withdrawn
    assert ask(office, "renew", revision=1).revision == 2
    assert "spring-0" not in ids(office, "102")
    ask(office, "renew", revision=2)
    assert "spring-0" in ids(office, "102")


def test_a_task_in_a_call_stays_until_the_call_is_over(office: Database) -> None:
    ask(office, "claim")
    move(office, "102", "spring-0")
    ask(office, "renew", revision=2, status=status("spring-0"))
    assert "spring-0" not in ids(office, "102")
    put(office, attempt("spring-0"))
    ask(office, "renew", revision=2, status=status("", "idle"))
    assert "spring-0" not in ids(office, "102"), "it is done with"
    assert task(office, "spring-0").moving_to is None


def test_a_phone_that_is_heard_of_no_more(office: Database) -> None:
    ask(office, "claim", status=status("spring-0"))
    move(office, "102", "spring-0", "spring-2")
    for minutes, there in ((10.5, False), (11.5, True)):
        with office.write() as db:
            moves.settle_all(db, TERMS, NOW + timedelta(minutes=minutes))
        assert ("spring-2" in ids(office, "102")) is there
    assert task(office, "spring-0").held == "unknown", "a call may have gone out"
    assert task(office, "spring-2").held == ""
    back = ask(office, "renew", revision=1, at=NOW + timedelta(minutes=12))
    assert back.granted
    assert back.until is not None
    assert back.until < NOW, "not before it has fetched"
    assert ask(office, "renew", at=NOW + timedelta(minutes=13)).until == NOW + timedelta(minutes=23)


def test_the_manager_takes_a_sheet_from_a_phone_that_is_off(office: Database) -> None:
    ask(office, "claim", status=status("spring-0", "dialling"))
    move(office, "102", "spring-2")
    with office.write() as db:
        row = db.scalars(select(tables.Sheet).where(tables.Sheet.agent_id == "101")).one()
        assert leases.free(db, row, TERMS, NOW)
    assert "spring-2" in ids(office, "102")
    assert task(office, "spring-0").held == "unknown"
    with office.write() as db:
        assert campaign.let_go(db, choice.chosen(db, choice.Choice(held=True)), NOW) == 1
    assert task(office, "spring-0").held == ""


def test_a_late_result_takes_the_task_out_of_the_other_sheet(office: Database) -> None:
    ask(office, "claim")
    with office.write() as db:
        leases.free(db, db.scalars(select(tables.Sheet).where(tables.Sheet.agent_id == "101")).one(), TERMS, NOW)
    move(office, "102", "spring-0")
    ask(office, "claim", "p9", "102")
    before = sheet(office, "102").revision
    put(office, attempt("spring-0"))
    assert sheet(office, "102").revision == before + 1
    assert "spring-0" not in ids(office, "102")


def test_a_wish_to_move_can_be_changed_and_taken_back(office: Database) -> None:
    ask(office, "claim")
    move(office, "102", "spring-0")
    move(office, moves.POOL, "spring-0")
    assert task(office, "spring-0").moving_to == moves.POOL
    assert move(office, "101", "spring-0").kept == 1
    assert "spring-0" in ids(office)
    ask(office, "renew")
    assert task(office, "spring-0").agent_id == "101"


def test_a_list_is_stopped_at_once_and_goes_on(office: Database) -> None:
    fill(office, tasks=2, key="autumn")
    ask(office, "claim")
    with office.write() as db:
        campaign.stop(db, db.scalars(select(tables.CallList).where(tables.CallList.key == "spring")).one(), "wrong price", NOW)
    assert ask(office, "renew", revision=1).stop == "wrong price"
    assert (sheet(office).id, sheet(office).tasks) == ("spring", ()), "its phone must learn that nothing is left"
    done = replace(status("", "idle"), counts=Progressed(total=3, done=3))
    assert ask(office, "renew", revision=2, status=done).revision == 3, "the phone is to fetch again"
    assert sheet(office).id == "autumn", "another list goes on meanwhile"
    with office.write() as db:
        campaign.go_on(db, db.scalars(select(tables.CallList).where(tables.CallList.key == "spring")).one(), NOW)
    assert ask(office, "renew", revision=2).stop == ""
    assert ids(office) == ["spring-0", "spring-2", "spring-4"]


def test_a_phone_whose_work_was_all_moved_learns_that_before_it_gets_other_work(office: Database) -> None:
    ask(office, "claim")
    fill(office, tasks=2, key="autumn")
    assert move(office, "102", "spring-0", "spring-2", "spring-4").waiting == 3
    assert sheet(office).id == "spring"
    assert ids(office) == []
    ask(office, "renew", revision=2)
    assert "spring-4" in ids(office, "102")
    assert sheet(office).id == "autumn"


def test_the_list_of_the_highest_priority_goes_first_but_not_before_the_one_in_hand_is_done(office: Database) -> None:
    ask(office, "claim")
    fill(office, tasks=2, key="urgent")
    with office.write() as db:
        db.scalars(select(tables.CallList).where(tables.CallList.key == "urgent")).one().priority = 5
    assert sheet(office).id == "spring"
    assert sheet(office, "102").id == "urgent"
    ask(office, "release")
    assert sheet(office).id == "urgent"


def test_an_urgent_call_is_refused_for_what_must_not_be_dialled(office: Database) -> None:
    with office.write() as db:
        row = db.scalars(select(tables.CallList)).one()
        campaign.insert(db, row, Described("u1", "+49 30 5550101", priority=9), "101", NumberSettings(), NOW)
        for number in ("112", "+491234", "+49900123456"):
            with pytest.raises(Invalid):
                campaign.insert(db, row, Described("u2", number), "101", NumberSettings(short_code_digits=6), NOW)
        with pytest.raises(Invalid):
            campaign.insert(db, row, Described("u1", "+49305550102"), "101", NumberSettings(), NOW)
    assert sheet(office).revision == 2
    assert "u1" in ids(office)


def test_every_sheet_is_one_a_phone_can_read(office: Database) -> None:
    with office.write() as db:
        row = db.scalars(select(tables.CallList)).one()
        row.header = {"order": [{"by": "contract"}, {"by": "gone"}], "rules": {"caps": [{"limit": 3, "period": 86400.0}]}}
        one = db.scalars(select(tables.Task).where(tables.Task.key == "spring-0")).one()
        one.number, one.canonical = "sip:anna@example.com", "anna@example.com"
        db.flush()
        attempts.store(db, one, replace(attempt("spring-0", action="retry"), number="sip:anna@example.com"), NOW, "101", "p1")
    found = sheet(office)
    assert [key.by for key in found.order] == ["contract"]
    assert found.recent == {"sip:anna@example.com": (NOW,)}
