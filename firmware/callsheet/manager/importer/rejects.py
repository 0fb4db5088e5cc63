# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that were left out, in a file of the same columns with one more that says why.

It can be corrected and imported again: the importer knows the column and passes it over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from callsheet.manager.importer.columns import REASON, Plan, letters
from callsheet.manager.importer.report import Rejected
from callsheet.manager.importer.source import Cell, Source
from callsheet.manager.tabular import write_table


def default_path(path: Path, source: Source) -> Path:
    """Beside the file: clients.rejected.xlsx."""
    stem = path.name.removesuffix(path.suffix).removesuffix(".rejected")
    return path.with_name(f"{stem}.rejected{'.csv' if source.kind == 'csv' else '.xlsx'}")


def write_rejects(path: Path, source: Source, plan: Plan, rejected: Sequence[Rejected]) -> None:
    """Go through the file once more and keep its bad rows; raises Refused or OSError."""
    write_table(path, _rows(source, plan, {one.row: one for one in rejected}))


def _rows(source: Source, plan: Plan, bad: dict[int, Rejected]) -> Iterator[list[Cell]]:
    old = [column.index for column in plan.columns if column.title == REASON]
    titles = [column.title for column in plan.columns] if plan.titles else [
        letters(column.index + source.first_column) for column in plan.columns]
    width = len(titles)

    def laid_out(cells: list[Cell], reason: str) -> list[Cell]:
        whole = [*cells, *[""] * (width - len(cells))][:width]
        return [*(cell for index, cell in enumerate(whole) if index not in old), reason]

    yield laid_out(list(titles), REASON)
    for row in source.rows():
        if row.number in bad:
            yield laid_out(row.cells, bad[row.number].text)
