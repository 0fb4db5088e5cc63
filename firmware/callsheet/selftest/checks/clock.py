# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the time of day right?"""

from __future__ import annotations

import time
from datetime import datetime

from callsheet.adapters.clock import BUILT, synchronised
from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "clock"


def check(bench: Bench) -> Verdict:
    """Calling hours are the law, so a clock that nobody has set is a failure on a real phone."""
    wall = time.time()
    shown = datetime.fromtimestamp(wall).astimezone().isoformat(timespec="seconds")
    if wall < BUILT:
        return bench.verdict(NAME, "fail", "clock.wrong", time=shown)
    if bench.settings.simulator.enabled or synchronised():
        return bench.verdict(NAME, "pass", "clock.works", time=shown)
    return bench.verdict(NAME, "fail", "clock.unknown", time=shown)
