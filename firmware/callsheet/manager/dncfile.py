# SPDX-License-Identifier: GPL-3.0-or-later
"""Do-not-call lists as files: taken in by the hundred thousand, and written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.manager.importer.cells import text_of
from callsheet.manager.importer.columns import Plan
from callsheet.manager.importer.numbers import NumberReader
from callsheet.manager.importer.source import Source
from callsheet.manager.storage.tables import DoNotCall
from callsheet.manager.tabular import Value, write_table
from callsheet.manager.work import donotcall

CHUNK = 1000
ANY = NumberSettings(allow_premium=True, allow_short=True, allow_emergency=True)
"""Whatever it is: nobody is rung who does not want to be."""


class Taken(Struct, frozen=True):
    """What became of a file."""

    rows: int
    added: int
    known: int
    """On the list already, or twice in the file."""
    rejected: dict[str, int]
    """Rows without a usable number, by reason."""


def take_in(session: Session, source: Source, plan: Plan, country: str, now: datetime, by: str, reason: str) -> Taken:
    """Put all numbers of a file on the list, and end their tasks; raises FormatError or Refused for a broken file."""
    reader = NumberReader(country, ANY)
    rejected: Counter[str] = Counter()
    rows = added = 0
    chunk: list[str] = []
    columns = plan.of("number")
    for row in source.rows():
        if row.number <= plan.first:
            continue
        rows += 1
        cells = [row.cells[column.index] for column in columns if column.index < len(row.cells)]
        found = False
        for cell in cells:
            if cell != "":
                try:
                    chunk.append(reader.read(cell).canonical)
                    found = True
                except Invalid as fault:
                    rejected[fault.reason] += 1
                    found = True
        if not found:
            rejected["there is no number"] += 1
        if len(chunk) >= CHUNK:
            added += _add(session, chunk, now, by, reason)
            chunk = []
    added += _add(session, chunk, now, by, reason)
    return Taken(rows, added, max(0, rows - added - rejected.total()), dict(rejected.most_common()))


def _add(session: Session, numbers: Sequence[str], now: datetime, by: str, reason: str) -> int:
    wanted = set(numbers)
    if not wanted:
        return 0
    known = set(session.scalars(select(DoNotCall.canonical).where(DoNotCall.canonical.in_(sorted(wanted)))))
    new = sorted(wanted - known)
    if new:
        session.execute(insert(DoNotCall), [
            {"canonical": number, "reason": reason, "source": "file", "by": by, "at": now} for number in new])
        donotcall.enforce(session, new, now)
    return len(new)


def read_number(text: str, country: str) -> str:
    """A number as somebody types it, in the form in which it is kept; raises Invalid."""
    return NumberReader(country, ANY).read(text).canonical


def write(session: Session, path: Path) -> int:
    """All numbers into a CSV or XLSX file; returns how many. Raises Refused or OSError."""
    count = 0

    def rows() -> Iterator[list[Value]]:
        nonlocal count
        yield ["number", "reason", "source", "since"]
        query = select(DoNotCall).order_by(DoNotCall.canonical).execution_options(yield_per=CHUNK)
        for row in session.scalars(query):
            count += 1
            yield [row.canonical, row.reason, row.source, text_of(row.at.replace(tzinfo=None))]

    write_table(path, rows())
    return count
