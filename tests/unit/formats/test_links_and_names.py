# SPDX-License-Identifier: GPL-3.0-or-later
"""Links with placeholders, and names of uploads: nothing put into them can lead elsewhere."""

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.errors import Invalid
from callsheet.formats.links import check_placeholders, fill
from callsheet.formats.names import parsed_name, upload_name


@pytest.mark.parametrize(
    ("link", "filled"),
    [
        ("http://h/{agent}.json", "http://h/101.json"),
        ("http://h/{mac}/{serial}?a={agent}", "http://h/b827eb000001/10000000abcd?a=101"),
        ("http://h/plain.json", "http://h/plain.json"),
        ("", ""),
    ],
)
def test_placeholders_are_filled(link, filled) -> None:
    assert fill(link, agent="101", mac="b827eb000001", serial="10000000abcd") == filled


@pytest.mark.parametrize(("link", "part"), [
    ("http://h/{agnt}", "unknown placeholder"),
    ("http://h/{}", "unknown placeholder"),
    ("http://h/{AGENT}", "unknown placeholder"),
    ("http://h/{agent", "brace"),
    ("http://h/agent}", "brace"),
    ("http://h/{{agent}}", "brace"),
])
def test_what_is_no_placeholder(link, part) -> None:
    with pytest.raises(Invalid, match=part):
        check_placeholders(link)


@pytest.mark.parametrize("agent", ["", ".", ".."])
def test_a_value_that_would_change_the_path_is_refused(agent) -> None:
    with pytest.raises(Invalid, match="not known"):
        fill("http://h/{agent}/x", agent=agent)


@given(st.text(min_size=1))
def test_a_value_never_leaves_its_part_of_the_link(agent) -> None:
    try:
        link = fill("http://host/sheets/{agent}.json", agent=agent)
    except Invalid:
        return
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("http", "host", "", "")
    assert parts.path.count("/") == 2


def test_the_name_of_an_upload() -> None:
    name = upload_name("result", "101", "2026-11 renewals", 3, "phone-7", 42)
    assert name == "result-101-2026_11_renewals-r3-phone_7-000042.json"
    assert parsed_name(name) == {
        "kind": "result", "agent": "101", "sheet": "2026_11_renewals", "revision": "3", "phone": "phone_7",
        "seq": "000042",
    }


@pytest.mark.parametrize(("kind", "revision", "seq"), [("../x", 0, 0), ("result", -1, 0), ("result", 0, -1)])
def test_what_is_no_upload(kind, revision, seq) -> None:
    with pytest.raises(ValueError):
        upload_name(kind, "a", "b", revision, "c", seq)


@pytest.mark.parametrize("name", ["", "result.json", "../result-1-1-r1-1-000001.json", "other-1-1-r1-1-000001.json"])
def test_what_is_no_name_of_an_upload(name) -> None:
    assert parsed_name(name) is None


@given(st.text(), st.text(), st.text(), st.integers(0, 10**9))
def test_no_name_escapes_its_folder(agent, sheet, phone, seq) -> None:
    name = upload_name("complete", agent, sheet, 1, phone, seq)
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name.isascii()
    assert len(name) < 255
    assert parsed_name(name) is not None
