# SPDX-License-Identifier: GPL-3.0-or-later
"""Results v1: what became of the calls of a sheet. JSON; one file per call, and one when the sheet is finished.

A task that comes in several files is as the one with the latest `issued` has it;
attempts are the same in all of them, and have ids that are never used twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta, Struct

from callsheet.core.model import Attempt, Instant, Scalar, Sheet, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.retry import FINAL_ACTIONS
from callsheet.formats.json_document import read_document

FORMAT = "callsheet-results"
VERSION = 1

Kind = Literal["result", "complete"]


class TaskResult(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One task and all attempts made on this phone."""

    id: str
    number: str
    final: bool
    """Never to be dialled again."""
    name: str = ""
    outcome: str = ""
    """Of the last attempt, or why the task ended without one (such as "window-missed"); empty: not called yet."""
    disposition: str = ""
    """Code of what the agent said of the last call."""
    note: str = ""
    attempts: tuple[Attempt, ...] = ()
    region: str = ""
    priority: int = 0
    extra: dict[str, Scalar] = {}
    """As in the sheet."""


class Problem(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something the manager or a technician should look at."""

    text: str
    task: str = ""
    outcome: str = ""


class Totals(Struct, frozen=True, forbid_unknown_fields=True):
    """Sums over the tasks of the file."""

    tasks: Annotated[int, Meta(ge=0)] = 0
    final: Annotated[int, Meta(ge=0)] = 0
    attempts: Annotated[int, Meta(ge=0)] = 0
    answered: Annotated[int, Meta(ge=0)] = 0
    """Attempts that were answered."""
    talk_seconds: Annotated[float, Meta(ge=0)] = 0.0
    outcomes: dict[str, int] = {}
    """Tasks by outcome; those not called yet are under "open"."""


class Results(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A results file."""

    format: Literal["callsheet-results"]
    version: Literal[1]
    kind: Kind
    sheet: str
    revision: Annotated[int, Meta(ge=0)]
    agent: str
    phone: str
    issued: Instant
    tasks: tuple[TaskResult, ...]
    totals: Totals
    problems: tuple[Problem, ...] = ()


class TaskState(Protocol):
    """Where a task stands, as far as results are concerned; the queue's own states are such."""

    @property
    def task(self) -> Task:
        """As the sheet has it."""

    @property
    def outcome(self) -> str:
        """Of the last attempt, or why it was closed without one; empty: not called yet."""

    @property
    def final(self) -> bool:
        """Never to be dialled again."""

    @property
    def disposition(self) -> str:
        """Of the last attempt."""

    @property
    def note(self) -> str:
        """Of the last attempt."""


def result_document(
    sheet: Sheet, task: Task, attempt: Attempt, phone: str, at: datetime, *,
    final: bool | None = None, problems: Iterable[Problem] = (),
) -> Results:
    """The file about one call. `final`: whether the task is done with; None: as the attempt's action says."""
    done = attempt.action in FINAL_ACTIONS if final is None else final
    result = _task_result(task, attempt.outcome, done, attempt.disposition, attempt.note, (attempt,))
    return _document("result", sheet, (result,), phone, at, problems)


def complete_document(
    sheet: Sheet, states: Iterable[TaskState], attempts: Iterable[Attempt], phone: str, at: datetime,
    problems: Iterable[Problem] = (),
) -> Results:
    """The file about all tasks of a sheet: `states` in the order wanted, `attempts` of all of them in order of time."""
    made: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        made[attempt.task].append(attempt)
    tasks = tuple(
        _task_result(s.task, s.outcome, s.final, s.disposition, s.note, tuple(made.get(s.task.id, ()))) for s in states
    )
    return _document("complete", sheet, tasks, phone, at, problems)


def _document(
    kind: Kind, sheet: Sheet, tasks: tuple[TaskResult, ...], phone: str, at: datetime, problems: Iterable[Problem]
) -> Results:
    return Results(
        format="callsheet-results", version=1, kind=kind, sheet=sheet.id, revision=sheet.revision, agent=sheet.agent,
        phone=phone, issued=at, tasks=tasks, totals=totals(tasks), problems=tuple(problems),
    )


def _task_result(
    task: Task, outcome: str, final: bool, disposition: str, note: str, attempts: tuple[Attempt, ...]
) -> TaskResult:
    return TaskResult(
        id=task.id, number=task.number, final=final, name=task.name, outcome=str(outcome), disposition=disposition,
        note=note, attempts=attempts, region=task.region, priority=task.priority, extra=task.extra,
    )


def totals(tasks: Iterable[TaskResult]) -> Totals:
    """Sums over results, of one file or of many; a task must not be among them twice."""
    tasks = tuple(tasks)
    attempts = [attempt for task in tasks for attempt in task.attempts]
    return Totals(
        tasks=len(tasks),
        final=sum(task.final for task in tasks),
        attempts=len(attempts),
        answered=sum(attempt.outcome is Outcome.ANSWERED for attempt in attempts),
        talk_seconds=round(sum(attempt.talk_seconds for attempt in attempts), 3),
        outcomes=dict(sorted(Counter(task.outcome or "open" for task in tasks).items())),
    )


def write_results(results: Results) -> bytes:
    """The file; the same results give the same bytes."""
    head = msgspec.json.encode(msgspec.structs.replace(results, tasks=()))
    before, after = head.split(b'"tasks":[]', 1)
    tasks = b",\n".join([msgspec.json.encode(task) for task in results.tasks])
    return before + b'"tasks":[' + (b"\n" + tasks + b"\n" if tasks else b"") + b"]" + after + b"\n"


def read_results(data: bytes) -> Results:
    """A results file; raises FormatError with line, column and path."""
    return read_document(data, Results)
