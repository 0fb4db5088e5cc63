# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheets in CSV: titles, separators, comment lines, cells, and the physical line of every fault."""

import pytest

from callsheet.core.model import Mode, OrderKey
from callsheet.formats.csv_columns import column_field
from callsheet.formats.errors import FormatError
from callsheet.formats.sheet import read_sheet


def read(text, **options):
    return read_sheet(text.encode() if isinstance(text, str) else text, agent="101", **options)


def fault(text, **options):
    with pytest.raises(FormatError) as caught:
        read(text, **options)
    return caught.value


def only(text, **options):
    (task,) = read(text, **options).sheet.tasks
    return task


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_line_ends_and_encodings(separator, newline, codec) -> None:
    rows = [["id", "number", "service"], ["a", "112", "王小明"], ["b", "+4930123", f'"x{separator}""y"""']]
    text = newline.join(separator.join(row) for row in rows)
    tasks = read(text.encode(codec)).sheet.tasks
    assert [(one.id, one.number, one.service) for one in tasks] == [
        ("a", "112", "王小明"), ("b", "+4930123", f'x{separator}"y"')
    ]


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("number", "number"), ("Phone Number", "number"), ("PHONE_NUMBER", "number"), ("电话号码", "number"),
        ("not_before", "not_before"), ("Not before", "not_before"), ("优先级", "priority"), ("时区", "zone"),
        ("Time-Zone", "zone"), ("Call history", "history"), ("City", ""), ("备注", ""),
    ],
)
def test_titles_of_columns(title, field) -> None:
    assert column_field(title) == field


def test_other_columns_become_extra_fields() -> None:
    one = only("number;City;备注;Empty\n112; Berlin ;好;\n")
    assert one.extra == {"City": "Berlin", "备注": "好"}


def test_the_separator_may_be_told() -> None:
    assert only("sep=,\nnumber,a;b\n112,x\n").extra == {"a;b": "x"}


def test_what_the_file_does_not_say_comes_from_the_caller() -> None:
    sheet = read("number\n112\n", name="https://h/in/Agent%20101.csv?x=1", revision=1_790_000_000).sheet
    assert (sheet.agent, sheet.id, sheet.revision) == ("101", "Agent 101", 1_790_000_000)
    assert read("number\n112\n").sheet.id == "sheet"
    assert read("number\n112\n").sheet.revision == 0
    assert read("# agent: 102\n# sheet: mine\n# revision: 7\nnumber\n112\n", name="x.csv", revision=1).sheet.id == "mine"


def test_without_an_agent_there_is_no_sheet() -> None:
    with pytest.raises(FormatError, match="which agent"):
        read_sheet(b"number\n112\n")


def test_comment_lines_set_the_sheets_own_values() -> None:
    sheet = read(
        "# agent: 102\n#编号: s-1\n# Mode: progressive\n# gap: 2.5\n# max attempts: 3\n"
        "# order: priority desc, -City, 地区\n# time zone: Europe/Berlin\n# 暂停: \n"
        '# rules: {"caps": [{"limit": 3, "period": 86400}]}\n# do_not_call: +49 30 1, 112\n'
        "number;City;Region\n113;x;y\n".replace("# 暂停: \n", "# just a remark\n")
    ).sheet
    mode: Mode = "progressive"
    assert (sheet.agent, sheet.id, sheet.mode, sheet.gap, sheet.max_attempts) == ("102", "s-1", mode, 2.5, 3)
    assert sheet.order == (OrderKey("priority", True), OrderKey("City", True), OrderKey("region"))
    assert sheet.rules is not None
    assert sheet.rules.caps[0].limit == 3
    assert sheet.do_not_call == ("+49301", "112")


def test_a_spreadsheet_pads_and_quotes_comment_lines() -> None:
    sheet = read('"# agent: 102";;\n# title: "A";;\n"# rules: {""min_ring"": 15}";;\nnumber;a;b\n112;;\n').sheet
    assert (sheet.agent, sheet.title) == ("102", '"A"')
    assert sheet.rules is not None
    assert sheet.rules.min_ring == 15


