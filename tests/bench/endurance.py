# SPDX-License-Identifier: GPL-3.0-or-later
"""Call after call after call: does memory stay?"""

from __future__ import annotations

import time

from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet
from tests.bench.process import rss

TALK = 0.2
"""Seconds of the agent's voice: four calls a second, some hundred times what an agent does."""
WARM = 40.0
"""Seconds of calls before the count begins. SIP has a phone remember each BYE it answered for 32 s (RFC 3261
§17.2.2, timer J), in this stack with the dialogue, 44 kB a call: that levels off only then."""
FASTEST = 6
"""Calls a second that the sheet must outlast during the warm-up."""


def measure(bench: Bench) -> list[Figure]:
    """Answered calls that the callee ends, one after another without a pause."""
    count = bench.count(1000, 100)
    bench.say(f"{count} calls after {WARM:.0f} s of calls")
    curve: list[tuple[int, float]] = []
    tasks = int(count + WARM * FASTEST)
    with Callee(talk=TALK) as callee, \
            Office(bench.place("endurance"), callee, sheet(tasks), microphone=bench.voice(16000)) as office:
        cold = rss(office.pid)
        time.sleep(WARM)
        first = callee.ended()
        began = time.monotonic()
        for goal in range(first, first + count + 1, max(1, count // 20)):
            callee.wait(lambda goal=goal: callee.ended() >= goal, 120)  # type: ignore[misc]
            curve.append((goal, round(rss(office.pid), 2)))
        rate = count / (time.monotonic() - began)
        uploads = len(list(office.results.glob("result-*")))
    warm, last = curve[0][1], curve[-1][1]
    return [Figure("growth", f"growth of resident memory over {count} calls", "%", Sample.of([100 * (last - warm) / warm]), {},
                   "< 5 %", f"{warm:.1f} MiB after {first} calls, {last:.1f} MiB {count} later; {rate:.0f} calls a second; "
                   f"sheet of {tasks}", {"MiB before the first call": cold, "MiB by calls": curve,
                                         "results on the server": uploads})]
