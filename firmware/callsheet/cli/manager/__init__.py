# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager: from a spreadsheet to sheets, and from results to a report.

Every module here that has a function `register(commands)` adds its commands;
`ORDER` says where they stand in the help. A command's `run` returns the exit
status, or raises one of `FAILURES`: the text is printed, the status is theirs.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType

from callsheet.cli.output import BAD_FILE, Parser, print_json
from callsheet.formats.errors import FormatError, Invalid, dotted
from callsheet.manager.errors import Refused
from callsheet.manager.storage.database import DatabaseError

FAILURES = (Refused, DatabaseError, FormatError, Invalid, OSError)
"""Ends of a command with status 1."""


HOMES = {
    "agent": "agent", "assign": "assigning", "backup": "care", "collect": "folder", "dnc": "dnc", "import": "imports",
    "init": "init", "let-go": "moving", "list": "lists", "publish": "folder", "purge": "care", "reassign": "moving",
    "release": "moving", "report": "report", "restore": "care", "serve": "serve", "status": "status", "token": "token",
    "urgent": "care", "user": "user",
}
"""In which module a command is. One that is not here is found all the same, but after a second of imports."""


def modules(command: str = "") -> list[ModuleType]:
    """Those that have commands, in the order of the help; of a command that is known only its own."""
    names = [HOMES[command]] if command in HOMES else [one.name for one in pkgutil.iter_modules(__path__)]
    found = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return sorted((one for one in found if hasattr(one, "register")), key=lambda one: getattr(one, "ORDER", 100))


def _parser(command: str = "") -> Parser:
    parser = Parser(
        prog="callsheet manager",
        description="From a spreadsheet to one call sheet per agent, and from results to a report.",
        epilog="Begin with: callsheet manager init. Every command has --help with an example.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for module in modules(command):
        module.register(commands)
    return parser


def run(argv: list[str]) -> int:
    """Run one command; returns its exit status: 0 well, 1 it could not be done, 2 usage error."""
    options = _parser(argv[0] if argv else "").parse_args(argv)
    try:
        status: int = options.run(options)
    except FAILURES as failure:
        reason = _told(failure)
        if Parser.wants_json:
            print_json({"error": {"reason": reason, "remedy": getattr(failure, "remedy", "")}})
        print(f"callsheet manager: {failure if isinstance(failure, Refused) else reason}", file=sys.stderr)
        return BAD_FILE
    return status


def _told(failure: BaseException) -> str:
    if isinstance(failure, Refused):
        return failure.reason
    if isinstance(failure, Invalid):
        where = f"{dotted(failure.path)}: " if failure.path else ""
        return f"{where}{failure.reason}" + (f" ({failure.remedy})" if failure.remedy else "")
    if isinstance(failure, OSError) and failure.strerror:
        return f"{failure.filename}: {failure.strerror}" if failure.filename else failure.strerror
    return str(failure)
