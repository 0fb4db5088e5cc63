# SPDX-License-Identifier: GPL-3.0-or-later
"""Results: built from attempts and states, written, read, and held against the published schema."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from callsheet.core.model import Attempt, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome, Reason
from callsheet.formats.errors import FormatError
from callsheet.formats.results import (
    Problem,
    complete_document,
    read_results,
    result_document,
    totals,
    write_results,
)
from callsheet.formats.schema import schemas

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TASKS = (
    Task("a", "+4930123", name="Анна", extra={"city": "Köln", "n": 3}, region="DE", priority=2),
    Task("b", "+4930124", name="王小明"),
    Task("c", "+4930125"),
)
SHEET = Sheet("s-1", "101", 3, TASKS)
VALIDATOR = Draft202012Validator(schemas()["results-v1.json"])


def attempt(number, task, outcome=Outcome.BUSY, **fields):
    end = CallEnd(486, "Busy Here", (Reason("Q.850", 17, "user busy"),))
    values = {"end": end, "number": "+4930123", "dialled": AT, "ended": AT + timedelta(seconds=9), **fields}
    return Attempt(id=f"phone-{number}", task=task, outcome=outcome, **values)


def state(task, **fields):
    return SimpleNamespace(**{"task": task, "outcome": "", "final": False, "disposition": "", "note": "", **fields})


def complete():
    attempts = (
        attempt(1, "a"), attempt(2, "b", action="drop"),
        attempt(3, "a", Outcome.ANSWERED, answered=AT, talk_seconds=12.25, disposition="sold", note="great\nday", action="done"),
    )
    states = (
        state(TASKS[0], outcome="answered", final=True, disposition="sold", note="great\nday"),
        state(TASKS[1], outcome=Outcome.BUSY, final=True), state(TASKS[2]),
    )
    return complete_document(SHEET, states, attempts, "phone", AT, [Problem("488 Not Acceptable", "b", "media-mismatch")])


def test_a_complete_document_has_every_task_and_attempt_once() -> None:
    document = complete()
    assert [(t.id, t.outcome, t.final, len(t.attempts)) for t in document.tasks] == [
        ("a", "answered", True, 2), ("b", "busy", True, 1), ("c", "", False, 0)
    ]
    assert document.tasks[0].extra == {"city": "Köln", "n": 3}
    assert (document.sheet, document.revision, document.agent, document.phone) == ("s-1", 3, "101", "phone")
    sums = document.totals
    assert (sums.tasks, sums.final, sums.attempts, sums.answered, sums.talk_seconds) == (3, 2, 3, 1, 12.25)
    assert sums.outcomes == {"answered": 1, "busy": 1, "open": 1}


@pytest.mark.parametrize(
    ("action", "final"), [("drop", True), ("dnc", True), ("done", True), ("retry", False), ("hold", False), ("", False)]
)
def test_a_result_is_final_as_the_attempt_says(action, final) -> None:
    document = result_document(SHEET, TASKS[0], attempt(7, "a", action=action), "phone", AT)
    assert document.kind == "result"
    assert document.tasks[0].final is final
    assert document.tasks[0].attempts[0].end.reasons == (Reason("Q.850", 17, "user busy"),)


def test_the_caller_may_know_better_whether_it_is_final() -> None:
    document = result_document(SHEET, TASKS[0], attempt(7, "a", action="retry"), "phone", AT, final=True)
    assert document.tasks[0].final


def test_what_is_written_is_read_back_and_fits_the_schema() -> None:
    for document in (complete(), result_document(SHEET, TASKS[1], attempt(7, "b"), "phone", AT)):
        data = write_results(document)
        assert read_results(data) == document
        assert write_results(read_results(data)) == data
        VALIDATOR.validate(json.loads(data))


@pytest.mark.parametrize(
    ("old", "new", "place", "part"),
    [
        (b'"kind":"complete"', b'"kind":"compleat"', "kind", 'did you mean "complete"?'),
        (b'"version":1', b'"version":2', "version", "unknown value"),
        (b'"outcome":"busy"', b'"outcome":"bussy"', "tasks[0].attempts[0].outcome", 'did you mean "busy"?'),
        (b'"talk_seconds":12.25', b'"talk_seconds":"12"', "tasks[0].attempts[1].talk_seconds", "expected a number"),
        (b'"number":"+4930124"', b'"numer":"+4930124"', "tasks[1].numer", 'did you mean "number"?'),
        (b'"phone":"phone",', b"", "", 'field "phone" is missing'),
        (b'"tasks":', b'"tasks:', "", "JSON"),
    ],
)
def test_faults_have_their_place(old, new, place, part) -> None:
    data = write_results(complete())
    assert old in data
    with pytest.raises(FormatError) as caught:
        read_results(data.replace(old, new, 1))
    assert caught.value.place == place
    assert part in str(caught.value)
    assert caught.value.line >= 1


def test_sums_over_several_files() -> None:
    document = complete()
    assert totals(document.tasks) == document.totals
    assert totals(()).tasks == 0


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_damaged_results_are_read_or_refused(data) -> None:
    body = bytearray(write_results(complete()))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        body[start:start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=4))
    try:
        read_results(bytes(body))
    except FormatError as error:
        refusal = str(error)
    else:
        return
    assert "\n" not in refusal
