# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager report: what came of the calls."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from callsheet.cli.manager.agent import split
from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.output import BAD_FILE, print_json, print_table
from callsheet.formats.errors import Invalid
from callsheet.formats.moments import moment, zone
from callsheet.manager import lists, report
from callsheet.manager.report.files import TABLES
from callsheet.manager.report.sums import AgentDay, Report

ORDER = 60


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "report", _run, "tell what came of the calls",
        "callsheet manager report --list renewals --out renewals.xlsx",
        "Figures by list, agent and day; with --out every row of the import with its outcome and history. A report that "
        "does\nnot add up is not given out (status 1).",
    )
    parser.add_argument("--list", default="", metavar="KEY,KEY", help="only these lists")
    parser.add_argument("--agent", default="", help="only this agent's calls")
    parser.add_argument("--since", default="", metavar="TIME", help="only calls from then on, such as 2026-11-25")
    parser.add_argument("--until", default="", metavar="TIME", help="only calls before")
    parser.add_argument("--zone", default="", help="whose days and times are meant (default: import.zone, else UTC)")
    parser.add_argument("--out", type=Path, metavar="FILE", help=".xlsx (all tables), .csv (one) or .json")
    parser.add_argument("--table", choices=TABLES, default="rows", help="for CSV (default: %(default)s)")


def _run(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as db:
        where = options.zone or manager.settings.imports.zone or "UTC"
        zone(where)
        keys = tuple(split(options.list))
        for key in keys:
            lists.get(db, key)
        scope = report.Scope(keys, options.agent, _time(options.since, where, "since"), _time(options.until, where, "until"))
        facts = report.gather(db, scope, now())
    found = report.summed(facts, _zone(where))
    try:
        report.check(facts, found)
    except report.Mismatch as mismatch:
        if options.json:
            print_json({"error": {"reason": str(mismatch)}})
        print(f"callsheet manager: {mismatch}", file=sys.stderr)
        return BAD_FILE
    if options.out is not None:
        report.write(options.out, facts, found, options.table)
    if options.json:
        print_json(found)
    else:
        _tell(found)
        if options.out is not None:
            print(f"{len(facts.rows)} rows are in {options.out}")
    return 0


def _time(text: str, where: str, name: str) -> datetime | None:
    """Raises Invalid for what is no time."""
    if not text:
        return None
    try:
        return moment(text if "T" in text else f"{text}T00:00", where)
    except Invalid as fault:
        raise fault.under(name) from None


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)


def _tell(found: Report) -> None:
    for one in found.lists:
        print_table(f"{one.title or one.key}: {one.final} of {one.tasks} done", ("outcome", "tasks"),
                    [(name, str(count)) for name, count in one.outcomes.items()])
    total = found.total
    print_table("Calls", ("", ""), [
        ("calls", str(total.attempts)), ("answered", str(total.connects)), ("talk", _duration(total.talk_seconds)),
        *((f"disposition {name}", str(count)) for name, count in total.dispositions.items())])
    print_table("Agents", ("agent", "calls", "answered", "talk", "calls/h", "ready", "paused"), map(_agent, found.agents))
    if found.callbacks:
        print_table("Call-backs", ("due (UTC)", "list", "id", "agent"),
                    [(f"{due.at:%Y-%m-%d %H:%M}", due.list, due.task, due.agent) for due in found.callbacks[:20]])


def _agent(one: AgentDay) -> tuple[str, ...]:
    rate = "–" if one.calls_per_hour is None else f"{one.calls_per_hour:g}"
    return (one.agent, str(one.calls.attempts), str(one.calls.connects), _duration(one.calls.talk_seconds), rate,
            _duration(one.ready_seconds), _duration(sum(one.pauses.values())))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
