# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet of 100,000 tasks: loaded, planned, worked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Sample
from tests.bench.process import Finished, run

COUNT = 100_000
PLAIN = """\
import json, sys
tasks = json.loads(open(sys.argv[1], "rb").read())["tasks"]
tasks.sort(key=lambda task: (-task.get("priority", 0), task["id"]))
print(len(tasks))
"""


def measure(bench: Bench) -> list[Figure]:
    """The commands as a user starts them, end to end."""
    folder = bench.place("sheets")
    folder.mkdir()
    bench.say(f"{COUNT:,} tasks")
    run([sys.executable, "-m", "tests.bench.big", "write", str(folder / "big.json"), str(COUNT)], Path.cwd())
    rounds = bench.count(5, 2)
    command = [sys.executable, "-m", "callsheet", "sheet"]
    check = [run([*command, "check", "big.json"], folder) for _ in range(rounds)]
    plan = [run([*command, "plan", "big.json", "--at", "2026-06-01T09:00:00+00:00"], folder) for _ in range(rounds)]
    plain = [run([sys.executable, "-c", PLAIN, "big.json"], folder) for _ in range(rounds)]
    inside = json.loads(run([sys.executable, "-m", "tests.bench.big", "time", str(folder / "big.json")],
                            Path.cwd()).output.splitlines()[-1])
    size = round((folder / "big.json").stat().st_size / 1e6, 1)
    note = f"file of {size} MB; the peer is json.loads and one sort, which checks nothing"
    return [
        _wall("sheet-check", f"callsheet sheet check, {COUNT:,} tasks", check, plain, note),
        _wall("sheet-plan", f"callsheet sheet plan, {COUNT:,} tasks", plan, plain, note),
        Figure("sheet-load", f"bytes to a queue with its first task, {COUNT:,} tasks", "s", Sample.of(inside["load"]),
               {"json + sort": Sample.of(inside["plain"])}, "≤ 1 s (desktop), ≤ 4 s (Pi 4)",
               "within one process: read, checked, put in order, first task chosen", {"queue": inside["queue"]}),
        Figure("next-task", f"one turn of the queue among {COUNT:,} tasks", "µs", Sample.of(inside["turn"]), {}, "O(log n)",
               "next task, intention, end of attempt; among 1,000 tasks: "
               f"{Sample.of(inside['turn_small']).median:.0f} µs"),
        _peak("sheet-memory", "peak memory of sheet plan", plan, plain),
    ]


def _wall(name: str, what: str, ours: list[Finished], plain: list[Finished], note: str) -> Figure:
    return Figure(name, what, "s", Sample.of([f.seconds for f in ours]),
                  {"json + sort": Sample.of([f.seconds for f in plain])}, "seconds", note)


def _peak(name: str, what: str, ours: list[Finished], plain: list[Finished]) -> Figure:
    return Figure(name, what, "MiB", Sample.of([f.peak for f in ours]), {"json + sort": Sample.of([f.peak for f in plain])})
