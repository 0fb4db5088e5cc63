# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling caps per number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callsheet.core.caps import Caps
from callsheet.core.model import Cap
from callsheet.core.presets import PRESETS

DAY = 86400.0


def test_three_in_a_day_and_free_as_the_first_leaves_the_window() -> None:
    caps = Caps()
    for at in (1000.0, 5000.0, 9000.0):
        assert caps.blocked_until("+1", PRESETS["us-fl"].caps, at) is None
        caps.record("+1", at)
    assert caps.blocked_until("+1", PRESETS["us-fl"].caps, 9001.0) == 1000 + DAY
    assert caps.blocked_until("+1", PRESETS["us-fl"].caps, 1000 + DAY) is None
    assert caps.blocked_until("+2", PRESETS["us-fl"].caps, 9001.0) is None


def test_the_cap_that_lets_go_last_decides() -> None:
    caps = Caps()
    for at in (0.0, 100.0, 200.0):
        caps.record("n", at)
    assert caps.blocked_until("n", PRESETS["cn"].caps, 201.0) == 300.0
    caps.record("n", 400.0)
    caps.record("n", 600.0)
    assert caps.blocked_until("n", PRESETS["cn"].caps, 601.0) == DAY


def test_one_call_told_twice_counts_once() -> None:
    caps = Caps()
    assert caps.record("n", 100.0)
    assert not caps.record("n", 100.4)
    caps.merge({"n": (99.9, 200.0)})
    assert caps.calls("n") == (100.0, 200.0)


def test_a_withdrawn_call_is_forgotten_and_calls_may_come_in_any_order() -> None:
    caps = Caps()
    for at in (300.0, 100.0, 200.0):
        caps.record("n", at)
    caps.forget("n", 200.0)
    caps.forget("n", 12345.0)
    caps.forget("m", 1.0)
    assert caps.calls("n") == (100.0, 300.0)


def test_what_is_handed_back() -> None:
    caps = Caps()
    caps.merge({"b": [10.0, 500.0], "a": [20.0], "c": [900.0]})
    assert caps.recent(since=20.0) == {"b": (500.0,), "c": (900.0,)}


@given(
    st.lists(st.integers(0, 3000), unique=True, max_size=40).map(sorted), st.integers(1, 5),
    st.integers(1, 1000), st.integers(3000, 4500),
)  # fmt: skip
def test_against_counting(times: list[int], limit: int, period: int, at: int) -> None:
    caps = Caps()
    for moment in times:
        caps.record("n", float(moment))

    def full(now: float) -> bool:
        return sum(moment + period > now for moment in times) >= limit

    until = caps.blocked_until("n", (Cap(limit, float(period)),), float(at))
    assert (until is not None) == full(at)
    if until is not None:
        assert not full(until)
        assert full(until - 0.5)
