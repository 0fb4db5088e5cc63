# SPDX-License-Identifier: GPL-3.0-or-later
"""Intervals between tries."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from callsheet.adapters.transport.backoff import FLOOR, after_failures, spread


@given(failures=st.integers(1, 10**6), shortest=st.floats(0, 1000), longest=st.floats(0, 10_000), seed=st.integers())
def test_bounded(failures: int, shortest: float, longest: float, seed: int) -> None:
    pause = after_failures(failures, shortest, longest, Random(seed).uniform)
    assert FLOOR <= pause <= max(1.2 * longest, FLOOR)


def test_doubles_up_to_the_longest() -> None:
    def middle(low: float, high: float) -> float:
        return (low + high) / 2

    assert [after_failures(n, 5.0, 600.0, middle) for n in range(1, 10)] == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_phones_do_not_keep_step() -> None:
    times = {round(spread(300.0, Random(seed).uniform)) for seed in range(200)}
    assert min(times) >= 240
    assert max(times) <= 360
    assert len(times) > 50
