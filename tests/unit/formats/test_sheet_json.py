# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheets in JSON: every rule once kept and once broken, with the place of the fault."""

import json

import pytest

from callsheet.formats.errors import FormatError
from callsheet.formats.sheet import read_sheet

HEAD = {"format": "callsheet", "version": 1, "id": "s", "agent": "101", "revision": 1}
ABSENT = object()
SALT, HASH = "c2FsdHNhbHRzYWx0", "aGFzaGhhc2hoYXNoaGFzaA=="


def sheet(rows=(), **fields):
    found = {**HEAD, "tasks": list(rows), **fields}
    return json.dumps({k: v for k, v in found.items() if v is not ABSENT}, ensure_ascii=False).encode()


def task(**fields):
    return {"id": "a", "number": "+4930123456", **fields}


def fault(data, **options):
    with pytest.raises(FormatError) as caught:
        read_sheet(data, **options)
    return caught.value


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"agent": "Ünal"},
        {"zone": "Europe/Berlin"},
        {"issued": "2026-11-24T09:00:00Z", "expires": "2026-11-25T09:00:00Z"},
        {"issued": "2026-11-24T09:00", "zone": "Asia/Shanghai"},
        {"mode": "preview", "gap": 0, "preview": 1.5, "wrap_up": 0},
        {"order": [{"by": "priority", "descending": False}, {"by": "not_before"}]},
        {"rules": {"hours": [{"days": ["mon"], "start": "09:00", "end": "24:00"}], "caps": [{"limit": 1, "period": 1}]}},
        {"rules": {"hours": [{"days": ["mon"], "start": "09:00:00", "end": "12:30:15"}]}},
        {"region_rules": {"DE": {"holidays": ["2026-12-25"]}}},
        {"retry": {"busy": {"action": "retry", "after": 60}, "no-answer": {"action": "drop"}}},
        {"dispositions": [{"key": "1", "code": "a", "label": "A"}, {"key": "2", "code": "b", "label": {"zh": "好"}}]},
        {"pause_reasons": ["Lunch", {"en": "Break"}]},
        {"do_not_call": ["+49 30 1234", "sip:a@b"], "recent": {"+49301234": ["2026-11-24T09:00:00Z"]}},
        {"caller_id": "+49301234"},
        {"pin": f"scrypt$16384$8$1${SALT}${HASH}"},
        {"upload": "https://h/{agent}/in"},
        {"upload": "scp://h:2222/in"},
        {"upload": "ftp://user:word@h/in"},
    ],
)
def test_sheets_that_are_valid(fields) -> None:
    assert read_sheet(sheet(**fields)).problems == ()


