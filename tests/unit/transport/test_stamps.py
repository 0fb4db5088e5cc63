# SPDX-License-Identifier: GPL-3.0-or-later
"""When a time in whole seconds may be trusted."""

from callsheet.adapters.transport import stamps
from callsheet.ports import Origin


def look(modified: str, seen: Origin | None, now: float) -> Origin:
    return Origin("sftp://x/y", stamps.mark(modified, seen, now), modified)


def test_one_look_proves_nothing():
    first = look("100 5", None, 1000.0)
    assert not stamps.is_unchanged("100 5", first)


def test_two_looks_at_once_prove_nothing():
    second = look("100 5", look("100 5", None, 1000.0), 1002.0)
    assert not stamps.is_unchanged("100 5", second)
    assert second.etag == "1000"


def test_two_looks_apart_do():
    second = look("100 5", look("100 5", None, 1000.0), 1004.0)
    assert stamps.is_unchanged("100 5", second)
    assert not stamps.is_unchanged("101 5", second)
    assert not stamps.is_unchanged("100 6", second)


def test_a_change_begins_anew():
    settled = look("100 5", look("100 5", None, 1000.0), 1004.0)
    changed = look("101 5", settled, 1100.0)
    assert not stamps.is_unchanged("101 5", changed)


def test_no_time_is_never_unchanged():
    for _ in range(2):
        origin = look("", look("", None, 1000.0), 2000.0)
        assert not stamps.is_unchanged("", origin)


def test_etag_of_a_web_server_is_not_ours():
    assert not stamps.is_unchanged("100 5", Origin("x", '"settle"', "100 5"))
