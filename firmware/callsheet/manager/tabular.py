# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables into files that a spreadsheet program opens: CSV and XLSX, in which no cell is ever a formula.

A cell that begins with = + - @ would be computed when a CSV file is opened (OWASP,
"CSV injection"); an apostrophe before it makes it text, and the importer takes the
apostrophe away again. XLSX tells texts and formulas apart by itself.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO

import xlsxwriter  # type: ignore[import-untyped]

from callsheet.manager.errors import Refused

Value = str | float | int | bool | date | datetime | time | timedelta | None
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss", timedelta: "[hh]:mm:ss"}
_MOST = 1_048_576
"""Rows of a sheet in XLSX."""
_LONGEST = 32_767
"""Characters of a cell in XLSX."""


def harmless(text: str) -> str:
    """The text of a CSV cell that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def check_table_name(path: Path) -> str:
    """".csv" or ".xlsx"; raises Refused for another kind of name."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise Refused(f"{path.name}: its name does not say what it is to be", "let it end with .csv or .xlsx")
    return kind


def write_table(path: Path, rows: Iterable[Sequence[Value]]) -> None:
    """Rows, the titles first, into a CSV or XLSX file (by its name) that only its owner can read.

    It takes the place of an older one only when it is whole. Raises Refused for
    another kind of name, OSError.
    """
    kind = check_table_name(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            (write_csv if kind == ".csv" else write_xlsx)(file, rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_csv(file: IO[bytes], rows: Iterable[Sequence[Value]]) -> None:
    """UTF-8 with a byte order mark, without which Excel takes it for the computer's code page."""
    wrapped = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(wrapped)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    wrapped.detach()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Value]]) -> None:
    """Written row by row, so that any length takes the same memory; raises Refused for more than a sheet holds."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "nan_inf_to_errors": True, "remove_timezone": True}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            if number >= _MOST:
                raise Refused(f"a spreadsheet holds {_MOST} rows", "write CSV")
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value[:_LONGEST], bold if number == 0 else None)
                elif isinstance(value, bool):
                    sheet.write_boolean(number, column, value)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_datetime(number, column, value, formats[type(value)])
