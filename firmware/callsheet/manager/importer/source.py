# SPDX-License-Identifier: GPL-3.0-or-later
"""A table in a file, whatever the file is: CSV, XLSX, XLS or ODS; its rows can be gone through more than once."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from msgspec import Struct

from callsheet.formats.csv_columns import column_field
from callsheet.formats.csv_rows import Preamble, records
from callsheet.formats.errors import shown
from callsheet.manager.errors import Refused
from callsheet.manager.importer import encodings

Cell = str | float | int | bool | date | datetime | time | timedelta
"""Empty: ""."""
Kind = Literal["csv", "spreadsheet"]

SEPARATORS = ";,\t|"
LOOK = 30
"""Rows that are looked at to find separator and titles."""
_MAX_UNPACKED = 1024 * 1024 * 1024
_MAX_WIDTH = 1000
_MEMORY = 2 * 1024 * 1024 * 1024
_SECONDS = 300
"""What unpacking may take: bytes of address space, and of the processor's time."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Row(Struct, frozen=True, gc=False):
    """One row; `number` is the line of a CSV file or the row of a spreadsheet, from 1."""

    number: int
    cells: list[Cell]


class Reading(Struct, frozen=True):
    """What the user may say of a file; empty: it is found out."""

    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    country: str = ""
    """Where the file probably comes from (ISO code)."""


AS_FOUND = Reading()


class Source:
    """A file that has been opened."""

    def __init__(self, name: str, data: bytes, kind: Kind) -> None:
        self.name = name
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.kind: Kind = kind
        self.encoding = ""
        self.separator = ""
        self.sheet = ""
        self.sheets: tuple[str, ...] = ()
        """Visible ones of a spreadsheet."""
        self.first_column = 0
        """Of the cells in a row: what stands left of it is empty in every row."""
        self.size = 0
        """Rows, at most."""

    def rows(self) -> Iterator[Row]:
        """All rows that are not empty, in order; raises FormatError or Refused for a broken file."""
        raise NotImplementedError

    def head(self, count: int = LOOK) -> list[Row]:
        """The first rows."""
        return [row for row, _ in zip(self.rows(), range(count), strict=False)]