@pytest.mark.parametrize(
    ("fields", "place", "part"),
    [
        ({"version": 2}, "version", "not known here"),
        ({"version": True}, "version", "not known here"),
        ({"format": "callshet"}, "format", "not known here"),
        ({"format": ABSENT}, "", "missing"),
        ({"version": ABSENT}, "", "missing"),
        ({"id": ABSENT}, "", 'field "id" is missing'),
        ({"tasks": ABSENT}, "", 'field "tasks" is missing'),
        ({"tasks": {}}, "tasks", "not a list"),
        ({"revison": 1}, "revison", 'did you mean "revision"?'),
        ({"revision": -1}, "revision", ">= 0"),
        ({"revision": "1"}, "revision", "expected a whole number, got text"),
        ({"revision": 1.5}, "revision", "expected a whole number"),
        ({"revision": 2**60}, "revision", "not a reasonable number"),
        ({"id": ""}, "id", "empty"),
        ({"id": "a\nb"}, "id", "control character"),
        ({"agent": " 101"}, "agent", "space"),
        ({"agent": "1" * 65}, "agent", "longer"),
        ({"agent": 101}, "agent", "expected text, got a whole number"),
        ({"title": "a\x1bb"}, "title", "control character"),
        ({"title": "x" * 10_001}, "title", "longer"),
        ({"zone": "Europe/Berln"}, "zone", 'did you mean "Europe/Berlin"?'),
        ({"issued": "2026-11-24T09:00"}, "issued", "time zone is not known"),
        ({"issued": "yesterday"}, "issued", "not a time"),
        ({"issued": "2026-11-24T09:00:00Z", "expires": "2026-11-24T09:00:00Z"}, "expires", "before"),
        ({"mode": "prevew"}, "mode", 'did you mean "preview"?'),
        ({"gap": -1}, "gap", ">= 0"),
        ({"gap": 1e12}, "gap", "not a reasonable number"),
        ({"gap": None, "max_attempts": 0}, "max_attempts", ">= 1"),
        ({"order": [{"by": "file"}, {"by": "priority", "missing": "never"}]}, "order[1].missing", "unknown value"),
        ({"order": [{"by": "prority"}], "tasks": [task()]}, "order[0].by", 'did you mean "priority"?'),
        ({"order": [{"by": "citi"}], "tasks": [task(extra={"city": "x"})]}, "order[0].by", 'did you mean "city"?'),
        ({"retry": {"buzy": {"action": "drop"}}}, "retry.buzy", 'did you mean "busy"?'),
        ({"retry": {"busy": {"action": "drop"}, "no-answer": {"action": "dorp"}}}, "retry.no-answer.action", '"drop"'),
        ({"retry": {"busy": {"action": "drop", "afer": 1}}}, "retry.busy.afer", '"after"'),
        ({"rules": {"hours": [{"days": [], "start": "09:00", "end": "12:00"}]}}, "rules.hours[0].days", "no days"),
        ({"rules": {"hours": [{"days": ["mo"], "start": "09:00", "end": "12:00"}]}}, "rules.hours[0].days[0]", "mon"),
        ({"rules": {"hours": [{"days": ["mon"], "start": "12:00", "end": "09:00"}]}}, "rules.hours[0]", "before"),
        ({"rules": {"hours": [{"days": ["mon"], "start": "09:00", "end": "25:00"}]}}, "rules.hours[0].end", "time"),
        ({"rules": {"hours": [{"days": ["mon"], "start": "09:00:00Z", "end": "12:00"}]}}, "rules.hours[0].start",
         "offset"),
        ({"rules": {"caps": [{"limit": 0, "period": 1}]}}, "rules.caps[0].limit", ">= 1"),
        ({"rules": {"caps": [{"limit": 1, "period": 0}]}}, "rules.caps[0].period", "> 0"),
        ({"rules": {"holidays": ["2026-02-30"]}}, "rules.holidays[0]", "date"),
        ({"region_rules": {"DE": {"hours": [{"days": [], "start": "09:00", "end": "12:00"}]}}},
         "region_rules.DE.hours[0].days", "no days"),
        ({"dispositions": [{"key": "1", "code": "a", "label": "A"}, {"key": "1", "code": "b", "label": "B"}]},
         "dispositions[1].key", "already"),
        ({"dispositions": [{"key": "1", "code": "a", "label": "A"}, {"key": "2", "code": "a", "label": "B"}]},
         "dispositions[1].code", "already"),
        ({"dispositions": [{"key": "12", "code": "a", "label": "A"}]}, "dispositions[0].key", "regex"),
        ({"dispositions": [{"key": "1", "code": "", "label": "A"}]}, "dispositions[0].code", "empty"),
        ({"dispositions": [{"key": "1", "code": "a", "label": {}}]}, "dispositions[0].label", "empty"),
        ({"dispositions": [{"key": "1", "code": "a", "label": {"English": "A"}}]}, "dispositions[0].label.English",
         "language"),
        ({"pause_reasons": ["a", ""]}, "pause_reasons[1]", "empty"),
        ({"do_not_call": ["+4930123", "abc"]}, "do_not_call[1]", "cannot be dialled"),
        ({"recent": {"anna": []}}, "recent", "cannot be dialled"),
        ({"recent": {"+4930123": ["2026-11-24T09:00:00"]}}, "recent", "time"),
        ({"caller_id": "Anna <1>"}, "caller_id", "cannot be dialled"),
        ({"pin": "1234"}, "pin", "not a PIN hash"),
        ({"pin": f"scrypt$16383$8$1${SALT}${HASH}"}, "pin", "power of 2"),
        ({"pin": f"scrypt$1048576$8$1${SALT}${HASH}"}, "pin", "too high"),
        ({"pin": f"scrypt$16384$8$1$c2E=${HASH}"}, "pin", "wrong length"),
        ({"pin": "scrypt$16384$8$1$????$????"}, "pin", "not a PIN hash"),
        ({"upload": "file:///etc"}, "upload", "not a link"),
        ({"upload": "https:///in"}, "upload", "not a link"),
        ({"upload": "https://h/{agnt}"}, "upload", 'did you mean "agent"?'),
        ({"upload": "https://[::1"}, "upload", "not a URL"),
        ({"upload": "https://h:99999/"}, "upload", "not a URL"),
    ],
)
def test_sheets_that_are_not(fields, place, part) -> None:
    error = fault(sheet(**fields), bad_rows="skip")
    assert error.place == place
    assert part in f"{error.reason} {error.remedy}"
    assert error.line == 1
    assert error.column >= 1


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "+49 (30) 123-456"},
        {"name": "محمد 👩‍👧", "service": "a\nb", "extra": {"x": 1, "y": None, "z": True, "w": 1.5, "v": "ü"}},
        {"zone": "Asia/Shanghai", "windows": [{"start": "2026-11-24T09:00", "end": "2026-11-24T12:00:30"}]},
        {"windows": [{"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T15:00:00+05:30"}]},
        {"history": [{"text": "x"}, {"text": "y", "at": "2026-11-24T09:00:00Z", "by": "102"}]},
        {"past": [{"at": "2026-11-24T09:00:00Z", "outcome": "busy", "counted": False}], "attempts": 1},
        {"not_before": "2026-11-24T09:00:00Z", "callback": True},
        {"number": "", "withdrawn": True},
        {"held": "route refused"},
        {"ring_timeout": 0, "max_attempts": 1, "priority": -5, "caller_id": "+49 30 1"},
    ],
)
def test_tasks_that_are_valid(fields) -> None:
    file = read_sheet(sheet([task(**fields)]))
    assert len(file.sheet.tasks) == 1


