# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager import: a spreadsheet into a list, dealt to agents."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callsheet.cli.manager.agent import split
from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.manager.progress import progress
from callsheet.cli.manager.told import tell_file, tell_preview, tell_report
from callsheet.cli.output import BAD_FILE, print_json
from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.moments import zone as check_zone
from callsheet.manager import agents, assign
from callsheet.manager.countries import check_country
from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import FIELDS, Plan, plan
from callsheet.manager.importer.intake import Wishes, remembered, take_in
from callsheet.manager.importer.preview import Preview, preview
from callsheet.manager.importer.rejects import default_path, write_rejects
from callsheet.manager.importer.report import Rejected, Report
from callsheet.manager.importer.rows import RowReader
from callsheet.manager.importer.source import Reading, Source, open_source
from callsheet.manager.opened import Manager
from callsheet.manager.tabular import check_table_name

ORDER = 20


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "import", _run, "take a spreadsheet into a list",
        'callsheet manager import clients.xlsx --list renewals --agents 101,102 --map "Mobil=number" --dry-run',
        "Take CSV, XLSX, XLS or ODS into a list, and deal the calls to agents. Rows that cannot be used go to a file\n"
        "that can be corrected and imported again. All is taken in, or with an error nothing.\n\n"
        f"A column can be: {', '.join(FIELDS[:-2])},\n{FIELDS[-2]}, {FIELDS[-1]} (any other column is an extra field).",
    )
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--list", required=True, metavar="KEY", help="the list; made if there is none")
    parser.add_argument("--title", default="", help="of a new list, as the agents see it")
    parser.add_argument("--agents", default="", metavar="A,B", help='who gets the calls; "all"; without it they wait')
    parser.add_argument("--create-agents", action="store_true", help="make agents that there are not yet, without a PIN")
    by_argument(parser)
    parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="what a column is; again and again")
    parser.add_argument("--dry-run", action="store_true", help="tell what would happen, and change nothing")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="where rows go that are left out, .csv or .xlsx "
                        "(default: FILE.rejected.…; a dry run writes none unless told so)")
    parser.add_argument("--country", metavar="CC", help='of numbers without "+" (default: as the settings say)')
    parser.add_argument("--zone", help="of callees whose number and row do not tell (default: as the settings say)")
    parser.add_argument("--recent-days", type=int, metavar="N", help="refuse numbers that were called within N days")
    parser.add_argument("--encoding", default="", help="of a CSV file (default: guessed)")
    parser.add_argument("--separator", default="", help='of a CSV file; "tab" (default: guessed)')
    parser.add_argument("--sheet", default="", metavar="NAME", help="of a workbook (default: the first that is not empty)")
    parser.add_argument("--titles-row", type=int, metavar="N", help="row with the titles; 0: there are none")


def by_argument(parser: argparse.ArgumentParser) -> None:
    """--assign, for every command that deals."""
    parser.add_argument("--assign", default="round-robin", metavar="HOW", help=f"how calls are dealt, one or several "
                        f"of {', '.join(assign.BY)} with commas (default: %(default)s)")


def how(text: str) -> tuple[assign.By, ...]:
    """The words of --assign; raises Refused for one that is unknown."""
    found: list[assign.By] = []
    for part in split(text):
        known: dict[str, assign.By] = {one: one for one in assign.BY}
        if part not in known:
            raise Refused(f"--assign {part}: unknown", "known: " + ", ".join(assign.BY))
        found.append(known[part])
    return tuple(found)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        title, equals, field = pair.rpartition("=")
        if not equals or not title.strip():
            raise Refused(f"--map {pair}: not a column and a field", 'write --map "Mobil=number"')
        found[title.strip()] = field.strip()
    return found


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"{path.name} is larger than {limit} bytes", "divide it, or set import.max_bytes")
    return data


def _run(options: argparse.Namespace) -> int:
    if options.rejects:
        check_table_name(options.rejects)
    with opened(options) as manager:
        wishes = _wishes(options, manager)
        separator = "\t" if options.separator.lower() in ("tab", "\\t") else options.separator
        reading = Reading(options.encoding, separator, options.sheet, wishes.country)
        try:
            source = open_source(options.file.name, _read(options.file, manager.settings.imports.max_bytes), reading)
            with manager.database.read() as session:
                known = remembered(session)
            found = plan(source, _mapping(options.map), known, options.titles_row)
            shown = preview(source, found, _reader(found, wishes))
        except FormatError as error:
            error.file = options.file.name
            raise
        if not options.json:
            tell_file(source, shown)
            if options.dry_run:
                tell_preview(shown)
        return _take(options, manager, wishes, source, found, shown)


def _wishes(options: argparse.Namespace, manager: Manager) -> Wishes:
    imports = manager.settings.imports
    country = imports.country if options.country is None else options.country
    zone = imports.zone if options.zone is None else options.zone
    if country:
        country = check_country(country)
    if zone:
        check_zone(zone)
    if options.recent_days is not None and not 0 <= options.recent_days <= 3650:
        raise Refused("--recent-days is not between 0 and 3650")
    who: tuple[str, ...] = ()
    if options.agents:
        who = _agents(options, manager)
    return Wishes(
        list=options.list, title=options.title, agents=who, by=how(options.assign), country=country, zone=zone,
        recent_days=imports.recent_days if options.recent_days is None else options.recent_days,
        max_rows=imports.max_rows, numbers=manager.settings.numbers, dry_run=options.dry_run,
    )


def _agents(options: argparse.Namespace, manager: Manager) -> tuple[str, ...]:
    wanted = [] if options.agents == "all" else split(options.agents)
    if options.create_agents and not options.dry_run:
        with manager.database.write() as session:
            agents.create_missing(session, wanted, now())
    with manager.database.read() as session:
        return tuple(agent.id for agent in assign.existing(session, wanted))


def _reader(found: Plan, wishes: Wishes) -> RowReader:
    return RowReader(found, country=wishes.country, zone=wishes.zone, list_zone="UTC", numbers=wishes.numbers, now=now())


def _take(options: argparse.Namespace, manager: Manager, wishes: Wishes, source: Source, found: Plan,
          shown: Preview) -> int:
    with progress(options.json) as step:
        try:
            report, rejected = take_in(manager.database, source, found, wishes, now(), step)
        except Invalid as fault:
            raise Refused(f"{'.'.join(map(str, fault.path))}: {fault.reason}", fault.remedy) from None
    path = options.rejects or (None if options.dry_run else default_path(options.file, source))
    written = path is not None and bool(rejected)
    if path is not None and rejected:
        try:
            write_rejects(path, source, found, rejected)
        except OSError as error:
            # What is in the list is in the list: the sums are told all the same.
            written = False
            print(f"callsheet manager: {path}: {error.strerror}: the rows left out are not in a file; import "
                  f"{options.file} again with --rejects elsewhere", file=sys.stderr)
    _tell(options, report, rejected, shown, str(path) if written else "", source)
    return 0 if (report.accepted or not report.rows) and written == bool(rejected and path) else BAD_FILE


def _tell(options: argparse.Namespace, report: Report, rejected: Sequence[Rejected], shown: Preview, path: str,
          source: Source) -> None:
    if options.json:
        print_json({
            "file": {"name": source.name, "kind": source.kind, "encoding": source.encoding,
                     "separator": source.separator, "sheet": source.sheet, "sheets": source.sheets},
            "columns": shown.columns, "report": report, "rejects_file": path,
            "rejected": [{"row": one.row, "field": one.field, "reason": one.reason, "remedy": one.remedy}
                         for one in rejected],
        })
    else:
        tell_report(report, rejected, path)