def open_source(name: str, data: bytes, reading: Reading = AS_FOUND) -> Source:
    """The table in a file; raises Refused, or FormatError with the line."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise Refused("the file is empty")
    if start[:5] == b"%PDF-" or start[:1] == b"{":
        raise Refused("this is no table", "save it as CSV or XLSX")
    if start[:1] == b"<":
        raise Refused("this is a web page or XML under another name", "open it in the spreadsheet and save it as XLSX")
    if data.startswith((_ZIP, _OLE)):
        return _Spreadsheet(name, data, reading)
    return _Csv(name, data, reading)


class _Csv(Source):
    def __init__(self, name: str, data: bytes, reading: Reading) -> None:
        super().__init__(name, data, "csv")
        self.encoding = (encodings.checked(data, reading.encoding) if reading.encoding
                         else encodings.guess(data, reading.country))
        self._text = data.decode(self.encoding)
        offset = 1 if self._text.startswith("\ufeff") else 0
        hint = re.match(r'"?sep=(.)"?[ \t]*(\r\n|\r|\n)', self._text[offset: offset + 20])
        if hint:
            offset += hint.end()
        self.separator = reading.separator or (hint[1] if hint else _separator(self._text[offset:]))
        if len(self.separator) != 1 or self.separator in '"\r\n':
            raise Refused(f"{shown(self.separator, 10)} cannot separate cells", 'write ";", "," or "\\t"')
        self._start = Preamble((), self.separator, offset, 2 if hint else 1)
        self.size = max(self._text.count("\n"), self._text.count("\r")) + 1

    def rows(self) -> Iterator[Row]:
        """See Source."""
        for record in records(self._text, self._start):
            cells: list[Cell] = [cell.strip() for cell in record.cells]
            if any(cells):
                yield Row(record.line, _narrow(cells, record.line))


def _separator(text: str) -> str:
    """The one that makes the most known titles; among equals the one that parts the most rows alike."""
    start = "\n".join(re.split(r"\r\n|\r|\n", text[:65536])[: LOOK])

    def merit(separator: str) -> tuple[int, int, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(start), delimiter=separator) if any(row)]
        except csv.Error:
            return 0, 0, 0
        widths = [len(row) for row in rows]
        known = max((sum(bool(column_field(cell)) for cell in row) for row in rows), default=0)
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return known, widths.count(usual) if usual > 1 else 0, usual

    return max(SEPARATORS, key=merit)


class _Spreadsheet(Source):
    def __init__(self, name: str, data: bytes, reading: Reading) -> None:
        super().__init__(name, data, "spreadsheet")
        if reading.encoding or reading.separator:
            raise Refused("a spreadsheet has neither encoding nor separator", "leave them out")
        _check_size(data)
        self._rows = _unpacked(data, reading.sheet)
        head = msgspec.json.decode(self._rows.readline() or b"{}")
        self.sheets = tuple(head.get("sheets", ()))
        if error := head.get("error", ""):
            raise self._refused(error, reading.sheet)
        self.sheet, self.first_column, self.size = head["sheet"], head["first"], head["size"]
        self._start = self._rows.tell()

    def _refused(self, error: str, wanted: str) -> Refused:
        if error == "password":
            return Refused("the spreadsheet is protected by a password", "save it without one")
        if error == "sheet":
            return Refused(f"there is no sheet {shown(wanted)}", "it has: " + ", ".join(map(shown, self.sheets)))
        return Refused("the spreadsheet is empty") if error == "empty" else _damaged()

    def rows(self) -> Iterator[Row]:
        """See Source."""
        # The file has no name any more; opened this way each reader has a place of its own in it.
        with open(f"/proc/self/fd/{self._rows.fileno()}", "rb") as lines:  # noqa: PTH123
            lines.seek(self._start)
            for number, line in enumerate(lines, 1):
                cells = [_cell(cell) for cell in msgspec.json.decode(line, type=list[Any])]
                if any(cell != "" for cell in cells):
                    yield Row(number, _narrow(cells, number))


def _damaged() -> Refused:
    return Refused("the spreadsheet is damaged, or of a kind that is not known here",
                   "open it in the spreadsheet program and save it as XLSX or CSV")


def _unpacked(data: bytes, sheet: str) -> IO[bytes]:
    """What `unpack.py` writes; raises Refused if it came to no good end."""
    rows = tempfile.TemporaryFile(prefix="callsheet-")  # noqa: SIM115 — the source keeps it open
    with tempfile.TemporaryFile(prefix="callsheet-") as book:
        book.write(data)
        book.seek(0)
        command = [sys.executable, "-I", str(Path(__file__).with_name("unpack.py")), str(_MEMORY), str(_SECONDS), sheet]
        status = subprocess.run(command, stdin=book, stdout=rows, stderr=subprocess.DEVNULL, check=False).returncode
    if status:
        rows.close()
        # Rust ends the process by SIGABRT when memory is refused; Python by status 1, also after a panic.
        raise _damaged() if status > 0 else Refused(
            "the spreadsheet has cells too far apart", "delete the empty rows and columns at its end, or save it as CSV")
    rows.seek(0)
    return rows


def _cell(cell: Any) -> Cell:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, dict):
        kind, value = next(iter(cell.items()))
        return timedelta(seconds=value) if kind == "seconds" else _KINDS[kind].fromisoformat(value)
    return cell


_KINDS: dict[str, type[datetime] | type[date] | type[time]] = {"datetime": datetime, "date": date, "time": time}


def _check_size(data: bytes) -> None:
    """Raises Refused for an archive that would unpack to more than memory can bear."""
    if not data.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused("the spreadsheet is damaged", "open it in the spreadsheet program and save it again") from None
    if total > _MAX_UNPACKED:
        raise Refused("the spreadsheet is too large when unpacked", "save it as CSV")


def _narrow(cells: list[Cell], number: int) -> list[Cell]:
    while cells and cells[-1] == "":
        cells.pop()
    if len(cells) > _MAX_WIDTH:
        raise Refused(f"row {number} has more than {_MAX_WIDTH} cells", "remove the columns that are not needed")
    return cells
