# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of a call sheet: checked, its number made dialable, its texts safe to show, its times made definite."""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from callsheet.core.model import HistoryEntry, Scalar, Task
from callsheet.formats.errors import Invalid, Path
from callsheet.formats.moments import FIRST_YEAR, LAST_YEAR, is_zone, moment, zone
from callsheet.formats.numbers import dialable, is_number
from callsheet.formats.texts import MAX_LINE, MAX_NAME, check_name, visible_line, visible_text
from callsheet.formats.typed import MAX_SECONDS, MAX_WHOLE, typed

MAX_TASKS = 200_000
MAX_ENTRIES = 1_000
"""Entries of history and of past attempts, windows, and extra fields of one task."""

_TIMES = (("windows", ("start", "end")), ("history", ("at",)), ("past", ("at",)))
_FEW = 200


class RowFault(Struct, frozen=True):
    """A row that cannot be used; `row` counts from 0."""

    row: int
    id: str
    fault: Invalid


class Rows:
    """The good and the bad rows of one sheet, gathered in order."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.rows: list[int] = []
        """For each task, which row it came from."""
        self.bad: list[RowFault] = []

    def reject(self, row: int, id: str, fault: Invalid) -> None:
        """Leave a row out."""
        self.bad.append(RowFault(row, id[:200], fault))

    def accept(self, row: int, task: Task) -> None:
        """Take a row in if all its values make sense."""
        try:
            checked = checked_task(task)
        except Invalid as fault:
            self.reject(row, task.id, fault)
        else:
            self.tasks.append(checked)
            self.rows.append(row)

    def drop_repeated_ids(self) -> None:
        """Of rows with the same id all but the first are bad: nobody could say which one a result belongs to."""
        first: dict[str, int] = {}
        for row, task in zip(self.rows, self.tasks, strict=True):
            first.setdefault(task.id, row)
        if len(first) == len(self.tasks):
            return
        kept = [(r, t) for r, t in zip(self.rows, self.tasks, strict=True) if first[t.id] == r]
        for row, task in zip(self.rows, self.tasks, strict=True):
            if first[task.id] != row:
                self.reject(row, task.id, Invalid(f"task {first[task.id] + 1} of the file has the same id", ("id",)))
        self.rows = [row for row, _ in kept]
        self.tasks = [task for _, task in kept]
        self.bad.sort(key=lambda bad: bad.row)


def task_from(obj: Any, sheet_zone: str) -> Task:
    """A task from plain objects whose times may be local to the callee; raises Invalid with the path of the fault."""
    if isinstance(obj, dict):
        own = obj.get("zone")
        obj = _with_moments(obj, own if isinstance(own, str) and own else sheet_zone)
    return typed(obj, Task)


def _with_moments(obj: dict[str, Any], where: str) -> dict[str, Any]:
    found = dict(obj)
    path: Path = ("not_before",)
    try:
        if isinstance(obj.get("not_before"), str):
            found["not_before"] = moment(obj["not_before"], where)
        for name, keys in _TIMES:
            if not isinstance(obj.get(name), list):
                continue
            found[name] = []
            for index, entry in enumerate(obj[name]):
                if isinstance(entry, dict):
                    for key in keys:
                        if isinstance(entry.get(key), str):
                            path = (name, index, key)
                            entry = {**entry, key: moment(entry[key], where, key == "end")}
                found[name].append(entry)
    except Invalid as fault:
        raise fault.under(*path) from None
    return found


def checked_task(task: Task) -> Task:
    """The task with dialable number and visible texts; the same object where nothing had to be changed.

    Raises Invalid with the path of the first fault.
    """
    if _is_ordinary(task):
        return task
    _at("id", check_name, task.id)
    if not is_number(task.number) and not (task.withdrawn and not task.number):
        task = replace(task, number=_at("number", dialable, task.number))
    if task.zone:
        _at("zone", zone, task.zone)
    for index, window in enumerate(task.windows):
        if window.end <= window.start:
            raise Invalid("a window ends before it starts", ("windows", index))
    _check_figures(task)
    _check_years(task)
    return _with_visible_texts(task)


def _is_ordinary(task: Task) -> bool:
    """Whether a quick look is enough to say that all is well with a task.

    Nearly all tasks of a large sheet are such, and each rule by itself took five
    times as long. What it does not see through it leaves to the rules.
    """
    texts = [task.id, task.name, task.service, task.region, task.held]
    for entry in task.history:
        texts += (entry.text, entry.by)
        if entry.at is not None and not FIRST_YEAR < entry.at.year < LAST_YEAR:
            return False
    for key, value in task.extra.items():
        if isinstance(value, str):
            texts += (key, value)
        elif key and (value is None or -MAX_SECONDS < value < MAX_SECONDS):
            texts.append(key)
        else:
            return False
    for window in task.windows:
        if not (window.start < window.end and window.start.year > FIRST_YEAR and window.end.year < LAST_YEAR):
            return False
    whole = "".join(texts)
    return (
        whole.isprintable() and len(whole) <= MAX_LINE and len(texts) < _FEW and len(task.windows) < _FEW
        and 0 < len(task.id) <= MAX_NAME and task.id[0] != " " != task.id[-1] and "" not in task.extra
        and is_number(task.number) and (not task.zone or is_zone(task.zone))
        and -MAX_ENTRIES < task.priority < MAX_ENTRIES and task.attempts < MAX_ENTRIES
        and not (task.past or task.not_before or task.ring_timeout or task.max_attempts or task.caller_id)
    )


def _at(name: str, check: Any, value: Any) -> Any:
    try:
        return check(value)
    except Invalid as fault:
        raise fault.under(name) from None


def _with_visible_texts(task: Task) -> Task:
    return replace(
        task,
        name=_at("name", visible_line, task.name),
        service=_at("service", visible_text, task.service),
        region=_at("region", visible_line, task.region),
        held=_at("held", visible_line, task.held),
        caller_id=task.caller_id and _at("caller_id", dialable, task.caller_id),
        history=tuple(_visible_entry(entry, index) for index, entry in enumerate(task.history)),
        extra=_visible_extra(task.extra),
    )


def _visible_entry(entry: HistoryEntry, index: int) -> HistoryEntry:
    try:
        return replace(entry, text=_at("text", visible_text, entry.text), by=_at("by", visible_line, entry.by))
    except Invalid as fault:
        raise fault.under("history", index) from None


def _visible_extra(extra: dict[str, Scalar]) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for key, value in extra.items():
        try:
            name = visible_line(key)
            if not name or name in found:
                raise Invalid("an extra field without a name of its own")
            found[name] = visible_text(value) if isinstance(value, str) else value
        except Invalid as fault:
            raise fault.under("extra", key) from None
    return found


def _check_figures(task: Task) -> None:
    if not -MAX_WHOLE <= task.priority <= MAX_WHOLE:
        raise Invalid("not a reasonable number", ("priority",))
    for name in ("attempts", "max_attempts"):
        if (getattr(task, name) or 0) > MAX_ENTRIES:
            raise Invalid(f"more than {MAX_ENTRIES}", (name,))
    if task.ring_timeout is not None and not task.ring_timeout <= MAX_SECONDS:
        raise Invalid("not a reasonable number", ("ring_timeout",))
    for name, entries in (("windows", task.windows), ("history", task.history), ("past", task.past),
                          ("extra", task.extra)):
        if len(entries) > MAX_ENTRIES:
            raise Invalid(f"more than {MAX_ENTRIES} entries", (name,))
    for key, value in task.extra.items():
        kind = type(value)
        if (kind is float and not math.isfinite(value)) or (kind is int and abs(value) > MAX_WHOLE):  # type: ignore[arg-type]
            raise Invalid("not a reasonable number", ("extra", key))


def _check_years(task: Task) -> None:
    if task.not_before is not None:
        _check_year(task.not_before.year, "not_before")
    for index, window in enumerate(task.windows):
        _check_year(window.start.year, "windows", index, "start")
        _check_year(window.end.year, "windows", index, "end")
    for name, times in (("history", [h.at for h in task.history]), ("past", [p.at for p in task.past])):
        for index, at in enumerate(times):
            if at is not None:
                _check_year(at.year, name, index, "at")


def _check_year(year: int, *path: str | int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(f"a year outside {FIRST_YEAR} to {LAST_YEAR}", path)
