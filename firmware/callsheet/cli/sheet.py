# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet sheet check, callsheet sheet plan."""

from __future__ import annotations

import argparse
from typing import Any

from callsheet.cli import plan
from callsheet.cli.files import Unusable, common_arguments, load_for, print_problems
from callsheet.cli.output import Parser, print_json, print_table


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    sheet: Parser = commands.add_parser("sheet", help="check or preview a call sheet", description="Call sheets.")
    kinds = sheet.add_subparsers(dest="what", metavar="COMMAND", required=True, parser_class=Parser)
    check: Parser = kinds.add_parser(
        "check", help="say whether a call sheet is valid",
        description="Read a call sheet as a phone would, and name all that is wrong. Status 1: it is not valid.",
    )
    common_arguments(check)
    check.set_defaults(run=_check)
    plan.register(kinds)


def _check(options: argparse.Namespace) -> int:
    try:
        file = load_for(options)
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
