# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of a file to one task, by the rules that phones read sheets with; or what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from callsheet.core.model import Task
from callsheet.core.settings import NumberSettings
from callsheet.formats.csv_columns import cell_reader
from callsheet.formats.errors import Invalid
from callsheet.formats.moments import zone as check_zone
from callsheet.formats.tasks import checked_task, task_from
from callsheet.manager.countries import check_country
from callsheet.manager.importer.cells import moment_of, text_of, value_of
from callsheet.manager.importer.columns import EXTRA, Plan
from callsheet.manager.importer.numbers import Found, NumberReader
from callsheet.manager.importer.source import Cell, Row
from callsheet.manager.importer.windows import window_of, windows_of
from callsheet.manager.importer.zones import Zones

Reader = Callable[[Cell], Any]
_TEXTS = frozenset({"id", "name", "service", "region", "held"})


class Candidate(Struct, frozen=True, gc=False):
    """A row that could become a task, as far as it alone can tell."""

    row: int
    task: Task
    canonical: str
    language: str = ""
    remark: str = ""
    """What was done to the number: a key of report.REMARKS."""
    origin: str = ""
    """Where the time zone comes from: a key of report.ZONES."""


class RowReader:
    """Reads rows by a plan."""

    def __init__(self, plan: Plan, *, country: str, zone: str, list_zone: str, numbers: NumberSettings,
                 now: datetime) -> None:
        self._numbers = NumberReader(country, numbers)
        self._zones = Zones(now)
        self._zone, self._list_zone = zone, list_zone
        self._number_columns = plan.of("number")
        self._plain = [(c, _reader(c.field)) for c in plan.columns if c.field in _PLAIN]
        self._extra = plan.of(EXTRA)
        self._at = {c.field: c.index for c in plan.columns if c.field not in ("number", EXTRA)}

    def read(self, row: Row) -> Candidate:
        """The task of a row; raises Invalid whose path begins with the first field that is wrong."""
        cells = row.cells
        values: dict[str, Any] = {}
        faults: list[Invalid] = []
        try:
            found, extra = self._number(cells)
        except Invalid as fault:
            faults.append(fault)
        for column, read in self._plain:
            cell = cells[column.index] if column.index < len(cells) else ""
            if cell != "":
                try:
                    values[column.field] = read(cell)
                except Invalid as fault:
                    faults.append(fault.under(column.field))
        try:
            self._put_together(values, cells)
        except Invalid as fault:
            faults.append(fault)
        if faults:
            raise _all(faults)
        values["number"] = found.number
        values["extra"] = extra | self._extras(cells)
        zone, origin = self._zone_of(values.get("zone", ""), found)
        values["zone"] = zone
        values.setdefault("id", "n" + hashlib.sha256(found.number.encode()).hexdigest()[:12])
        task = checked_task(task_from(values, zone or self._list_zone))
        return Candidate(row.number, task, found.canonical, self._text(cells, "language"), found.remark, origin)

    def _text(self, cells: list[Cell], field: str) -> str:
        return text_of(self._cell(cells, field)).strip()

    def _cell(self, cells: list[Cell], field: str) -> Cell:
        index = self._at.get(field)
        return cells[index] if index is not None and index < len(cells) else ""

    def _put_together(self, values: dict[str, Any], cells: list[Cell]) -> None:
        """Names in two columns, windows in three."""
        if "name" not in values and ("first_name" in self._at or "last_name" in self._at):
            first, last = self._text(cells, "first_name"), self._text(cells, "last_name")
            # 王小明, but Anna Ivanova.
            space = "" if last and "\u3400" <= last[0] <= "\u9fff" else " "
            values["name"] = f"{last}{first}" if not space else f"{first} {last}".strip()
        if "window_start" in self._at or "window_date" in self._at:
            parts = (self._cell(cells, name) for name in ("window_date", "window_start", "window_end"))
            try:
                windows = window_of(*parts)
            except Invalid as fault:
                raise fault.under("windows") from None
            if windows:
                values.setdefault("windows", []).extend(windows)

    def _number(self, cells: list[Cell]) -> tuple[Found, dict[str, Any]]:
        """The first number that can be dialled, and the cells whose numbers the agent is to see all the same."""
        country = self._country(cells)
        fault: Invalid | None = None
        found: Found | None = None
        seen: dict[str, Any] = {}
        for column in self._number_columns:
            cell = cells[column.index] if column.index < len(cells) else ""
            if cell == "":
                continue
            if found is not None:
                seen[column.title] = text_of(cell)
                continue
            try:
                found = self._numbers.read(cell, country)
            except Invalid as one:
                fault = fault or one
                seen[column.title] = text_of(cell)
            else:
                if found.remark in ("several", "extension"):
                    seen[column.title] = text_of(cell)
        if found is None:
            raise fault or Invalid("there is no number", ("number",))
        return found, seen

    def _country(self, cells: list[Cell]) -> str:
        text = self._text(cells, "country")
        if not text:
            return ""
        try:
            return check_country(text)
        except Invalid as fault:
            raise fault.under("country") from None

    def _extras(self, cells: list[Cell]) -> dict[str, Any]:
        return {column.title: value_of(cells[column.index]) for column in self._extra
                if column.index < len(cells) and cells[column.index] != ""}

    def _zone_of(self, given: str, found: Found) -> tuple[str, str]:
        if given:
            try:
                check_zone(given)
            except Invalid as fault:
                raise fault.under("zone") from None
            return given, "column"
        zone = self._zones.of(found.parsed, found.kind) if found.parsed is not None else ""
        if zone:
            return zone, "number"
        return (self._zone, "default") if self._zone else ("", "list" if self._list_zone else "")


def _all(faults: list[Invalid]) -> Invalid:
    """One fault that names all: who corrects a row wants to do it once."""
    if len(faults) == 1:
        return faults[0]
    said = [f"{fault.reason} ({fault.remedy})" if fault.remedy else fault.reason for fault in faults]
    return Invalid("; ".join(dict.fromkeys(said)), faults[0].path)


def _reader(field: str) -> Reader:
    if field == "windows":
        return windows_of
    if field == "not_before":
        return moment_of
    from_text = cell_reader(field)
    if field in _FLAGS:
        return lambda cell: cell if isinstance(cell, bool) else _of_text(from_text, cell)
    return lambda cell: _of_text(from_text, cell)


def _of_text(read: Callable[[str], Any] | None, cell: Cell) -> Any:
    text = text_of(cell).strip()
    return read(text) if read is not None else text


_FLAGS = frozenset({"callback"})
_PLAIN = _TEXTS | _FLAGS | {"history", "windows", "zone", "priority", "attempts", "not_before", "ring_timeout",
                            "max_attempts", "caller_id"}
