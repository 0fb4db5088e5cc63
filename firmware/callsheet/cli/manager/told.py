# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import tells on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callsheet.cli.output import print_table
from callsheet.manager.importer.columns import EXTRA, IGNORE
from callsheet.manager.importer.preview import Preview
from callsheet.manager.importer.report import REMARKS, ZONES, Rejected, Report
from callsheet.manager.importer.rows import Candidate
from callsheet.manager.importer.source import Source

_WHY = {"given": "as you said", "remembered": "as last time", "title": "by its title", "content": "by what is in it",
        "": "title not known"}
_SEPARATORS = {"\t": "tabs", " ": "spaces"}
_REASONS = 12


def tell_file(source: Source, shown: Preview) -> None:
    """What the file is and what its columns are."""
    if source.kind == "csv":
        separator = _SEPARATORS.get(source.separator, f'"{source.separator}"')
        print(f"{source.name}: CSV in {source.encoding}, separated by {separator}")
    else:
        others = [name for name in source.sheets if name != source.sheet]
        print(f'{source.name}: sheet "{source.sheet}"' + (f" (left aside: {', '.join(others)})" if others else ""))
    rows = []
    for column in shown.columns:
        what = {EXTRA: "extra field", IGNORE: "(passed over)"}.get(column.field, column.field)
        rows.append((column.title, what, _WHY[column.why], column.example))
    print_table("", ("Column", "Is", "Because", "First"), rows)


def tell_preview(shown: Preview) -> None:
    """What the first rows would be."""
    rows = []
    for one in shown.rows:
        if isinstance(one, Candidate):
            task = one.task
            extra = ", ".join(f"{key}: {value}" for key, value in task.extra.items())
            rows.append((str(one.row), task.number, task.name, task.zone or "unknown", extra))
        else:
            rows.append((str(one.row), "–", "", "", one.text))
    print_table("", ("Row", "Number", "Name", "Zone", "Extra fields, or what is wrong"), rows)


def tell_report(report: Report, rejected: Sequence[Rejected], path: str) -> None:
    """Sums, reasons, and what to do next."""
    verb = "would be" if report.dry_run else "were"
    print(f"{report.accepted} of {report.rows} rows {verb} taken into list {report.list} ({report.seconds:.1f} s)")
    if report.rejected:
        print(f"{report.rejected} left out:")
        _sums(report.reasons)
        for one in rejected[:3]:
            print(f"    such as row {one.row}: {one.text}")
        if path:
            print(f"  They are in {path}: correct them there and import that file.")
    if report.remarks:
        print("Numbers that needed help:")
        _sums({REMARKS[key]: count for key, count in report.remarks.items()})
    _zones(report.zones)
    if report.assigned:
        print("Dealt to " + ", ".join(f"{agent}: {count}" for agent, count in sorted(report.assigned.items())))
    if report.unassigned:
        print(f"{sum(report.unassigned.values())} wait for an agent:")
        _sums(report.unassigned)
    elif not report.assigned and report.accepted and not report.dry_run:
        print(f"They wait for agents: callsheet manager assign --list {report.list} --agents all")


def _sums(reasons: Mapping[str, int]) -> None:
    for reason, count in list(reasons.items())[:_REASONS]:
        print(f"  {count:6}  {reason}")
    if len(reasons) > _REASONS:
        print(f"  {sum(list(reasons.values())[_REASONS:]):6}  for {len(reasons) - _REASONS} other reasons")


def _zones(zones: Mapping[str, int]) -> None:
    if not zones:
        return
    print("Time zones: " + ", ".join(f"{count} {ZONES[key]}" for key, count in zones.items()))
    if zones.get(""):
        print("  Where calling hours are on, a callee whose time zone is unknown is not dialled.")