@pytest.mark.parametrize(
    ("fields", "place", "part"),
    [
        ({"id": ""}, "id", "empty"),
        ({"id": "a b "}, "id", "space"),
        ({"id": "a\n"}, "id", "control"),
        ({"id": "x" * 129}, "id", "longer"),
        ({"id": 7}, "id", "expected text"),
        ({"number": ""}, "number", "no number"),
        ({"number": "sip:a@b;transport=tcp"}, "number", "parameters"),
        ({"number": 4930123456}, "number", "expected text, got a whole number"),
        ({"numer": "1"}, "numer", 'did you mean "number"?'),
        ({"name": "x" * 501}, "name", "longer"),
        ({"name": None}, "name", "expected text, got nothing"),
        ({"service": "x" * 10_001}, "service", "longer"),
        ({"region": "x" * 501}, "region", "longer"),
        ({"zone": "Mars"}, "zone", "unknown time zone"),
        ({"priority": "high"}, "priority", "whole number"),
        ({"priority": 2**60}, "priority", "reasonable"),
        ({"attempts": -1}, "attempts", ">= 0"),
        ({"attempts": 1001}, "attempts", "more than"),
        ({"max_attempts": 0}, "max_attempts", ">= 1"),
        ({"ring_timeout": -1}, "ring_timeout", ">= 0"),
        ({"ring_timeout": 1e300}, "ring_timeout", "reasonable"),
        ({"windows": [{"start": "2026-11-24T09:00", "end": "2026-11-24T12:00"}]}, "windows[0].start", "zone"),
        ({"windows": [{"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:00:00Z"}]}, "windows[0]", "before"),
        ({"windows": [{"start": "2026-11-24T12:00:00Z"}]}, "windows[0]", 'field "end" is missing'),
        ({"windows": [{"start": "9 o'clock", "end": "2026-11-24T12:00:00Z"}]}, "windows[0].start", "not a time"),
        ({"windows": "2026"}, "windows", "expected a list"),
        ({"not_before": "1970-01-01T00:00:00Z"}, "not_before", "year"),
        ({"not_before": 5}, "not_before", "expected a time"),
        ({"history": ["text"]}, "history[0]", "expected an object, got text"),
        ({"history": [{"text": "x", "at": "9999-01-01T00:00:00Z"}]}, "history[0].at", "year"),
        ({"history": [{"text": "x" * 10_001}]}, "history[0].text", "longer"),
        ({"past": [{"at": "2026-11-24T09:00:00Z", "outcome": "bussy"}]}, "past[0].outcome", 'did you mean "busy"?'),
        ({"extra": {"a": 1, "b": [1]}}, "extra.b", "expected"),
        ({"extra": {"a": 2**60}}, "extra.a", "reasonable"),
        ({"extra": {"": 1}}, 'extra.""', "without a name"),
        ({"extra": {str(i): i for i in range(1001)}}, "extra", "more than"),
        ({"caller_id": "anonymous"}, "caller_id", "cannot be dialled"),
    ],
)
def test_tasks_that_are_not(fields, place, part) -> None:
    good = task(id="good")
    data = json.dumps({**HEAD, "tasks": [good, {"id": "bad", "number": "1", **fields}, good | {"id": "last"}]}, indent=1)
    error = fault(data.encode())
    assert error.place == f"tasks[1].{place}".rstrip(".")
    assert part in f"{error.reason} {error.remedy}"
    file = read_sheet(data.encode(), bad_rows="skip")
    assert [one.id for one in file.sheet.tasks] == ["good", "last"]
    (problem,) = file.problems
    assert (problem.line, problem.column, problem.place) == (error.line, error.column, error.place)
    # The place is that of the key, on a line of its own.
    named = data.splitlines()[problem.line - 1][problem.column - 1:]
    last = place.rpartition(".")[2].strip('"')
    assert named.startswith(("{", f'"{last}"')) or "[" in last


