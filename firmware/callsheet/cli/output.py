# SPDX-License-Identifier: GPL-3.0-or-later
"""How the commands print: tables on a terminal, plain lines into a pipe, JSON on request."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import msgspec

USAGE = 2
"""Exit status of a usage error."""
BAD_FILE = 1
"""Exit status for a file that was read and is not valid."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line that says where help is."""

    wants_json = False
    """Whether --json stands anywhere on the command line; errors come before it is parsed."""

    def error(self, message: str) -> NoReturn:
        """Print the line and end with status 2; with --json there is JSON on standard output all the same."""
        line = " ".join(message.split())
        if Parser.wants_json:
            print_json({"error": {"reason": line}})
        print(f"{self.prog}: {line} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USAGE)


def print_json(value: Any) -> None:
    """The value as JSON on standard output."""
    plain = msgspec.to_builtins(value, str_keys=True)
    print(json.dumps(plain, ensure_ascii=False, indent=2))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; into a pipe the cells with tabs between them, one row to a line."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    from rich.console import Console  # not needed, and slow to import, where nobody looks
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", show_header=any(headings))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
