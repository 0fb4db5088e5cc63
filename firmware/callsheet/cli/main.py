# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `callsheet`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from callsheet import __version__
from callsheet.cli import explain, hostkey, sheet
from callsheet.cli.output import Parser


def _phone(argv: list[str]) -> int:
    # Imported only where a phone runs: it needs the SIP stack.
    from callsheet.cli.phone import run

    return run(argv)


def _manager(argv: list[str]) -> int:
    # Imported only where somebody manages: it needs a database, and takes a while.
    try:
        from callsheet.cli.manager import run
    except ModuleNotFoundError as missing:
        print(f"callsheet manager: {missing.name} is not installed (pip install 'callsheet[manager]')", file=sys.stderr)
        return 1
    return run(argv)


def _parser() -> Parser:
    parser = Parser(prog="callsheet", description="A desk phone that dials a call sheet.")
    parser.add_argument("--version", action="version", version=f"callsheet {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    phone = commands.add_parser("phone", help="run the phone", add_help=False)
    phone.set_defaults(run=lambda _: _phone([]))
    manager = commands.add_parser("manager", help="from a spreadsheet to sheets, from results to a report", add_help=False)
    manager.set_defaults(run=lambda _: _manager([]))
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
        if arguments[:1] == ["phone"]:
            return _phone(arguments[1:])
        if arguments[:1] == ["manager"]:
            return _manager(arguments[1:])
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