def test_the_line_and_column_are_those_of_the_key() -> None:
    text = '{"format": "callsheet", "version": 1,\r\n "id": "ü中👩", "agent":\r\n  101, "revision": 1, "tasks": []}'
    error = fault(text.encode())
    assert (error.line, error.column) == (2, 15)
    assert text.splitlines()[1][14:].startswith('"agent"')


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ('{"format": "callsheet",\n "version": 1,,}', 2, 15, "JSON"),
        ('{"format": "callsheet",\n "version": 1', 2, 14, "too early"),
        ('{"format": "\\ud800"}', 1, 13, "surrogate"),
        ('{"format": "a\nb"}', 1, 14, "JSON"),
        ('{} x', 1, 4, "JSON"),
        ('{"a": ' + "[" * 100_000, 0, 0, "nested"),
        ('[1, 2]', 1, 1, "not a JSON object"),
    ],
)
def test_broken_json(text, line, column, part) -> None:
    error = fault(text.encode(), name="x.json")
    assert part in error.reason
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "callsheet", "version": 1, "id": "a", "id": "a", "agent": "1", "revision": 1, "tasks": []}',
        '{"format": "callsheet", "version": 1, "revision": 12, "revision": 1, "agent": "1", "id": "a", "tasks": []}',
        '{"format": "callsheet", "version": 1, "id": "a", "agent": "1", "revision": 1, "tasks": [], '
        '"retry": {"busy": {"action": "drop", "action": "retry"}}}',
        '{"format": "callsheet", "version": 1, "id": "a", "agent": "1", "revision": 1, "tasks": [{}], "t\\u0061sks": []}',
    ],
)
def test_a_repeated_key_is_refused(text) -> None:
    assert "given twice" in fault(text.encode()).reason


def test_ids_are_unique_and_the_first_wins() -> None:
    data = sheet([task(id="a"), task(id="b"), task(id="a", number="112")])
    assert "task 1 of the file has the same id" in fault(data).reason
    file = read_sheet(data, bad_rows="skip")
    assert [one.number for one in file.sheet.tasks] == ["+4930123456"] * 2
    assert [problem.place for problem in file.problems] == ["tasks[2].id"]


def test_all_bad_rows_are_told_at_once() -> None:
    error = fault(sheet([task(id=str(i), number="x" * i) for i in range(5)]))
    assert len(error.others) == 4
    assert [other.id for other in error.others] == ["1", "2", "3", "4"]


def test_messages_name_no_callee() -> None:
    error = fault(sheet([task(id="a", number="+49301234x", name="Anna")]))
    assert "1234" not in error.reason
    assert "Anna" not in str(error)


def test_too_many_tasks_are_refused() -> None:
    rows = ",".join('{"id":"a","number":"1"}' for _ in range(200_001))
    data = json.dumps({**HEAD, "tasks": []}).replace("[]", f"[{rows}]").encode()
    assert "more than 200000 tasks" in fault(data).reason


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"<!DOCTYPE html><html>", "web page"),
    ],
)
def test_what_people_send_by_mistake(data, part) -> None:
    assert part in fault(data).reason


def test_numbers_and_texts_are_made_safe() -> None:
    (one,) = read_sheet(sheet([task(number="+49 (30) 12-34", name="A\x1b[2J\nB", service="a\r\nb\x07",
                                    extra={"k\n": "v\x00"})])).sheet.tasks
    assert (one.number, one.name, one.service) == ("+49301234", "A␛[2J␊B", "a\nb␇")
    assert one.extra == {"k␊": "v␀"}


def test_local_times_belong_to_the_callee() -> None:
    window = {"start": "2026-11-24T09:00", "end": "2026-11-24T10:00"}
    rows = [task(id="a", windows=[window]), task(id="b", windows=[window], zone="Asia/Shanghai"),
            task(id="c", not_before="2026-11-24T09:00", past=[{"at": "2026-11-23T09:00", "outcome": "busy"}])]
    one, two, three = read_sheet(sheet(rows, zone="Europe/Berlin")).sheet.tasks
    assert one.windows[0].start.isoformat() == "2026-11-24T09:00:00+01:00"
    assert two.windows[0].start.isoformat() == "2026-11-24T09:00:00+08:00"
    assert three.not_before is not None
    assert three.not_before.isoformat() == "2026-11-24T09:00:00+01:00"
    assert three.past[0].at.isoformat() == "2026-11-23T09:00:00+01:00"
