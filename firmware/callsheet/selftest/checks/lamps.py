# SPDX-License-Identifier: GPL-3.0-or-later
"""Each lamp by itself, then the buzzer."""

from __future__ import annotations

from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "lamps"
_LAMPS = ("line", "work", "attention")


def check(bench: Bench) -> Verdict:
    """With hands: somebody looks. Without: the lines can be driven."""
    parts = bench.parts
    if parts is None:
        reason = bench.fault(NAME)
        return Verdict(NAME, "fail", reason) if reason else bench.verdict(NAME, "pass", "say.in-use")
    bad: list[str] = []
    for lamp in _LAMPS:
        parts.lamps.show(*("on" if lamp == one else "off" for one in _LAMPS))
        if bench.hands and bench.ask(NAME, f"lamps.{lamp}") != "yes":
            bad.append(lamp)
        bench.settle(0.1)
    parts.lamps.show("off", "off", "off")
    if bench.hands:
        parts.lamps.buzz("ring")
        if bench.ask(NAME, "lamps.buzzer") != "yes":
            bad.append("buzzer")
        parts.lamps.buzz("off")
    if reason := bench.fault(NAME):
        return Verdict(NAME, "fail", reason)
    if bad:
        return bench.verdict(NAME, "fail", "lamps.bad", which=", ".join(bad))
    return bench.verdict(NAME, "pass", "lamps.works" if bench.hands else "lamps.driven")
