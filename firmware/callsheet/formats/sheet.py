# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheet v1, in whatever form it comes: bytes in, a `Sheet` or one FormatError out."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from callsheet.core.model import Sheet
from callsheet.formats.errors import FormatError, RowProblem
from callsheet.formats.sheet_csv import read_csv_sheet
from callsheet.formats.sheet_json import read_json_sheet, write_sheet
from callsheet.formats.texts import utf8

__all__ = ["BadRows", "SheetFile", "read_sheet", "write_sheet"]

BadRows = Literal["reject", "skip"]


class SheetFile(Struct, frozen=True):
    """What was in a file."""

    sheet: Sheet
    problems: tuple[RowProblem, ...] = ()
    """Rows left out because they cannot be used."""
    form: Literal["json", "csv"] = "json"


def read_sheet(
    data: bytes,
    *,
    name: str = "",
    content_type: str = "",
    bad_rows: BadRows = "reject",
    agent: str = "",
    revision: int | None = None,
) -> SheetFile:
    """Read a call sheet v1, JSON or CSV: the content tells which, then `name` (of file or link) and `content_type`.

    A CSV file that does not say so itself is for `agent`, has the stem of `name` as
    id, and `revision` (pass one that grows with the file, such as the POSIX time of
    its last change; None: 0).

    Raises FormatError; for bad rows too, unless `bad_rows` is "skip": then they are
    left out and reported.
    """
    _check_kind(data)
    data = utf8(data)
    form = _form(data, name, content_type)
    if form == "json":
        sheet, problems = read_json_sheet(data)
    else:
        sheet, problems = read_csv_sheet(data.decode(), agent=agent, id=_stem(name), revision=revision or 0)
    if problems and bad_rows == "reject":
        first, *others = problems
        reason = f"task {first.id}: {first.reason}" if first.id else first.reason
        raise FormatError(first.line, first.column, reason, first.place, first.remedy, others)
    return SheetFile(sheet, tuple(problems), form)


def _check_kind(data: bytes) -> None:
    """Raises FormatError for what people send by mistake."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise FormatError(0, 0, "the file is empty")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FormatError(0, 0, "this is a spreadsheet, not a call sheet", remedy='save it as "CSV UTF-8"')
    if start[:1] == b"<":
        raise FormatError(1, 1, "this is a web page, not a call sheet", remedy="check the link")


def _form(data: bytes, name: str, content_type: str) -> Literal["json", "csv"]:
    start = data[:1000].lstrip()[:1]
    if start == b"{":
        return "json"
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/csv", "text/tab-separated-values", "application/csv") or name.lower().endswith((".csv", ".tsv")):
        return "csv"
    if kind.endswith(("/json", "+json")) or name.lower().endswith(".json"):
        return "json"
    return "csv"


def _stem(name: str) -> str:
    """The last part of a path or link without its extension; "sheet" if nothing is left."""
    path = urlsplit(name).path if "://" in name else name
    last = re.split(r"[/\\]", unquote(path).rstrip("/\\"))[-1]
    stem = re.sub(r"(?i)\.(csv|tsv|txt|json)$", "", last)
    return "".join(c if c.isprintable() else "_" for c in stem).strip()[:128].strip() or "sheet"
