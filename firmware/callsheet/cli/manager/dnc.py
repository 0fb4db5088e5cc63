# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager dnc: numbers nobody rings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from callsheet.cli.manager.common import add_command, add_group, now, opened
from callsheet.cli.output import BAD_FILE, print_json, print_table
from callsheet.manager import audit, dncfile
from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import plan
from callsheet.manager.importer.source import Reading, open_source
from callsheet.manager.storage.tables import DoNotCall
from callsheet.manager.work import donotcall

ORDER = 50


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    kinds = add_group(commands, "dnc", "numbers nobody rings (do not call)")
    add = add_command(kinds, "add", _add, "put numbers on the list; their calls end at once, in all lists",
                      'callsheet manager dnc add "+49 30 5550101" --reason "by letter"')
    add.add_argument("numbers", metavar="NUMBER", nargs="+")
    add.add_argument("--reason", default="")
    remove = add_command(kinds, "remove", _remove, "take numbers off the list",
                         'callsheet manager dnc remove "+49 30 5550101"',
                         "Take numbers off the list. Calls that had ended only because of it are open again.")
    remove.add_argument("numbers", metavar="NUMBER", nargs="+")
    take = add_command(kinds, "import", _import, "put all numbers of a file on the list",
                       "callsheet manager dnc import robinson.csv --reason register")
    take.add_argument("file", metavar="FILE", type=Path, help="CSV, XLSX, XLS or ODS")
    take.add_argument("--reason", default="")
    take.add_argument("--column", metavar="TITLE", help="with the numbers (default: found out)")
    export = add_command(kinds, "export", _export, "write the list into a file", "callsheet manager dnc export dnc.csv")
    export.add_argument("file", metavar="FILE", type=Path, help=".csv or .xlsx")
    show = add_command(kinds, "list", _list, "show the latest numbers", "callsheet manager dnc list --limit 20")
    show.add_argument("--limit", type=int, default=50, metavar="N", help="how many (default: %(default)s)")


def _add(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        country = manager.settings.imports.country
        numbers = [dncfile.read_number(text, country) for text in options.numbers]
        added = donotcall.add(session, numbers, now(), reason=options.reason, by="cli")
        audit.note(session, now(), audit.CLI, "dnc.add", numbers=added)
    return _said(options, {"added": added, "known": len(options.numbers) - added}, f"{added} added")


def _remove(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        country = manager.settings.imports.country
        numbers = [dncfile.read_number(text, country) for text in options.numbers]
        gone = donotcall.remove(session, numbers, now())
        audit.note(session, now(), audit.CLI, "dnc.remove", numbers=gone)
    missing = len(set(numbers)) - gone
    _said(options, {"removed": gone, "not_on_it": missing},
          f"{gone} removed" + (f", {missing} were not on it" if missing else ""))
    return BAD_FILE if missing else 0


def _import(options: argparse.Namespace) -> int:
    with opened(options) as manager:
        imports = manager.settings.imports
        data = options.file.read_bytes()
        if len(data) > imports.max_bytes:
            raise Refused(f"{options.file.name} is larger than {imports.max_bytes} bytes", "divide it")
        source = open_source(options.file.name, data, Reading(country=imports.country))
        found = plan(source, {options.column: "number"} if options.column else {})
        with manager.database.write() as session:
            taken = dncfile.take_in(session, source, found, imports.country, now(), "cli", options.reason)
            audit.note(session, now(), audit.CLI, "dnc.import", numbers=taken.added)
    text = f"{taken.rows} rows: {taken.added} added, {taken.known} on it already, {sum(taken.rejected.values())} without a number"
    text += "".join(f"\n  {count:6}  {reason}" for reason, count in taken.rejected.items())
    return _said(options, taken, text)


def _export(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as session:
        count = dncfile.write(session, options.file)
    return _said(options, {"file": str(options.file), "numbers": count}, f"{options.file}: {count} numbers")


def _list(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as session:
        total = session.scalar(select(func.count()).select_from(DoNotCall)) or 0
        query = select(DoNotCall).order_by(DoNotCall.at.desc(), DoNotCall.canonical).limit(max(0, options.limit))
        rows: list[dict[str, Any]] = [{"number": one.canonical, "reason": one.reason, "source": one.source, "since": one.at}
                for one in session.scalars(query)]
    if options.json:
        print_json({"total": total, "numbers": rows})
        return 0
    print_table("", ("Number", "Reason", "Source", "Since"), [
        (one["number"], one["reason"], one["source"], f"{one['since']:%Y-%m-%d %H:%M}") for one in rows])
    if total > len(rows):
        print(f"… and {total - len(rows)} more")
    return 0


def _said(options: argparse.Namespace, value: Any, text: str) -> int:
    if options.json:
        print_json(value)
    else:
        print(text)
    return 0
