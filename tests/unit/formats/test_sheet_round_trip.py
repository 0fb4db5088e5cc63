# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written is read back, and no bytes at all make the readers do worse than raise FormatError."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from callsheet.formats.errors import FormatError
from callsheet.formats.schema import schemas
from callsheet.formats.sheet import SheetFile, read_sheet, write_sheet
from tests.unit.formats.strategies import letters, sheets

DATA = Path(__file__).parents[2] / "data"
VALIDATOR = Draft202012Validator(schemas()["callsheet-v1.json"])
slow = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@slow
@given(sheets())
def test_a_sheet_that_is_written_is_read_back(sheet) -> None:
    data = write_sheet(sheet)
    file = read_sheet(data)
    assert file == SheetFile(sheet)
    assert write_sheet(file.sheet) == data
    VALIDATOR.validate(json.loads(data))


@slow
@given(st.binary(max_size=300), st.sampled_from(["", "a.json", "a.csv"]), st.sampled_from(["reject", "skip"]))
def test_any_bytes_are_a_sheet_or_a_format_error(data, name, bad_rows) -> None:
    _is_read_or_refused(data, name, bad_rows)


@slow
@given(st.data())
def test_a_damaged_sheet_is_read_or_refused(data) -> None:
    name = data.draw(st.sampled_from(["sheet-mixed.json", "sheet-mixed.csv"]))
    body = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 12)))
        body[start:end] = data.draw(st.binary(max_size=6) | st.text(max_size=4).map(lambda t: t.encode("utf-8", "replace")))
    _is_read_or_refused(bytes(body), name, data.draw(st.sampled_from(["reject", "skip"])))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8,
)


@slow
@given(st.data())
def test_any_value_in_any_field_is_read_or_refused_with_its_place(data) -> None:
    whole = json.loads((DATA / "sheet-mixed.json").read_text())
    place = whole
    for _ in range(data.draw(st.integers(1, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key]:
            break
        parent, place = (place, key), place[key]
    else:
        place, key = parent
    place[key] = data.draw(json_values)
    _is_read_or_refused(json.dumps(whole, indent=1).encode("utf-8", "replace"), "", "reject")


@slow
@given(st.lists(st.lists(st.text(letters | st.sampled_from("\n\r\t\0"), max_size=12), min_size=1, max_size=5), max_size=5),
       st.sampled_from(";,\t"))
def test_any_table_is_read_or_refused(rows, separator) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([["number", "name", "windows", "history", "x"], *rows])
    _is_read_or_refused(text.getvalue().encode(), "", "skip")


def _is_read_or_refused(data, name, bad_rows) -> None:
    try:
        file = read_sheet(data, name=name, bad_rows=bad_rows, agent="101")
    except FormatError as error:
        refusal = error
    else:
        again = read_sheet(write_sheet(file.sheet)).sheet
        # An order by a field that only rows left out had is not written.
        assert replace(again, order=()) == replace(file.sheet, order=())
        return
    assert "\n" not in str(refusal)
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        lines = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        assert 0 <= refusal.line <= lines


def test_the_canonical_form_of_the_example_is_stable() -> None:
    once = write_sheet(read_sheet((DATA / "sheet-mixed.json").read_bytes()).sheet)
    assert write_sheet(read_sheet(once).sheet) == once
    assert once.count(b"\n") == 9  # one task to a line


def test_json_and_csv_say_the_same() -> None:
    as_json = read_sheet((DATA / "sheet-mixed.json").read_bytes()).sheet
    as_csv = read_sheet((DATA / "sheet-mixed.csv").read_bytes()).sheet
    assert (as_json.id, as_json.agent, as_json.revision) == (as_csv.id, as_csv.agent, as_csv.revision)
    for one, other in zip(as_json.tasks, as_csv.tasks, strict=False):
        assert (one.id, one.number, one.name, one.zone, one.callback) == (
            other.id, other.number, other.name, other.zone, other.callback
        )


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(codec) -> None:
    text = (DATA / "sheet-mixed.json").read_text(encoding="utf-8")
    assert read_sheet(text.encode(codec)) == read_sheet(text.encode())
