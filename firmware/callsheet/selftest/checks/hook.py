# SPDX-License-Identifier: GPL-3.0-or-later
"""The hook switch, up and down."""

from __future__ import annotations

from callsheet.core.events import HookChanged
from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "hook"


def check(bench: Bench) -> Verdict:
    """With hands: it is lifted and put down. Without: its line can be read."""
    if not bench.settings.hardware.hook and not bench.settings.simulator.enabled:
        return bench.verdict(NAME, "skip", "hook.none")
    if bench.parts is None:
        reason = bench.fault(NAME)
        return Verdict(NAME, "fail", reason) if reason else bench.verdict(NAME, "pass", "say.in-use")
    bench.settle(0.2)
    if reason := bench.fault(NAME):
        return Verdict(NAME, "fail", reason)
    if not bench.hands:
        return bench.verdict(NAME, "pass", "hook.readable")
    bench.show(bench.words("check.hook"), bench.words("hook.lift"))
    for off in (True, False):
        if bench.off_hook != off and not bench.wait(lambda event, off=off: event == HookChanged(off)):  # type: ignore[misc]
            return bench.verdict(NAME, "fail", "hook.silent")
    return bench.verdict(NAME, "pass", "hook.works")
