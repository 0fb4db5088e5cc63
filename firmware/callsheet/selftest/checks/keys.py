# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key once."""

from __future__ import annotations

from callsheet.core.keypad import LAYOUTS
from callsheet.selftest.bench import PATIENCE, Bench, Happening, Pressed
from callsheet.selftest.verdict import Verdict

NAME = "keys"


def check(bench: Bench) -> Verdict:
    """With hands: each is pressed. Without: none is down, and no wire touches another."""
    parts = bench.parts
    if parts is None:
        reason = bench.fault("keypad")
        return Verdict(NAME, "fail", reason) if reason else bench.verdict(NAME, "pass", "say.in-use")
    bench.settle(0.5)
    if reason := bench.fault("keypad"):
        return Verdict(NAME, "fail", reason)
    layout = LAYOUTS[bench.settings.phone.keypad]
    if bench.closed:
        down = " ".join(layout[row][column] for row, column in sorted(bench.closed))
        return bench.verdict(NAME, "fail", "keys.down", caps=down)
    if not bench.hands:
        return bench.verdict(NAME, "pass", "keys.idle")
    left = list("".join(layout))
    total = len(left)
    while left:
        bench.show(bench.words("check.keys"), bench.words("keys.press"),
                   bench.words("keys.left", caps=" ".join(left)))
        if not bench.wait(lambda event: _takes(event, left), PATIENCE):
            return bench.verdict(NAME, "fail", "keys.missing", caps=" ".join(left))
    return bench.verdict(NAME, "pass", "keys.works", count=total)


def _takes(event: Happening, left: list[str]) -> bool:
    if not isinstance(event, Pressed) or event.cap not in left:
        return False
    left.remove(event.cap)
    return True
