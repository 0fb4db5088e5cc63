# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one sheet of a workbook in a process of its own: `python -I unpack.py LIMIT SECONDS SHEET < workbook > rows`.

A workbook of 6 KB with one cell in the last corner makes the library ask for 512 GB,
and end the process when it does not get them; so this process has a limit, and a
server that is given such a file goes on. The first line written is a JSON object
(`sheet`, `sheets`, `first`, `size`, or `error`), every other one row. It imports
nothing of Callsheet, and starts in a tenth of a second.
"""

from __future__ import annotations

import io
import math
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
import python_calamine


def main(limit: int, seconds: int, wanted: str) -> None:
    """Read standard input, write standard output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    encode = msgspec.json.Encoder().encode
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = _sheets(book)
        sheet = _chosen(book, sheets, wanted)
    except python_calamine.PasswordError:
        sheet, sheets, error = None, [], "password"
    except python_calamine.WorksheetNotFound:
        sheet, error = None, "sheet"
    except (python_calamine.CalamineError, OSError, ValueError):
        sheet, sheets, error = None, [], "damaged"
    else:
        error = "" if sheet is not None else "empty"
    if sheet is None:
        sys.stdout.buffer.write(encode({"error": error, "sheets": sheets}) + b"\n")
        return
    head = {"sheet": sheet.name, "sheets": sheets, "first": (sheet.start or (0, 0))[1], "size": sheet.total_height}
    sys.stdout.buffer.write(encode(head) + b"\n")
    for cells in sheet.iter_rows():
        sys.stdout.buffer.write(encode([_plain(cell) for cell in cells]) + b"\n")


def _sheets(book: Any) -> list[str]:
    kinds, visible = python_calamine.SheetTypeEnum, python_calamine.SheetVisibleEnum.Visible
    found = [one.name for one in book.sheets_metadata if one.visible == visible and one.typ == kinds.WorkSheet]
    return found or list(book.sheet_names)


def _chosen(book: Any, sheets: list[str], wanted: str) -> Any:
    """The sheet asked for, else the first with anything in it: workbooks often begin with an empty one."""
    if wanted:
        return book.get_sheet_by_name(wanted)
    return next((sheet for sheet in map(book.get_sheet_by_name, sheets) if sheet.start is not None), None)


def _plain(cell: Any) -> Any:
    """What JSON cannot say, as an object with its kind."""
    if isinstance(cell, datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, time):
        return {"time": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {"seconds": cell.total_seconds()}
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
