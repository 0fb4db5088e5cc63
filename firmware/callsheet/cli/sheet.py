# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet sheet check, callsheet sheet plan."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from callsheet.cli.files import Unusable, load_sheet, print_problems
from callsheet.cli.output import BAD_FILE, Parser, print_json, print_table
from callsheet.formats.errors import shown
from callsheet.formats.sheet import BadRows, SheetFile


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    sheet: Parser = commands.add_parser("sheet", help="check or preview a call sheet", description="Call sheets.")
    kinds = sheet.add_subparsers(dest="what", metavar="COMMAND", required=True, parser_class=Parser)
    check: Parser = kinds.add_parser(
        "check", help="say whether a call sheet is valid",
        description="Read a call sheet as a phone would, and name all that is wrong. Status 1: it is not valid.",
    )
    _common(check)
    check.set_defaults(run=_check)


def _common(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help='call sheet, JSON or CSV; "-": standard input')
    parser.add_argument("--agent", default="", help="the agent it must be for; whom a CSV file is for if it does not say")
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out instead of rejecting the sheet")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _load(options: argparse.Namespace) -> SheetFile:
    """The sheet; raises Unusable also if it is for another agent."""
    bad_rows: BadRows = "skip" if options.skip_bad_rows else "reject"
    # A CSV file for nobody in particular can be looked at all the same.
    file = load_sheet(options.file, options.json, bad_rows, options.agent or "?")
    if options.agent and file.sheet.agent != options.agent:
        reason = f"the sheet is for agent {shown(file.sheet.agent)}, not for {shown(options.agent)}"
        if options.json:
            print_json({"file": options.file, "valid": False, "error": {"reason": reason}, "problems": []})
        else:
            print(f"{options.file}: {reason}", file=sys.stderr)
        raise Unusable(BAD_FILE)
    return file


def _check(options: argparse.Namespace) -> int:
    try:
        file = _load(options)
    except Unusable as unusable:
        return unusable.status
    sheet = file.sheet
    facts = {
        "sheet": sheet.id, "agent": sheet.agent, "revision": sheet.revision, "form": file.form,
        "tasks": len(sheet.tasks), "withdrawn": sum(task.withdrawn for task in sheet.tasks),
        "callbacks": sum(task.callback for task in sheet.tasks), "held": sum(bool(task.held) for task in sheet.tasks),
        "extra": sorted({name for task in sheet.tasks for name in task.extra}),
    }
    if options.json:
        print_json({"file": options.file, "valid": True, **facts, "problems": file.problems})
        return 0
    print_problems(options.file, file.problems)
    rows = [(key, ", ".join(value) if isinstance(value, list) else str(value)) for key, value in facts.items()]
    print_table(f"{options.file}: valid", ("", ""), rows)
    return 0
