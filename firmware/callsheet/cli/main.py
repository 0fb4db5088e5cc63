# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `callsheet`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from callsheet.adapters.release import described
from callsheet.cli import explain, hostkey, sheet
from callsheet.cli.output import Parser

PROGRAMS = {
    "phone": ("callsheet.cli.phone", "run the phone", ""),
    "selftest": ("callsheet.cli.selftest", "does every part of this phone work?", "hardware"),
    "console": ("callsheet.cli.console", "the admin's console, over serial lines or here", "console"),
    "provision": ("callsheet.cli.provision", "take callsheet.toml from the card's boot partition", ""),
    "system": ("callsheet.cli.system", "what needs root on an appliance, for phone and console", ""),
    "settle": ("callsheet.cli.settle", "on an appliance: is the version that was just installed good?", ""),
    "offer": ("callsheet.cli.offer", "on an appliance: is there an update on this stick?", ""),
    "manager": ("callsheet.cli.manager", "from a spreadsheet to sheets, from results to a report", "manager"),
}
"""Commands that parse their own words: module with `run`, what they are, and the extra they need.

Each is loaded only where it runs: the phone needs the SIP stack, the manager a database.
"""


def _program(name: str, argv: list[str]) -> int:
    module, _, extra = PROGRAMS[name]
    try:
        run: Callable[[list[str]], int] = import_module(module).run
    except ModuleNotFoundError as missing:
        remedy = f" (pip install 'callsheet[{extra}]')" if extra else ""
        print(f"callsheet {name}: {missing.name} is not installed{remedy}", file=sys.stderr)
        return 1
    return run(argv)


def _parser() -> Parser:
    parser = Parser(prog="callsheet", description="A desk phone that dials a call sheet.")
    parser.add_argument("--version", action="version", version=f"callsheet {described()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (_, text, _) in PROGRAMS.items():
        commands.add_parser(name, help=text, add_help=False)
    sheet.register(commands)
    explain.register(commands)
    hostkey.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 well, 1 bad file, 2 usage error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    Parser.wants_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        # A terminal of an old locale must not turn a callee's name into a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if arguments and arguments[0] in PROGRAMS:
            return _program(arguments[0], arguments[1:])
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
