# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that was uploaded to be imported: read, shown, tried, taken in.

Nothing is kept between the steps: the browser sends the file with each of them, so
any worker can take the next one, and no callee's data lie about.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from callsheet.formats.errors import FormatError, Invalid
from callsheet.manager.errors import Refused
from callsheet.manager.importer.cells import text_of
from callsheet.manager.importer.columns import Plan, plan
from callsheet.manager.importer.intake import Progress, Wishes, remembered, take_in
from callsheet.manager.importer.rejects import default_path, write_rejects
from callsheet.manager.importer.report import Rejected, Report
from callsheet.manager.importer.source import AS_FOUND, Reading, Source, open_source
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database

SHOWN_ROWS = 8
SHOWN_REJECTS = 20
FAULTS = (Refused, FormatError, Invalid)
"""What may be wrong with a file or with what is wished."""


@dataclass(frozen=True)
class Upload:
    """A file and what the form says of it."""

    name: str
    file: BinaryIO
    reading: Reading = AS_FOUND
    mapping: tuple[tuple[str, str], ...] = ()
    """(title, field) as chosen in the form."""


@dataclass(frozen=True)
class Opened:
    """A file whose columns are known."""

    source: Source
    plan: Plan

    def head(self) -> list[list[str]]:
        """Its first rows as texts."""
        width = len(self.plan.columns)
        rows = [row for row in self.source.head(SHOWN_ROWS + self.plan.first) if row.number > self.plan.first]
        return [[*map(text_of, row.cells), *[""] * width][:width] for row in rows[:SHOWN_ROWS]]


@dataclass(frozen=True)
class Done:
    """What an import did, or would do."""

    report: Report
    rejected: Sequence[Rejected]


def read(database: Database, upload: Upload, settings: ManagerSettings) -> Opened:
    """Open it and find its columns; raises Refused, FormatError or Invalid."""
    most = settings.imports.max_bytes
    data = upload.file.read(most + 1)
    if len(data) > most:
        raise Refused(f"the file has more than {most} bytes", "divide it, or set import.max_bytes")
    source = open_source(upload.name, data, upload.reading)
    with database.read() as session:
        known = remembered(session)
    return Opened(source, plan(source, dict(upload.mapping), known))


def run(database: Database, opened: Opened, wishes: Wishes, now: datetime, progress: Progress) -> Done:
    """Take it in, or try to; raises Refused, FormatError or Invalid, and then nothing has changed."""
    return Done(*take_in(database, opened.source, opened.plan, wishes, now, progress))


def rejects_file(opened: Opened, rejected: Sequence[Rejected]) -> tuple[str, bytes]:
    """Name and content of the file with the rows left out, of the kind the upload is."""
    name = default_path(Path(Path(opened.source.name).name), opened.source).name
    with tempfile.TemporaryDirectory(prefix="callsheet-") as folder:
        path = Path(folder, "rejected" + Path(name).suffix)
        write_rejects(path, opened.source, opened.plan, rejected)
        return name, path.read_bytes()


def told(fault: Exception) -> str:
    """A fault in one line."""
    if isinstance(fault, Invalid):
        return f"{fault.reason} ({fault.remedy})" if fault.remedy else fault.reason
    return str(fault)


