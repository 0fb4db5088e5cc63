# SPDX-License-Identifier: GPL-3.0-or-later
"""Files named on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from callsheet.cli.output import BAD_FILE, USAGE, Parser, print_json
from callsheet.formats.errors import FormatError, RowProblem, shown
from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.sheet import BadRows, SheetFile, read_sheet

T = TypeVar("T")


class Unusable(Exception):
    """A file that cannot be read or is not valid. Everything has been said; `status` is left to be returned."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def common_arguments(parser: Parser) -> None:
    """What every command about a call sheet takes."""
    parser.add_argument("file", metavar="FILE", help='call sheet, JSON or CSV; "-": standard input')
    parser.add_argument("--agent", default="", help="the agent it must be for; whom a CSV file is for if it does not say")
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out instead of rejecting the sheet")
    parser.add_argument("--json", action="store_true", help="print JSON")


def load_for(options: argparse.Namespace) -> SheetFile:
    """The sheet that these arguments name; raises Unusable also if it is for another agent."""
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


def load_sheet(name: str, as_json: bool, bad_rows: BadRows = "reject", agent: str = "") -> SheetFile:
    """The call sheet in a file ("-": standard input); raises Unusable when it has told what is wrong."""
    return _load(name, as_json, lambda data: read_sheet(data, name=name, bad_rows=bad_rows, agent=agent))


def load_settings(name: str, as_json: bool) -> Settings:
    """The settings in a file, the defaults for an empty name; raises Unusable when it has told what is wrong."""
    return _load(name, as_json, read_settings) if name else Settings()


def _load(name: str, as_json: bool, read: Callable[[bytes], T]) -> T:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if as_json:
            print_json({"file": name, "valid": False, "error": {"reason": reason}, "problems": []})
        print(f"callsheet: cannot read {name}: {reason}", file=sys.stderr)
        raise Unusable(USAGE) from None
    try:
        return read(data)
    except FormatError as error:
        tell(name, error, as_json)
        raise Unusable(BAD_FILE) from None


def tell(name: str, error: FormatError, as_json: bool) -> None:
    """What is wrong with a file: one line per fault, or JSON."""
    if as_json:
        print_json({"file": name, "valid": False, "error": _described(error), "problems": error.others})
    else:
        for fault in (error, *error.others):
            print(f"{name}: {fault}", file=sys.stderr)


def _described(error: FormatError) -> dict[str, Any]:
    return {
        "line": error.line, "column": error.column, "place": error.place, "reason": error.reason,
        "remedy": error.remedy,
    }


def print_problems(name: str, problems: tuple[RowProblem, ...]) -> None:
    """Rows that were left out, one line each."""
    for problem in problems:
        print(f"{name}: left out: {problem}", file=sys.stderr)
