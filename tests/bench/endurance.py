# SPDX-License-Identifier: GPL-3.0-or-later
"""Call after call after call: does memory stay?"""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet
from tests.bench.process import rss

WARM = 10
"""Calls after which every path has been taken once, and buffers have their size."""


def measure(bench: Bench) -> list[Figure]:
    """Answered calls that the callee ends at the first voice."""
    count = bench.count(1000, 100)
    bench.say(f"{count} calls in a row")
    curve: list[tuple[int, float]] = []
    with Callee(talk=0.0) as callee, \
            Office(bench.place("endurance"), callee, sheet(count + WARM), microphone=bench.voice(16000)) as office:
        curve.append((0, rss(office.pid)))
        step = max(1, count // 20)
        for goal in [WARM, *range(WARM + step, count + WARM + 1, step)]:
            callee.wait(lambda goal=goal: callee.ended() >= goal, 60 + step)  # type: ignore[misc]
            curve.append((goal, rss(office.pid)))
        uploads = len(list(office.results.glob("result-*")))
    warm, last = curve[1][1], curve[-1][1]
    return [Figure("growth", f"growth of resident memory over {count} calls", "%", Sample.of([100 * (last - warm) / warm]), {},
                   "< 5 %", f"{warm:.1f} MiB after {WARM} calls, {last:.1f} MiB after {count + WARM}; sheet of {count + WARM}",
                   {"MiB by calls": [(n, round(m, 2)) for n, m in curve], "results on the server": uploads})]
