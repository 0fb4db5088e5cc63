# SPDX-License-Identifier: GPL-3.0-or-later
"""A queue that is slow and obvious, to hold the real one against.

It keeps nothing but sheet and log, works everything out anew at each question,
and finds due times by stepping through the quarters of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from callsheet.core.ledger import AnyEntry, Closed, Decided, Ended, Intention, Postponed, Withdrawn
from callsheet.core.model import Attempt, Rules, Sheet, Task

STEP = 900
HORIZON = 5 * 96
"""Steps that are looked ahead."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FINAL = ("done", "drop", "dnc")
UNREACHED = ("our-fault", "refused", "network-trouble", "caller-blocked")
Found = list[tuple[str, float | None]]


@cache
def open_hours(rules: Rules, zone: str, at: float) -> bool:
    """Whether the callee's clock shows a time within the hours."""
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    if there.date() in rules.holidays:
        return False
    return not rules.hours or any(
        DAYS[there.weekday()] in span.days and span.start <= there.time() < span.end for span in rules.hours)


@dataclass
class Life:
    """What happened to a task."""

    attempts: list[Attempt] = field(default_factory=list)
    intention: Intention | None = None
    postponed: Postponed | None = None
    closed: str = ""

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def over(self) -> bool:
        return bool(self.closed) or (self.intention is None and self.last is not None and self.last.action in FINAL)


