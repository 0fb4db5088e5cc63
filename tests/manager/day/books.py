# SPDX-License-Identifier: GPL-3.0-or-later
"""The evening: the report, the phones' words and the callees' own log are held against each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from callsheet.core.model import Attempt as Call
from callsheet.core.outcomes import Outcome
from callsheet.core.retry import FINAL_ACTIONS
from callsheet.manager.opened import Manager
from callsheet.manager.storage.tables import Attempt, Delivery, Task
from callsheet.manager.work.attempts import SUMMARY
from callsheet.simulator.town.log import CallRecord
from tests.manager.day.office import MOST_CALLS

NEVER_LEFT = frozenset({"unknown", "our-fault"})


class Books(Struct):
    """What there is to say at the end."""

    rows: int
    calls: int
    rung: int
    """By the town's log."""
    lost: int
    """Calls that the phone which died had not reported."""
    outcomes: dict[str, int]
    problems: list[str]


def close(manager: Manager, calls: list[CallRecord], report: Path, rows: int, died: float) -> Books:
    """`died`: when one phone was killed (POSIX seconds): what it had not told by then, nobody knows."""
    with manager.database.read() as db:
        tasks = list(db.scalars(select(Task)))
        attempts = list(db.scalars(select(Attempt).order_by(Attempt.dialled)))
        errors = list(db.scalars(select(Delivery.error).where(Delivery.error != "")))
    rung = [call for call in calls if call.direction == "to-town"]
    told = {_digits(row.number): row for row in tasks}
    problems = [f"a file was not taken in: {error}" for error in errors]
    problems += [f"{task.key} is not finished" for task in tasks if not task.final]
    untold = {row.task_id for row in attempts if row.id.startswith(SUMMARY)}
    # What the dead phone had done is known, what came of it is not: "unknown" in the report.
    problems += [f"{task.key} has no outcome" for task in tasks if task.final and not task.outcome and task.id not in untold]
    if len(tasks) != rows:
        problems.append(f"{len(tasks)} tasks of {rows} rows")
    lost, unpaired = _paired(rung, attempts, died)
    problems += unpaired
    problems += _policy(attempts, lost, told)
    problems += _within_cap(rung, attempts, lost)
    problems += _exported(report, tasks, attempts)
    return Books(len(tasks), len(attempts), len(rung), sum(lost.values()), dict(Counter(t.outcome or "unknown" for t in tasks)), problems)


def _paired(rung: list[CallRecord], attempts: list[Attempt], died: float) -> tuple[Counter[str], list[str]]:
    """Calls that nobody reported, by number, which must be those of the phone that died; and what is wrong."""
    ours = Counter(_digits(row.canonical) for row in attempts if row.outcome not in NEVER_LEFT)
    maybe = Counter(_digits(row.canonical) for row in attempts if row.outcome in NEVER_LEFT)
    theirs = Counter(_digits(call.number) for call in rung)
    lost: Counter[str] = Counter()
    found = []
    for number in ours.keys() | theirs.keys():
        more = theirs[number] - ours[number]
        if more < 0:
            found.append(f"…{number[-4:]}: {-more} calls in the report that no callee saw")
        elif more > maybe[number]:
            near = [call for call in rung if _digits(call.number) == number and died - 30 < call.at < died + 1]
            if len(near) < more - maybe[number]:
                found.append(f"…{number[-4:]} rang {theirs[number]} times, of which {ours[number]} are reported")
            else:
                lost[number] = more - maybe[number]
    return lost, found


def _policy(attempts: list[Attempt], lost: Counter[str], told: dict[str, Task]) -> list[str]:
    """No call but after a retry that was due, and none after the last word."""
    by_task: dict[int | None, list[Attempt]] = defaultdict(list)
    for row in attempts:
        by_task[row.task_id].append(row)
    found = []
    for task, made in by_task.items():
        if any(row.id.startswith(SUMMARY) for row in made):
            continue  # its own file is lost with the phone that died; the town's log is asked about it
        if task is None:
            found.append("a call belongs to no task")
            continue
        words = [msgspec.convert(row.body, Call, strict=False) for row in made]
        for (row, earlier), (_, later) in pairwise(zip(made, words, strict=True)):
            due = earlier.action == "retry" and (earlier.until is None or later.dialled >= earlier.until)
            # A fault of ours pauses the queue and uses up no attempt: the callee's turn is still to come.
            ours = earlier.action == "pause" and row.outcome == Outcome.OUR_FAULT and not row.counted
            if not due and not ours and earlier.action != "hold":
                found.append(f"task {task}: called again after {earlier.action}")
        if words[-1].action not in FINAL_ACTIONS and not lost[_digits(made[-1].canonical)]:
            found.append(f"task {task} is left with {words[-1].action}")
    del told
    return found


def _within_cap(rung: list[CallRecord], attempts: list[Attempt], lost: Counter[str]) -> list[str]:
    """A call that failed on our side before it was heard ringing does not count (core.queue.memory), if it got there."""
    theirs = Counter(_digits(call.number) for call in rung)
    free = Counter(_digits(row.canonical) for row in attempts if not row.capped)
    told = {number: " ".join(row.outcome for row in attempts if _digits(row.canonical) == number)
            for number, count in theirs.items() if count > MOST_CALLS + free[number] + bool(lost[number])}
    return [f"…{number[-4:]} rang {theirs[number]} times: {outcomes}" for number, outcomes in told.items()]


def _exported(report: Path, tasks: list[Task], attempts: list[Attempt]) -> list[str]:
    """The workbook as somebody opens it."""
    book = CalamineWorkbook.from_path(report)
    rows = _table(book, "rows")
    found = []
    if sorted(row["id"] for row in rows) != sorted(task.key for task in tasks):
        found.append("the workbook does not have every row once")
    if not all(row["done"] and row["outcome"] for row in rows):
        found.append("a row of the workbook has no outcome")
    calls = [row for row in attempts if row.task_id is not None]
    for name, whole in (("rows", rows), ("agents", _table(book, "agents")), ("days", _table(book, "days")),
                        ("lists", _table(book, "lists"))):
        if sum(int(row["calls"]) for row in whole) != len(calls):
            found.append(f"calls of sheet {name} are not {len(calls)}")
        if abs(sum(row["talk seconds"] for row in whole) - sum(row.talk_seconds for row in calls)) > 1:
            found.append(f"talk of sheet {name} does not add up")
    if len(_table(book, "calls")) != len(calls):
        found.append("sheet calls does not have every call")
    return found


def _table(book: CalamineWorkbook, name: str) -> list[dict[str, Any]]:
    titles, *rows = book.get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, titles), row, strict=True)) for row in rows]


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())
