# SPDX-License-Identifier: GPL-3.0-or-later
"""Which encoding a file has."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.manager.errors import Refused
from callsheet.manager.importer.encodings import PAGES, checked, guess

HOME = {name: countries.split()[0] if countries else "DE" for name, countries in PAGES.items()}


@pytest.mark.parametrize(
    ("name", "text", "without_hint"),
    [
        ("windows-1252", "Name;Ort\nJürgen Müßig;Köln\nFrançois Élise;Zoë Krämer;Peña", True),
        ("windows-1252", "Müller", True),
        ("windows-1252", "Søren Kjærgård;Ærø", True),
        ("gb18030", "姓名,电话号码\n王小明,13800138000", True),
        ("gb18030", "李娜", True),
        ("gb18030", "编号;客户\n1;欧阳震华;请下午联系", True),
        ("windows-1251", "Телефон;Имя\n1;Иванова Анна;Москва", True),
        ("windows-1251", "ИВАНОВ ПЁТР", False),
        ("windows-1250", "Dvořák;Łódź;Škoda", False),
        ("windows-1253", "Ελένη Παππά;Αθήνα", True),
        ("windows-1254", "Ayşe Yılmaz;Işık", False),
        ("windows-1255", "יעל כהן", False),
        ("windows-1256", "محمد علي;القاهرة", False),
        ("windows-1257", "Jānis Bērziņš", False),
    ],
)
def test_code_pages(name: str, text: str, without_hint: bool) -> None:
    data = text.encode(name)
    assert guess(data, HOME[name]) == name
    if without_hint:
        assert guess(data) == name
        assert guess(data, "DE") == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"number\n1", "utf-8"), ("Jürgen 王".encode(), "utf-8"), (codecs.BOM_UTF8 + b"a", "utf-8-sig"),
        ("Müller;王".encode("utf-16"), "utf-16"), ("Müller;Phone".encode("utf-16-le"), "utf-16-le"),
        ("Müller;Phone".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_unicode(data: bytes, name: str) -> None:
    assert guess(data) == name


def test_where_it_matters_only_at_the_end_of_a_large_file() -> None:
    data = b"number;name\n" * 100_000 + "030;Müller\n".encode("windows-1252")
    assert guess(data) == "windows-1252"


@pytest.mark.parametrize("name", ["klingon", "base64", "utf-8"])
def test_an_encoding_that_is_said_is_checked(name: str) -> None:
    with pytest.raises(Refused):
        checked("Müller".encode("windows-1252"), name)


@given(st.binary(min_size=1, max_size=400), st.sampled_from(["", "DE", "CN", "RU", "XX"]))
def test_whatever_is_guessed_can_be_decoded(data: bytes, country: str) -> None:
    try:
        name = guess(data, country)
    except Refused:
        return
    data.decode(name)
