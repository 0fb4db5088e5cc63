# SPDX-License-Identifier: GPL-3.0-or-later
"""A table in a file, whatever the file is: CSV, XLSX, XLS or ODS; its rows can be gone through more than once."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeVar

import python_calamine
from msgspec import Struct

from callsheet.formats.csv_columns import column_field
from callsheet.formats.csv_rows import Preamble, records
from callsheet.formats.errors import shown
from callsheet.manager.errors import Refused
from callsheet.manager.importer import encodings

Cell = str | float | int | bool | date | datetime | time | timedelta
"""Empty: ""."""
Kind = Literal["csv", "spreadsheet"]
T = TypeVar("T")

SEPARATORS = ";,\t|"
LOOK = 30
"""Rows that are looked at to find separator and titles."""
_MAX_UNPACKED = 1024 * 1024 * 1024
_MAX_WIDTH = 1000
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
        try:
            self._book = _guarded(lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)))
        except python_calamine.PasswordError:
            raise Refused("the spreadsheet is protected by a password", "save it without one") from None
        visible = [one.name for one in self._book.sheets_metadata
                   if one.visible == python_calamine.SheetVisibleEnum.Visible
                   and one.typ == python_calamine.SheetTypeEnum.WorkSheet]
        self.sheets = tuple(visible or self._book.sheet_names)
        self._sheet = self._chosen(reading.sheet)
        self.sheet = self._sheet.name
        self.size = self._sheet.total_height
        self.first_column = (self._sheet.start or (0, 0))[1]

    def _chosen(self, name: str) -> python_calamine.CalamineSheet:
        if name:
            if name not in self._book.sheet_names:
                raise Refused(f"there is no sheet {shown(name)}", "it has: " + ", ".join(map(shown, self.sheets)))
            return self._opened(name)
        # The first with anything in it: workbooks often begin with an empty one.
        for one in self.sheets:
            sheet = self._opened(one)
            if sheet.start is not None:
                return sheet
        raise Refused("the spreadsheet is empty")

    def _opened(self, name: str) -> python_calamine.CalamineSheet:
        return _guarded(lambda: self._book.get_sheet_by_name(name))

    def rows(self) -> Iterator[Row]:
        """See Source."""
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            plain: list[Cell] = [cell.strip() if isinstance(cell, str) else cell for cell in cells]
            if any(cell != "" for cell in plain):
                yield Row(number, _narrow(plain, number))


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


def _guarded(open: Callable[[], T]) -> T:
    """What a library for spreadsheets gives; raises Refused, or PasswordError, whatever it makes of broken bytes."""
    try:
        return open()
    except python_calamine.PasswordError:
        raise
    except BaseException as error:
        # A panic of its Rust code is a BaseException that is not importable.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Refused("the spreadsheet is damaged, or of a kind that is not known here",
                          "open it in the spreadsheet program and save it as XLSX or CSV") from None
        raise


def _narrow(cells: list[Cell], number: int) -> list[Cell]:
    while cells and cells[-1] == "":
        cells.pop()
    if len(cells) > _MAX_WIDTH:
        raise Refused(f"row {number} has more than {_MAX_WIDTH} cells", "remove the columns that are not needed")
    return cells