@pytest.mark.parametrize(
    ("comment", "part"),
    [
        ("# agnt: 1", 'did you mean "agent"?'),
        ("# mode: fast", "unknown value"),
        ("# gap: soon", "gap"),
        ("# revision: x", "revision"),
        ("# zone: Mars", "unknown time zone"),
        ("# rules: {", "not valid JSON"),
        ("# rules: {\"hours\": 1}", "list"),
        ("# order: nobody", "no task has a field"),
        ("# agent: 1\n# agent: 2", "given twice"),
        ("# pin: 1234", "not a PIN hash"),
        ("# expires: tomorrow", "not a time"),
    ],
)
def test_faults_of_comment_lines_have_their_line(comment, part) -> None:
    error = fault(f"# title: x\n{comment}\nnumber\n112\n")
    assert part in str(error)
    assert error.line == comment.count("\n") + 2
    assert error.column == 3


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("# only a comment\n", 2, 1, "no header"),
        ("name;city\nx;y\n", 1, 1, "telephone number"),
        ("number;Phone\n1;2\n", 1, 8, "mean the same"),
        ("number;x;x\n1;2;3\n", 1, 10, "mean the same"),
        ("number;;x\n1;2;3\n", 1, 8, "empty"),
        ('number;name\n112;"abc\n113;d\n', 2, 1, "quotation"),
        ('number;name\n112;"abc"d\n', 2, 1, "quotation"),
        ("number\n" + '"' + "x" * 200_000 + '"\n', 2, 1, "too long"),
    ],
)
def test_faults_that_refuse_the_whole_file(text, line, column, part) -> None:
    error = fault(text, bad_rows="skip")
    assert part in str(error)
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize(
    ("row", "column", "place", "part"),
    [
        ("x;12a;;;;;", 3, '"Phone"', '"a"'),
        ("x;4.93E+11;;;;;", 3, '"Phone"', "spreadsheet"),
        ("x;;;;;;", 3, "row", "missing"),
        ("x;1;n;tomorrow;;;", 7, '"When"', "not a time window"),
        ("x;1;n;2026-11-24T09:00/;;;", 7, '"When"', "not a time window"),
        ("x;1;n;2026-11-24T09:00/08:00;;;", 7, '"When"', "ends before"),
        ("x;1;n;24.11.2026 09:00/10:00;;;", 7, '"When"', "not a time"),
        ("x;1;n;;high;;", 8, '"Prio"', "not a whole number"),
        ("x;1;n;;;perhaps;", 9, '"Call back"', "neither yes nor no"),
        ("x;1;n;;;;Mars", 10, '"TZ"', "unknown time zone"),
        ('"x y ";1;n;;;;Mars', 15, '"TZ"', "unknown time zone"),
        ("x;1;n;;;;;more", 1, "row", "more cells"),
    ],
)
def test_bad_rows_have_the_place_of_their_cell(row, column, place, part) -> None:
    before = '# zone: Europe/Berlin\nid;Phone;Name;When;Prio;Call back;TZ\na;112;"two\r\nlines";;;;\n\n;;;;;;\n'
    text = f"{before}{row}\nz;113;;;;;\n"
    error = fault(text)
    assert part in str(error)
    if place != "row":
        assert error.place == f"column {place}"
        assert (error.line, error.column) == (7, column)
    assert error.line == 7
    file = read(text, bad_rows="skip")
    assert [one.id for one in file.sheet.tasks] == ["a", "z"]
    assert [problem.line for problem in file.problems] == [7]


def test_a_fault_in_a_cell_of_several_lines_has_the_line_where_the_cell_begins() -> None:
    error = fault('number;history;prio\n112;"one\ntwo\nthree";much\n')
    assert (error.line, error.column, error.place) == (4, 8, 'column "prio"')


def test_windows() -> None:
    one = only(
        "# zone: Europe/Berlin\nnumber;windows\n"
        '112;"2026-11-24T09:00/12:00; 2026-11-25 14:00/2026-11-26 16:00\n2026-11-27T09:00Z/10:00"\n'
    )
    assert [(w.start.isoformat(), w.end.isoformat()) for w in one.windows] == [
        ("2026-11-24T09:00:00+01:00", "2026-11-24T12:00:00+01:00"),
        ("2026-11-25T14:00:00+01:00", "2026-11-26T16:00:00+01:00"),
        ("2026-11-27T09:00:00+00:00", "2026-11-27T10:00:00+00:00"),
    ]


def test_a_window_over_the_end_of_summer_time_covers_both_hours() -> None:
    one = only("# zone: Europe/Berlin\nnumber;windows\n112;2026-10-25T02:00/02:30\n")
    assert (one.windows[0].end - one.windows[0].start).total_seconds() == 5400


def test_history() -> None:
    one = only('number;history\n112;"first | second\nthird|not parted"\n')
    assert [entry.text for entry in one.history] == ["first", "second", "third|not parted"]


@pytest.mark.parametrize(("cell", "flag"), [("yes", True), ("X", True), ("是", True), ("", False), ("0", False), ("否", False)])
def test_flags(cell, flag) -> None:
    assert only(f"number;callback;not_before\n112;{cell};2026-11-24T09:00Z\n").callback is flag


@pytest.mark.parametrize(("cell", "priority"), [("3", 3), ("-1", -1), ("3.0", 3), ("3,00", 3)])
def test_whole_numbers_as_spreadsheets_write_them(cell, priority) -> None:
    assert only(f"number;priority\n112;{cell}\n").priority == priority


def test_a_task_without_an_id_is_named_after_its_number() -> None:
    one = only("number\n+49 30 1234567\n")
    assert one.id == only("number;name\n+49301234567;x\n").id
    assert "1234567" not in one.id  # ids are logged
    error = fault("number\n112\n+49301\n112\n")
    assert (error.line, error.place) == (4, 'column "number"')
    assert "same number" in error.reason


def test_ids_are_unique() -> None:
    assert "same id" in fault("id;number\na;112\na;113\n").reason


def test_the_content_tells_the_form_before_the_name_does() -> None:
    json = '{"format":"callsheet","version":1,"id":"s","agent":"101","revision":1,"tasks":[]}'
    assert read(json, name="x.csv", content_type="text/csv").form == "json"
    assert read("number\n112\n", name="x.csv").form == "csv"
    assert read("number\n112\n", content_type="text/csv; charset=utf-8").form == "csv"
    assert "JSON" in fault("number\n112\n", name="x.json").reason
    assert "JSON" in fault("number\n112\n", content_type="application/json").reason
