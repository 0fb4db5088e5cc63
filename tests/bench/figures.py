# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, as values that print and go to JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class Sample(Struct, frozen=True):
    """Readings of one thing, in the figure's unit."""

    n: int
    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """Raises ValueError if there are none: a figure that was not measured is not shown."""
        if not values:
            raise ValueError("nothing was measured")
        return cls(len(values), statistics.median(values), min(values), max(values))

    def text(self) -> str:
        """Median, and the range if there is one."""
        middle = number(self.median)
        return middle if self.n == 1 else f"{middle}  ({number(self.min)} to {number(self.max)}, n={self.n})"


class Figure(Struct):
    """One line of the table."""

    name: str
    what: str
    unit: str
    ours: Sample | None
    peers: dict[str, Sample] = {}
    target: str = ""
    note: str = ""
    """How it was measured, or why it was not."""
    details: dict[str, Any] = {}


def number(value: float) -> str:
    """Three digits that matter."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 or not value \
        else f"{value:.4f}"
