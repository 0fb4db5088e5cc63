# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first rows of a file would become, before anything is taken in."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from callsheet.formats.errors import Invalid
from callsheet.manager.importer.cells import text_of
from callsheet.manager.importer.columns import Plan
from callsheet.manager.importer.report import Rejected
from callsheet.manager.importer.rows import Candidate, RowReader
from callsheet.manager.importer.source import Source


class ColumnShown(Struct, frozen=True):
    """A column, what it is taken for and why, and the first cell in it that is not empty."""

    title: str
    field: str
    why: str
    example: str


class Preview(Struct, frozen=True):
    """The columns, and the first rows as tasks or with what is wrong with them."""

    columns: tuple[ColumnShown, ...]
    rows: tuple[Candidate | Rejected, ...]


def preview(source: Source, plan: Plan, reader: RowReader, count: int = 5) -> Preview:
    """Look at the beginning of the data; raises what reading the file raises."""
    rows = [row for row in source.head(count + plan.first + 50) if row.number > plan.first]
    found: list[Candidate | Rejected] = []
    for row in rows[:count]:
        try:
            found.append(reader.read(row))
        except Invalid as fault:
            found.append(Rejected(row.number, fault.reason, fault.remedy, str(fault.path[0]) if fault.path else ""))
    columns = tuple(ColumnShown(c.title, c.field, c.why, _example([row.cells for row in rows], c.index))
                    for c in plan.columns)
    return Preview(columns, tuple(found))


def _example(rows: Sequence[Sequence[object]], index: int) -> str:
    cells = (cells[index] for cells in rows if index < len(cells) and cells[index] != "")
    text = text_of(next(cells, ""))  # type: ignore[arg-type]
    return text if len(text) <= 40 else f"{text[:39]}…"
