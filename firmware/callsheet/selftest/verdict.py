# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Result = Literal["pass", "fail", "skip"]


class Verdict(Struct, frozen=True):
    """Of one check."""

    name: str
    result: Result
    text: str = ""
    """What was found; on failure what to do about it."""
    seconds: float = 0.0


class Report(Struct, frozen=True):
    """Of all that were run."""

    checks: tuple[Verdict, ...]
    passed: bool
    """Nothing failed, and something passed."""


def report(verdicts: list[Verdict]) -> Report:
    """The sum of them."""
    results = {verdict.result for verdict in verdicts}
    return Report(tuple(verdicts), "fail" not in results and "pass" in results)