class Reference:
    """`limit`: attempts, `strict`: window policy, as the phone's settings have them."""

    def __init__(self, sheet: Sheet, log: list[AnyEntry], limit: int, strict: bool, known: dict[str, list[float]]):
        self.sheet, self.limit, self.strict = sheet, limit, strict
        self.tasks = {task.id: task for task in sheet.tasks if not task.withdrawn}
        self.rank = {task.id: rank for rank, task in enumerate(self._ordered())}
        self.lives: dict[str, Life] = {}
        self.calls: dict[str, set[float]] = {number: set(times) for number, times in known.items()}
        for entry in log:
            self._read(entry)
        for life in self.lives.values():
            if life.intention is not None:
                self._call(life.intention.number, life.intention.at.timestamp())

    def _ordered(self) -> list[Task]:
        tasks = list(self.sheet.tasks)
        for key in reversed(self.sheet.order):
            if key.by == "priority":
                tasks.sort(key=lambda task: -task.priority)
            elif key.by == "window":
                tasks.sort(key=lambda task: min((w.start.timestamp() for w in task.windows), default=1e12))
            elif key.by == "file":
                tasks.sort(key=lambda task: self.sheet.tasks.index(task), reverse=bool(key.descending))
        return tasks

    def _call(self, number: str, at: float) -> None:
        self.calls.setdefault(number, set()).add(at)

    def life(self, task: str) -> Life:
        return self.lives.setdefault(task, Life())

    def _read(self, entry: AnyEntry) -> None:
        match entry:
            case Intention():
                self.life(entry.task).intention = entry
            case Withdrawn():
                for life in self.lives.values():
                    if life.intention is not None and life.intention.attempt == entry.attempt:
                        life.intention = None
            case Ended():
                life = self.life(entry.attempt.task)
                life.intention, life.postponed = None, None
                life.attempts.append(entry.attempt)
                if entry.attempt.ringing is not None or entry.attempt.outcome not in UNREACHED:
                    self._call(entry.attempt.number, entry.attempt.dialled.timestamp())
            case Decided():
                self._correct(entry)
            case Postponed():
                if not self.life(entry.task).over:
                    self.life(entry.task).postponed = entry
            case Closed():
                life = self.life(entry.task)
                if not life.over and life.intention is None:
                    life.closed = entry.outcome

    def _correct(self, entry: Decided) -> None:
        life = self.life(entry.task)
        for index, attempt in enumerate(life.attempts):
            if attempt.id == entry.attempt:
                if index == len(life.attempts) - 1:
                    life.postponed = None
                changed = {name: getattr(entry, name) for name in ("action", "until", "callback", "disposition")}
                if entry.outcome is not None:
                    changed["outcome"] = entry.outcome
                life.attempts[index] = type(attempt)(
                    **{name: changed.get(name, getattr(attempt, name)) for name in attempt.__struct_fields__})

    # Judgement ----------------------------------------------------------------

    def rules(self, task: Task) -> Rules:
        return self.sheet.region_rules.get(task.region, self.sheet.rules or Rules())

    def zone(self, task: Task) -> str:
        return task.zone or self.sheet.zone

    def counted(self, task: str) -> int:
        given = self.tasks[task].attempts if task in self.tasks else 0
        return given + sum(attempt.counted for attempt in self.life(task).attempts)

    def do_not_call(self, number: str) -> bool:
        said = any(
            attempt.number == number and (attempt.action == "dnc" or attempt.outcome == "unwanted")
            for life in self.lives.values() for attempt in life.attempts
        )
        return said or number in self.sheet.do_not_call

    def held(self, task: str) -> str:
        life = self.life(task)
        if life.postponed is not None:
            return ""
        issued = self.sheet.issued.timestamp() if self.sheet.issued else 0.0
        if life.last is not None and life.last.action == "hold" and issued <= life.last.ended.timestamp():
            return life.last.outcome
        return self.tasks[task].held

    def final(self, task: str) -> bool:
        life = self.life(task)
        if life.over:
            return True
        return task not in self.tasks and life.intention is None and (life.last is None or life.last.action != "")

    def appointment(self, task: str) -> tuple[float, str, bool]:
        """Until when, why, and whether it is a call-back."""
        life, sheet_task = self.life(task), self.tasks[task]
        own = sheet_task.not_before.timestamp() if sheet_task.not_before else 0.0
        if life.postponed is not None:
            kind = "callback" if life.postponed.callback else "not-before"
            return life.postponed.until.timestamp(), kind, life.postponed.callback
        for attempt in reversed(life.attempts):
            if attempt.action not in ("pause", "stop", "hold"):
                until = (attempt.until or attempt.ended).timestamp()
                if attempt.callback:
                    return until, "callback", True
                return (until, "retry-wait", False) if until >= own else (own, "not-before", False)
        return own, "callback" if sheet_task.callback else "not-before", sheet_task.callback

    def timeless(self, task: str) -> str:
        """What keeps a task back whatever the time; "" if nothing does."""
        life = self.life(task)
        if life.intention is not None:
            return "active"
        if self.final(task):
            return "final"
        if life.last is not None and life.last.action == "":
            return "undecided"
        if self.tasks[task].number == "112":
            return "number-refused"
        if self.do_not_call(self.tasks[task].number):
            return "do-not-call"
        if self.held(task):
            return "held"
        granted = self.appointment(task)[2] or life.postponed is not None or (
            life.last is not None and life.last.action == "retry")
        if self.counted(task) >= self.limit and not granted:
            return "attempts-limit"
        return ""

    def window(self, task: str, at: float) -> str:
        """"none", "in", "before", "past"."""
        spans = [(w.start.timestamp(), w.end.timestamp()) for w in self.tasks[task].windows]
        if self.appointment(task)[2] or not spans:
            return "none"
        if any(start <= at < end for start, end in spans):
            return "in"
        return "before" if any(start > at for start, _ in spans) else "past"

    def open_hours(self, task: Task, at: float) -> bool:
        return open_hours(self.rules(task), self.zone(task), at)

    def blocked(self, task_id: str, at: float) -> Found:
        """Everything that keeps an otherwise open task back at `at`, with its end where that is known at once."""
        task, found = self.tasks[task_id], []  # type: tuple[Task, Found]
        until, kind, _ = self.appointment(task_id)
        if until > at:
            found.append((kind, until))
        match self.window(task_id, at):
            case "before":
                found.append(("window", min(w.start.timestamp() for w in task.windows if w.start.timestamp() > at)))
            case "past" if self.strict:
                found.append(("window-missed", None))
        rules = self.rules(task)
        for cap in rules.caps:
            calls = sorted(self.calls.get(task.number, ()))
            recent = [call for call in calls if call + cap.period > at]
            if len(recent) >= cap.limit:
                found.append(("cap", recent[-cap.limit] + cap.period))
        refusals = [
            attempt.ended.timestamp() for life in self.lives.values() for attempt in life.attempts
            if attempt.number == task.number and attempt.outcome in ("declined", "unwanted")
        ]
        if rules.block_after_refusal and refusals and max(refusals) + rules.block_after_refusal > at:
            found.append(("refusal-block", max(refusals) + rules.block_after_refusal))
        if rules.hours or rules.holidays:
            if self.zone(task) == "":
                found.append(("unknown-zone", None))
            elif not self.open_hours(task, at):
                step = next((n for n in range(1, HORIZON) if self.open_hours(task, self._grid(at, n))), None)
                found.append(("hours", None if step is None else self._grid(at, step)))
        return found

    @staticmethod
    def _grid(at: float, step: int) -> float:
        return (at // STEP + step) * STEP

    def due(self, task: str, at: float) -> float | None:
        """The first quarter of an hour from `at` on when nothing keeps it back."""
        if not self.blocked(task, at):
            return at
        for step in range(1, HORIZON):
            found = self.blocked(task, self._grid(at, step))
            if not found:
                return self._grid(at, step)
            if any(kind in ("unknown-zone", "window-missed") for kind, _ in found):
                return None
        return None

    def place(self, task: str, at: float) -> tuple[int, float, int]:
        """Its place among those that may be dialled at `at`."""
        until, _, callback = self.appointment(task)
        if callback:
            return 0, until, self.rank[task]
        return {"in": 1, "none": 2, "past": 3}.get(self.window(task, at), 2), 0.0, self.rank[task]

    def open_tasks(self) -> list[str]:
        return [task for task in self.tasks if not self.timeless(task)]

    def closing(self, at: float) -> dict[str, str]:
        """What sweeping must close."""
        found = {}
        for task in self.tasks:
            why = self.timeless(task)
            if why in ("number-refused", "do-not-call", "attempts-limit"):
                found[task] = why
            elif not why and self.strict and self.window(task, at) == "past":
                found[task] = "window-missed"
        return found
