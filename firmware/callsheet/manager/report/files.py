# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a file: a workbook with a sheet per table, one table as CSV, or all as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec
import xlsxwriter  # type: ignore[import-untyped]

from callsheet.manager.errors import Refused
from callsheet.manager.report.facts import Call, Facts
from callsheet.manager.report.sums import AgentDay, Calls, Report
from callsheet.manager.tabular import Value, harmless, write_csv

Table = Literal["rows", "calls", "lists", "agents", "days", "agent-days", "callbacks"]
TABLES: tuple[Table, ...] = ("lists", "agents", "days", "agent-days", "callbacks", "rows", "calls")
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "nan_inf_to_errors": True, "remove_timezone": True, "constant_memory": True}


def write(path: Path, facts: Facts, report: Report, table: Table = "rows") -> None:
    """Into a .xlsx (all tables), .csv (one of them) or .json file that only its owner can read, whole or not at all.

    Raises Refused for another kind of name, OSError.
    """
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".csv", ".json"):
        raise Refused(f"{path.name}: its name does not say what it is to be", "let it end with .xlsx, .csv or .json")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            match kind:
                case ".xlsx":
                    workbook(file, facts, report)
                case ".csv":
                    write_csv(file, rows_of(table, facts, report))
                case _:
                    file.write(document(facts, report))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def document(facts: Facts, report: Report) -> bytes:
    """All figures and all rows with their calls."""
    return msgspec.json.format(msgspec.json.encode({"report": report, "rows": facts.rows}), indent=1) + b"\n"


def workbook(file: IO[bytes], facts: Facts, report: Report) -> None:
    """XLSX, each table on a sheet of its own."""
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name in TABLES:
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for at, row in enumerate(rows_of(name, facts, report)):
                for column, value in enumerate(row):
                    if isinstance(value, datetime):
                        page.write_datetime(at, column, value.replace(tzinfo=None), moment)
                    elif isinstance(value, str):
                        # Never `write`: a text is a text, whatever it begins with.
                        page.write_string(at, column, value[:32_767], bold if at == 0 else None)
                    elif value is not None:
                        page.write(at, column, value)


def rows_of(table: Table, facts: Facts, report: Report) -> Iterator[Sequence[Value]]:
    """A table, its titles first; all times are UTC."""
    match table:
        case "rows":
            yield from _rows(facts)
        case "calls":
            yield from _calls(facts)
        case "lists":
            yield ("list", "title", "tasks", "done", "held", "callbacks", *_SUMS, "outcomes of the tasks")
            for one in report.lists:
                yield (one.key, one.title, one.tasks, one.final, one.held, one.callbacks, *_sums(one.calls),
                       _words(one.outcomes))
        case "agents":
            yield from _agents(report.agents)
        case "agent-days":
            yield from _agents(report.agent_days)
        case "days":
            yield ("day", *_SUMS)
            yield from ((day, *_sums(calls)) for day, calls in report.days)
        case "callbacks":
            yield ("list", "id", "agent", "due (UTC)")
            yield from ((due.list, due.task, due.agent, due.at) for due in report.callbacks)


_SUMS = ("calls", "answered", "talk seconds", "outcomes of the calls", "dispositions")


def _sums(calls: Calls) -> tuple[Value, ...]:
    return (calls.attempts, calls.connects, calls.talk_seconds, _words(calls.outcomes), _words(calls.dispositions))


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items())


def _agents(found: Sequence[AgentDay]) -> Iterator[Sequence[Value]]:
    yield ("agent", "day", *_SUMS, "calls per hour", "ready seconds", "paused seconds", "pauses by reason")
    for one in found:
        pauses = ", ".join(f"{reason or 'no reason'} {seconds:g}" for reason, seconds in one.pauses.items())
        yield (one.agent, one.day, *_sums(one.calls), one.calls_per_hour, one.ready_seconds,
               round(sum(one.pauses.values()), 1), pauses)


def _rows(facts: Facts) -> Iterator[Sequence[Value]]:
    """Every row of the import, in its order, with its one outcome."""
    extra = sorted({name for row in facts.rows for name in row.extra})
    yield ("list", "id", "number", "name", "region", *extra, "agent", "done", "outcome", "disposition", "note", "held",
           "not before (UTC)", "call-back", "calls", "talk seconds", "first call (UTC)", "last call (UTC)", "history")
    for row in facts.rows:
        more = [value if value is None or isinstance(value, str | int | float | bool) else str(value)
                for value in (row.extra.get(name) for name in extra)]
        yield (row.list, row.key, row.number, row.name, row.region, *more, row.agent, row.final, row.outcome,
               row.disposition, row.note, row.held, row.not_before, row.callback, len(row.calls),
               round(sum(call.talk for call in row.calls), 3), row.calls[0].dialled if row.calls else None,
               row.calls[-1].dialled if row.calls else None, "\n".join(map(_line, row.calls)))


def _line(call: Call) -> str:
    said = f", {call.disposition}" if call.disposition else ""
    talk = f", {call.talk:.0f} s" if call.talk else ""
    return harmless(f"{call.dialled:%Y-%m-%d %H:%M:%S} {call.agent}: {call.outcome}{said}{talk}")


def _calls(facts: Facts) -> Iterator[Sequence[Value]]:
    keys = {row.id: row.key for row in facts.rows}
    yield ("call", "list", "id", "agent", "phone", "dialled (UTC)", "ended (UTC)", "outcome", "disposition", "note",
           "talk seconds", "counted", "only in a summary")
    for call in facts.calls:
        yield (call.id, call.list, keys.get(call.task, ""), call.agent, call.phone, call.dialled, call.ended,
               call.outcome, call.disposition, call.note, call.talk, call.counted, call.summary)
