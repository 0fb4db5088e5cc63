# SPDX-License-Identifier: GPL-3.0-or-later
"""Any text in any script: shaped, ordered, broken into rows, and never a crash."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callsheet.adapters.display import rows, shaping
from callsheet.adapters.display.text import strip, strips, width

FACES = ("text", "small", "title")
MIRROR = {ord(a): b for a, b in ("()", ")(", "[]", "][")}


def glass_order(text: str) -> str:
    prepared = shaping.prepare(text)
    return shaping.visual(prepared, shaping.is_rtl(prepared))


@given(st.text(max_size=80), st.sampled_from(FACES))
@example("\ud800\udfff", "small")
@example("\u0301\u0301", "text")
@example("👨‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪", "small")
@example("a" * 5000, "text")
def test_any_text_can_be_drawn(text, face):
    row = strip(text, face)
    assert 0 <= row.top < row.bottom <= 16
    assert all(0 <= column < 1 << 16 for column in row.columns)


@given(st.text(alphabet="אבג אلم()[]12 ab", max_size=30))
def test_ordering_loses_nothing(text):
    prepared = shaping.prepare(text)
    ordered = shaping.visual(prepared, shaping.is_rtl(prepared))
    assert sorted(ordered.translate({40: "(", 41: "(", 91: "[", 93: "["})) == sorted(
        prepared.translate({40: "(", 41: "(", 91: "[", 93: "["})
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "abc"),
        ("(שלום)", "(םולש)"),
        ("שלום (abc) 3-4", "3-4 (abc) םולש"),
        ("abc (שלום) 12", "abc (םולש) 12"),
        ("[(שלום)]", "[(םולש)]"),
        ("שלום [1]", "[1] םולש"),
    ],
)
def test_right_to_left_runs_are_turned_and_brackets_mirrored(text, expected):
    assert glass_order(text) == expected


def test_arabic_letters_are_joined():
    # Meem initial, hah medial, meem medial, dal final; from right to left.
    assert glass_order("محمد") == "\ufeaa\ufee4\ufea4\ufee3"
    # Lam and alef become one sign.
    assert glass_order("لا") == "\ufefb"


def test_a_sheet_cannot_turn_the_digits_of_a_number():
    assert glass_order("+49\u202e30123456\u202c") == "+4930123456"
    assert shaping.prepare("a\u200bb\ufeffc\u2066d") == "abcd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc\xa0d", "a b c d"),
        ("a\x00b\x1b[m", "a\ufffdb\ufffd[m"),
        ("e\u0301", "é"),
        ("❤\ufe0f", "❤"),
        ("👍🏽", "👍"),
        ("👨‍👩‍👧 x", "👨 x"),
        ("🇩🇪", "DE"),
        ("𝐀𝟙", "A1"),
        ("co\u00adop", "coop"),
        ("　", "　"),
    ],
)
def test_what_cannot_be_seen_is_made_plain(text, expected):
    assert shaping.prepare(text) == expected


def test_marks_sit_on_their_letter():
    assert len(strip("x\u0323", "text").columns) == len(strip("x", "text").columns)
    assert strip("x\u0323", "text").columns != strip("x", "text").columns
    pointed, plain = strip("שָ", "text"), strip("ש", "text")
    assert pointed.columns != plain.columns
    assert sum(column.bit_count() for column in pointed.columns) > sum(c.bit_count() for c in plain.columns)


def test_half_and_full_width():
    widths = [width(cluster, "tall") for cluster in shaping.clusters("中😀ア𠮷ﾀด")]
    assert widths == [16, 16, 16, 16, 8, 8]


def test_a_timer_does_not_tremble():
    for face in ("small", "tall"):
        assert len({len(strip(f"02:{second:02}", face).columns) for second in range(60)}) == 1


def test_one_row_does_not_mix_sizes():
    small = strips(("Ready", "02:34"), "small")
    tall = strips(("就绪", "02:34"), "small")
    assert {row.height for row in small} == {9}
    assert tall[0].height == 16
    assert len(tall[1].columns) > len(small[1].columns)


def test_long_text_is_told_to_be_cut():
    assert shaping.prepare("a" * 5000) == "a" * shaping.LONGEST + "…"


@given(
    st.one_of(st.text(max_size=120), st.text(alphabet="ab c王小明，。「」", max_size=80)),
    st.sampled_from(["text", "small"]),
    st.integers(16, 260),
)
def test_rows_fit_and_nothing_but_blanks_is_lost(text, face, columns):
    prepared = shaping.prepare(text)
    broken = rows.broken(prepared, face, columns)
    assert "".join(broken).replace(" ", "") == prepared.replace(" ", "")
    for row in rows.wrap(text, face, columns):
        clusters = len(row.columns)
        assert clusters <= max(columns, 33)


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("call after three", 50, ["call after", "three"]),
        ("一二三，四五", 48, ["一二", "三，四", "五"]),
        ("一二「三四」", 48, ["一二", "「三", "四」"]),
        ("Donaudampfschiff", 40, None),
    ],
)
def test_where_rows_end(text, columns, expected):
    face = "tall" if unicodedata.east_asian_width(text[0]) == "W" else "small"
    broken = rows.broken(shaping.prepare(text), face, columns)
    if expected is None:
        assert len(broken) > 1
        assert "".join(broken) == text
    else:
        assert broken == expected


def test_short_lines_share_a_row():
    assert len(rows.flow(("1 Done", "2 Interested", "3 Not interested at all"), 128)) == 2
    assert len(rows.flow(("Berlin", "北京"), 128)) == 2
    assert len(rows.flow(("a", "b"), 6)) == 2
