# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.bench.big write FILE COUNT makes a sheet; … time FILE prints what working it takes, as JSON."""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callsheet.core.ledger import Ended, Intention
from callsheet.core.model import Attempt, HistoryEntry, OrderKey, Sheet, Task, Window
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.queue import Queue
from callsheet.core.settings import CallSettings, NumberSettings
from callsheet.formats.sheet import read_sheet, write_sheet

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
TURNS = 2000
SMALL = 1000
ROUNDS = 5
ZONES = ("Europe/London", "Europe/Berlin", "Asia/Shanghai", "")


def make(count: int) -> Sheet:
    """A mixed sheet, ordered by priority: some with windows, history, an earliest time."""
    dice = random.Random(7)
    tasks = []
    for index in range(count):
        tasks.append(Task(
            f"t{index:06d}", f"+999{index:08d}", name=f"Callee {index}", service=dice.choice(("Check", "Renewal")),
            history=(HistoryEntry("Asked for an offer", AT - timedelta(days=9)),) if index % 4 == 0 else (),
            windows=(Window(AT + timedelta(hours=index % 6), AT + timedelta(hours=index % 6 + 2)),) if index % 10 == 0 else (),
            region=dice.choice(("North", "South")), zone=dice.choice(ZONES), priority=dice.randrange(10),
            not_before=AT + timedelta(minutes=index % 600) if index % 20 == 0 else None, extra={"contract": index},
        ))
    return Sheet("big", "101", 1, tuple(tasks), order=(OrderKey("priority"),), zone="Europe/London", mode="progressive")


def main(argv: list[str]) -> None:
    """See the module's docstring."""
    path = Path(argv[1])
    if argv[0] == "write":
        path.write_bytes(write_sheet(make(int(argv[2]))))
        return
    data = path.read_bytes()
    loads = []
    for _ in range(ROUNDS):
        # One at a time, as in a phone.
        kept: Queue | None = None
        read, queue, kept = _load(data)
        loads.append((read, queue))
    small = Queue(read_sheet(write_sheet(make(SMALL))).sheet, CallSettings(), NumberSettings())
    print(json.dumps({
        "load": [sum(one) for one in loads], "queue": [round(queue, 3) for _, queue in loads],
        "plain": [_timed(lambda: _plain(data)) for _ in range(ROUNDS)],
        "turn": _turns(kept), "turn_small": _turns(small, SMALL // 2),
    }))


def _load(data: bytes) -> tuple[float, float, Queue]:
    """Seconds to read, seconds to queue, and the queue."""
    gc.collect()
    began = time.perf_counter()
    sheet = read_sheet(data).sheet
    read = time.perf_counter()
    queue = Queue(sheet, CallSettings(), NumberSettings())
    if queue.next(AT.timestamp(), True).task is None:
        raise RuntimeError("the sheet has no first task")
    return read - began, time.perf_counter() - read, queue


def _plain(data: bytes) -> None:
    tasks = json.loads(data)["tasks"]
    tasks.sort(key=lambda task: (-task.get("priority", 0), task["id"]))


def _timed(action: Callable[[], None]) -> float:
    gc.collect()
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _turns(queue: Queue, count: int = TURNS) -> list[float]:
    """Microseconds of each turn: next task, intention, end."""
    found = []
    for index in range(count):
        at = AT + timedelta(seconds=60 * index)
        began = time.perf_counter()
        task = queue.next(at.timestamp(), True).task
        if task is None:
            raise RuntimeError("the sheet has run out")
        name = f"a-{index}"
        queue.apply(Intention(name, task.id, task.number, at))
        queue.apply(Ended(Attempt(id=name, task=task.id, number=task.number, dialled=at, ended=at, answered=at,
                                  end=CallEnd(code=200), outcome=Outcome.ANSWERED, action="done")))
        found.append(1e6 * (time.perf_counter() - began))
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
