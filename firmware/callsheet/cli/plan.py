# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet sheet plan: in which order, and when, a sheet's tasks would be dialled, and what blocks the rest."""

from __future__ import annotations

import argparse
import math
import sys
import time
from datetime import UTC, datetime, tzinfo
from typing import Any

from callsheet.cli.files import Unusable, common_arguments, load_for, load_settings, print_problems
from callsheet.cli.output import Parser, print_json, print_table
from callsheet.core.model import Sheet
from callsheet.core.plan import CALL_SECONDS, Plan, plan
from callsheet.core.queue import Blocker
from callsheet.core.texts import say
from callsheet.formats.errors import Invalid
from callsheet.formats.moments import moment, zone


def register(kinds: Any) -> None:
    """Add the command to the parser."""
    parser: Parser = kinds.add_parser(
        "plan", help="show in which order, and when, the tasks would be dialled",
        description="Work a call sheet through in thought, every call taking the same time and succeeding at once: "
        "the order in which, and when, its tasks would be dialled, and what blocks the rest.",
    )
    common_arguments(parser)
    parser.add_argument("--at", default="now", metavar="TIME",
                        help="when to begin: 2026-11-24T09:00 (local to the sheet's zone, else to this machine's), "
                        "with an offset such as +01:00, or now (the default)")
    parser.add_argument("--config", default="", metavar="FILE", help="the phone's settings")
    parser.add_argument("--call-seconds", type=_seconds, default=CALL_SECONDS, metavar="N",
                        help="how long a call takes, with wrap-up (default: %(default)g)")
    parser.add_argument("--limit", type=_count, metavar="N", help="show only the first N calls, and N blocked tasks")
    parser.set_defaults(run=lambda options: _run(options, parser))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _run(options: argparse.Namespace, parser: Parser) -> int:
    try:
        file = load_for(options)
        settings = load_settings(options.config, options.json)
    except Unusable as unusable:
        return unusable.status
    begin = _begin(options.at, file.sheet, parser)
    shown_in = zone(file.sheet.zone) if file.sheet.zone else begin.tzinfo or UTC
    found = plan(file.sheet, settings.calls, settings.numbers, begin.timestamp(), options.call_seconds)
    if options.json:
        print_json(_described(found, file.sheet, shown_in, options.limit, options.file))
        return 0
    print_problems(options.file, file.problems)
    _print(found, file.sheet, shown_in, options.limit)
    return 0


def _begin(text: str, sheet: Sheet, parser: Parser) -> datetime:
    if text == "now":
        return datetime.fromtimestamp(time.time(), UTC).astimezone()
    try:
        # Without any zone, read as UTC first, only to have it checked.
        found = moment(text, sheet.zone or "UTC")
    except Invalid as fault:
        parser.error(f"argument --at: {fault.reason}: {fault.remedy or 'write another year'}")
    local = datetime.fromisoformat(text).tzinfo is None
    return datetime.fromisoformat(text).astimezone() if local and not sheet.zone else found


def _clock(at: float, where: tzinfo) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(where).isoformat(timespec="seconds")


def _blocker(blocker: Blocker | None, where: tzinfo) -> dict[str, Any] | None:
    if blocker is None:
        return None
    until = None if blocker.until is None else _clock(blocker.until, where)
    return {"kind": blocker.kind, "text": _words(blocker, until or ""), "until": until, "detail": blocker.detail}


def _words(blocker: Blocker, until: str) -> str:
    key = f"block.{blocker.kind}"
    text = say("en", key, time=until, detail=blocker.detail)
    return text if text != key else blocker.kind.replace("-", " ")


def _described(found: Plan, sheet: Sheet, where: tzinfo, limit: int | None, name: str) -> dict[str, Any]:
    tasks = {task.id: task for task in sheet.tasks}
    return {
        "file": name, "valid": True, "sheet": sheet.id, "agent": sheet.agent, "revision": sheet.revision,
        "at": _clock(found.at, where),
        "calls": len(found.items),
        "items": [
            {
                "position": position, "task": item.task, "number": tasks[item.task].number,
                "name": tasks[item.task].name, "priority": tasks[item.task].priority, "at": _clock(item.at, where),
                "callback": item.callback, "waited": _blocker(item.waited, where),
            }
            for position, item in enumerate(found.items[:limit], 1)
        ],
        "blocked_tasks": len(found.blocked),
        "blocked": [{"task": item.task, **(_blocker(item.blocker, where) or {})} for item in found.blocked[:limit]],
        "sources": found.sources,
    }


def _print(found: Plan, sheet: Sheet, where: tzinfo, limit: int | None) -> None:
    tasks = {task.id: task for task in sheet.tasks}
    rows = []
    for position, item in enumerate(found.items[:limit], 1):
        task = tasks[item.task]
        waited = (_blocker(item.waited, where) or {}).get("text", "")
        rows.append((str(position), _clock(item.at, where), task.id, task.number, task.name, waited))
    print_table(f"{len(found.items)} calls", ("", "at", "task", "number", "name", "waited for"), rows)
    blocked = []
    for blocked_item in found.blocked[:limit]:
        described = _blocker(blocked_item.blocker, where) or {}
        blocked.append(("blocked", blocked_item.task, described["text"], described["detail"]))
    if blocked:
        print_table(f"{len(found.blocked)} blocked", ("", "task", "why", "detail"), blocked)
    if sys.stdout.isatty():
        sources = [(name, "" if v.value is None else str(v.value), v.source) for name, v in found.sources.items()]
        print_table("settings", ("", "value", "from"), sources)
