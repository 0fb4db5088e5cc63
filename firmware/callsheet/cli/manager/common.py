# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager's commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callsheet.cli.output import Parser
from callsheet.manager.opened import Manager, open_manager

FOLDER = "CALLSHEET_MANAGER"
"""Environment variable that names the manager's folder."""
Run = Callable[[argparse.Namespace], int]


def add_command(commands: Any, name: str, run: Run, help: str, example: str = "", description: str = "") -> Parser:
    """A command with --folder and --json, whose help ends with an example."""
    parser: Parser = commands.add_parser(
        name, help=help, description=description or f"{help[:1].upper()}{help[1:]}.",
        epilog=f"example:\n  {example}" if example else None, formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get(FOLDER, ".")), metavar="DIR",
                        help=f"the manager's folder, with its manager.toml (default: ${FOLDER}, else this one)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Any, name: str, help: str) -> Any:
    """A command that has commands of its own."""
    parser: Parser = commands.add_parser(name, help=help, description=f"{help[:1].upper()}{help[1:]}.")
    return parser.add_subparsers(dest="what", metavar="COMMAND", required=True, parser_class=Parser)


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Manager]:
    """The manager in the folder named; raises what `open_manager` raises."""
    manager = open_manager(options.folder)
    try:
        with manager.database.errors():
            yield manager
    finally:
        manager.database.close()


def now() -> datetime:
    """The present instant, UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
