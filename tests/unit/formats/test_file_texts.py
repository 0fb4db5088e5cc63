# SPDX-License-Identifier: GPL-3.0-or-later
"""Encodings, control characters, names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.errors import FormatError, Invalid, dotted, nearest, shown
from callsheet.formats.texts import check_name, plain_text, visible_line, visible_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"abc", "abc"),
        (b"\xef\xbb\xbfabc", "abc"),
        ("中文 📞".encode("utf-16"), "中文 📞"),
        (b"\xfe\xff" + "привет".encode("utf-16-be"), "привет"),
        (b"", ""),
    ],
)
def test_encodings(data, text) -> None:
    assert plain_text(data) == text


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"\xff", 1, 1),
        (b"ab\nc\xe9d", 2, 2),
        (b"\xef\xbb\xbfab\r\n\xe4\xb8\xad\xc3", 2, 2),
        ("姓名\n王".encode("gbk"), 1, 1),
        (b"a\rb\rc\x80", 3, 2),
        (b"\xff\xfea\x00b", 1, 2),
    ],
)
def test_bytes_that_do_not_fit_are_named(data, line, column) -> None:
    with pytest.raises(FormatError) as caught:
        plain_text(data)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "several"),
    [
        ("plain", "plain", "plain"),
        ("a\nb\tc", "a␊b␉c", "a\nb\tc"),
        ("a\r\nb\rc", "a␍␊b␍c", "a\nb\nc"),
        ("\x1b[31mred", "␛[31mred", "␛[31mred"),
        ("nul\0del\x7f", "nul␀del␡", "nul␀del␡"),
        ("c1\x9b", "c1\ufffd", "c1\ufffd"),
        ("a\u2028b", "a\ufffdb", "a\nb"),
        ("王　小明", "王　小明", "王　小明"),
        ("👩‍👧 ع", "👩‍👧 ع", "👩‍👧 ع"),
    ],
)
def test_control_characters_become_visible(text, line, several) -> None:
    assert visible_line(text) == line
    assert visible_text(text) == several


@given(st.text())
def test_what_is_visible_stays_so(text) -> None:
    assert visible_line(visible_line(text)) == visible_line(text)
    assert visible_text(visible_text(text)) == visible_text(text)
    assert not [c for c in visible_text(text) if (c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f"]


def test_lengths_are_limited() -> None:
    with pytest.raises(Invalid, match="longer"):
        visible_line("x" * 501)
    with pytest.raises(Invalid, match="longer"):
        visible_text("x" * 10_001)


@pytest.mark.parametrize("text", ["a", "101", "Ünal 2", "中文", "a" * 128])
def test_names(text) -> None:
    assert check_name(text) == text


@pytest.mark.parametrize(
    ("text", "part"),
    [("", "empty"), (" a", "space"), ("a ", "space"), ("a\nb", "control"), ("\0", "control"), ("a" * 129, "longer")],
)
def test_what_is_no_name(text, part) -> None:
    with pytest.raises(Invalid, match=part):
        check_name(text)


def test_paths_as_people_write_them() -> None:
    assert dotted(("tasks", 17, "number")) == "tasks[17].number"
    assert dotted(("extra", "two words")) == 'extra."two words"'
    assert dotted(("recent", "+4930123456", 0)) == "recent"


def test_messages_stay_on_one_line() -> None:
    assert shown("a\nb\x1b\u202e") == '"a\\nb\\x1b\\u202e"'
    assert len(shown("x" * 1000)) <= 62
    assert "\n" not in str(FormatError(1, 2, "odd", dotted(("a\nb",))))


@pytest.mark.parametrize(
    ("name", "known", "remedy"),
    [
        ("numer", ["number", "name"], 'did you mean "number"?'),
        ("ring-timeout", ["ring_timeout", "gap"], 'did you mean "ring_timeout"?'),
        ("xyz", ["b", "a"], "known: b, a"),
        ("xyz", [f"a{i}" for i in range(99)], ""),
    ],
)
def test_the_nearest_known_name(name, known, remedy) -> None:
    assert nearest(name, known) == remedy
