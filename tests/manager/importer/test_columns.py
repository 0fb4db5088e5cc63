# SPDX-License-Identifier: GPL-3.0-or-later
"""Which column is what."""

from __future__ import annotations

import pytest

from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import REASON, Plan, letters, plan
from callsheet.manager.importer.source import open_source

Fields = dict[str, tuple[str, str]]


def planned(text: str, given: dict[str, str] | None = None, remembered: dict[str, dict[str, str]] | None = None,
            titles_row: int | None = None) -> Plan:
    return plan(open_source("f.csv", text.encode()), given or {}, remembered or {}, titles_row)


def fields(found: Plan) -> Fields:
    return {column.title: (column.field, column.why) for column in found.columns}


def test_titles_in_english_and_chinese() -> None:
    found = planned("编号;Phone number;姓名;Service info;City;优先级;Sprache;语言\nc-1;1;a;b;c;d;e;f\n")
    assert fields(found) == {
        "编号": ("id", "title"), "Phone number": ("number", "title"), "姓名": ("name", "title"),
        "Service info": ("service", "title"), "City": ("extra", ""), "优先级": ("priority", "title"),
        "Sprache": ("extra", ""), "语言": ("language", "title"),
    }
    assert found.first == 1


def test_titles_below_a_heading() -> None:
    found = planned("Customers;;\n;;\nas of today;;\nTel:;Name *;x\n030 5550101;a;b\n")
    assert fields(found)["Tel:"] == ("number", "title") and fields(found)["Name *"] == ("name", "title")
    assert found.first == 4


def test_a_column_of_numbers_is_known_by_what_is_in_it() -> None:
    found = planned("Kunde;Fernsprecher;PLZ\nMüller;030 5550101;10115\nMeier;+49 40 5550102;20095\n")
    assert fields(found) == {"Kunde": ("extra", ""), "Fernsprecher": ("number", "content"), "PLZ": ("extra", "")}


def test_a_file_without_titles() -> None:
    found = planned("030 5550101;Müller\n030 5550102;Meier\n")
    assert fields(found) == {"A": ("number", "content"), "B": ("extra", "")}
    assert (found.titles, found.first, found.fingerprint) == ((), 0, "")
    assert fields(planned("Tel;x\n1;2\n", {"a": "number"}, titles_row=0))["A"] == ("number", "given")


def test_several_numbers_and_one_of_everything_else() -> None:
    found = planned("Phone;Mobile;Company;Name;Zone\n1;2;3;4;5\n")
    assert fields(found) == {"Phone": ("number", "title"), "Mobile": ("number", "title"), "Company": ("extra", ""),
                             "Name": ("name", "title"), "Zone": ("zone", "title")}


def test_what_is_said_wins_and_what_was_said_is_next() -> None:
    text = "Tel;Firma;Kunde\n1;2;3\n"
    first = planned(text, {"Firma": "name", "kunde": "service"})
    assert fields(first) == {"Tel": ("number", "title"), "Firma": ("name", "given"), "Kunde": ("service", "given")}
    memory = {first.fingerprint: {"Tel": "number", "Firma": "name", "Kunde": "service"}}
    again = planned(text + "4;5;6\n", {"C": "ignore"}, memory)
    assert fields(again) == {"Tel": ("number", "remembered"), "Firma": ("name", "remembered"), "Kunde": ("ignore", "given")}
    assert fields(planned(f"Tel;Firma;Kunde;{REASON}\n1;2;3;4\n", {}, memory)) == {
        "Tel": ("number", "remembered"), "Firma": ("name", "remembered"), "Kunde": ("service", "remembered"),
        REASON: ("ignore", "title")}


def test_a_column_that_only_counts_is_no_id() -> None:
    assert fields(planned("序号;电话\n1;a\n2;b\n3;c\n"))["序号"] == ("extra", "content")
    assert fields(planned("序号;电话\n7;a\n8;b\n"))["序号"] == ("id", "title")
    assert fields(planned("序号;电话\n1;a\n2;b\n", {"序号": "id"}))["序号"] == ("id", "given")


def test_titles_that_come_again_or_are_empty() -> None:
    found = planned("Tel;x;;x\n1;2;3;4;5\n")
    assert list(fields(found)) == ["Tel", "x", "C", "x 2", "E"]


@pytest.mark.parametrize(
    ("text", "given", "row", "said"),
    [
        ("a;b\nc;d\n", {}, None, "telephone numbers"), ("Tel;b\n1;2\n", {"X": "name"}, None, "no column"),
        ("Tel;b\n1;2\n", {"b": "nmae"}, None, 'did you mean "name"'), ("Tel;b\n1;2\n", {}, 9, "row 9"),
        ("Tel;a;b\n1;2;3\n", {"a": "name", "b": "name"}, None, "cannot both"),
        ("Tel;b\n1;2\n", {"Tel": "extra"}, None, "telephone numbers"),
    ],
)
def test_plans_that_cannot_be(text: str, given: dict[str, str], row: int | None, said: str) -> None:
    with pytest.raises(Refused) as caught:
        planned(text, given, titles_row=row)
    assert said in str(caught.value)


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(index: int, name: str) -> None:
    assert letters(index) == name
