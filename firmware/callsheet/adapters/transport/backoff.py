# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again: doubling, bounded, and never in step with the other phones of the office."""

from __future__ import annotations

from collections.abc import Callable

JITTER = 0.2
FLOOR = 0.05
"""Seconds; settings may say 0, a busy loop is never meant."""


def after_failures(failures: int, shortest: float, longest: float, uniform: Callable[[float, float], float]) -> float:
    """Seconds until the next try after so many failures in a row (1: the first)."""
    base = min(longest, max(shortest, FLOOR) * 2.0 ** min(failures - 1, 30))
    return max(spread(base, uniform), FLOOR)


def spread(seconds: float, uniform: Callable[[float, float], float]) -> float:
    """A time, ± 20 %."""
    return seconds * uniform(1.0 - JITTER, 1.0 + JITTER)
