# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheet v1 in CSV: one task to a row, the sheet's own values in comment lines before the header.

Columns with titles that `csv_columns` knows are the task's fields; any other
column becomes an extra field of that title. Without an id column a task is named
after its number (by a hash, since ids appear in logs): a number that comes twice
then needs ids. Cells stand for nothing when empty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from callsheet.core.model import OrderKey, Sheet
from callsheet.formats.csv_columns import COMMENT_NAMES, cell_reader, column_field, comment_field
from callsheet.formats.csv_rows import Comment, Places, Preamble, Record, preamble, records
from callsheet.formats.errors import FormatError, Invalid, RowProblem, nearest, shown
from callsheet.formats.header import TASK_ORDERS, check_order, header
from callsheet.formats.numbers import dialable
from callsheet.formats.tasks import MAX_TASKS, RowFault, Rows, task_from
from callsheet.formats.texts import check_name

# Sheet fields whose comment is a plain text; the others may be JSON.
_TEXTS = frozenset(("id", "agent", "title", "mode", "window_policy", "zone", "caller_id", "pin", "upload", "issued",
                    "expires"))


class _Column(msgspec.Struct, frozen=True):
    title: str
    field: str
    """Empty: an extra field."""
    read: Callable[[str], Any] | None = None
    """From the cell to the value JSON would have; None: as it is."""


def read_csv_sheet(text: str, *, agent: str, id: str, revision: int) -> tuple[Sheet, list[RowProblem]]:
    """A sheet with its good tasks, and the bad ones; agent, id and revision where the file does not say.

    Raises FormatError for anything wrong outside of single rows.
    """
    start = preamble(text)
    places: dict[str, Comment] = {}
    found = records(text, start)
    columns = _columns(next(found, Record(start.line, [])), text, start.separator)
    try:
        sheet = header(_sheet_values(start, {"agent": agent, "id": id, "revision": revision}, places), strict=False)
        sheet = replace(sheet, order=tuple(_resolved(key, columns) for key in sheet.order))
        rows, lines = _rows(found, columns, sheet.zone)
        check_order(sheet, rows)
    except Invalid as fault:
        name = str(fault.path[0]) if fault.path else ""
        if name in places:
            raise _comment_error(places[name], fault.reason, fault.remedy) from None
        raise FormatError(1, 1, fault.reason, name, fault.remedy) from None
    return replace(sheet, tasks=tuple(rows.tasks)), _placed(rows, lines, columns, text, start.separator)


def _sheet_values(start: Preamble, given: dict[str, Any], places: dict[str, Comment]) -> dict[str, Any]:
    """The sheet's own values; `places` tells afterwards which comment each came from."""
    values = {key: value for key, value in given.items() if value != ""}
    for comment in start.comments:
        field = comment_field(comment.key)
        if not field:
            raise _comment_error(comment, f"unknown key {shown(comment.key)}", nearest(comment.key, COMMENT_NAMES))
        if field in places:
            raise _comment_error(comment, f"{field} is given twice", "keep one of them")
        places[field] = comment
        values[field] = _comment_value(field, comment)
    if "agent" not in values:
        raise FormatError(1, 1, "the file does not say which agent it is for", "agent", 'begin with a line "# agent: 101"')
    return values


def _comment_error(comment: Comment, reason: str, remedy: str) -> FormatError:
    return FormatError(comment.line, comment.column, reason, f"# {shown(comment.key)[1:-1]}", remedy)


def _comment_value(field: str, comment: Comment) -> Any:
    text = comment.value
    if field in _TEXTS:
        return text
    if text[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            raise _comment_error(comment, "not valid JSON", "") from None
    if field == "order":
        return [_order_key(part) for part in re.split(r"[,;，；]", text) if part.strip()]
    if field in ("do_not_call", "pause_reasons"):
        return [part.strip() for part in re.split(r"[,;，；]", text) if part.strip()]
    return text


def _order_key(text: str) -> dict[str, Any]:
    """priority, -city, "city desc", "city asc": a criterion in short."""
    name, _, direction = text.strip().rpartition(" ")
    words = {"asc": False, "ascending": False, "升序": False, "desc": True, "descending": True, "降序": True}
    if name and direction.lower() in words:
        return {"by": name.strip(), "descending": words[direction.lower()]}
    plain = text.strip()
    return {"by": plain[1:].strip(), "descending": True} if plain.startswith("-") and plain[1:] else {"by": plain}


def _resolved(key: OrderKey, columns: list[_Column]) -> OrderKey:
    """An order key may use a column's title, in any spelling that the header may have."""
    field = column_field(key.by)
    titles = [column.title for column in columns if not column.field]
    if key.by in (*TASK_ORDERS, *titles):
        return key
    same = [title for title in titles if title.casefold() == key.by.casefold()]
    by = field if field in TASK_ORDERS else "window" if field == "windows" else same[0] if same else key.by
    return replace(key, by=by)


def _column(title: str) -> _Column:
    field = column_field(title)
    return _Column(title, field, cell_reader(field))


def _columns(first: Record, text: str, separator: str) -> list[_Column]:
    titles = [title.strip() for title in first.cells]
    while titles and not titles[-1]:
        titles.pop()
    columns = [_column(title) for title in titles]
    seen: dict[str, str] = {}
    for index, column in enumerate(columns):
        try:
            check_name(column.title)
            name = column.field or f"extra {column.title}"
            if name in seen:
                raise Invalid(f"this column and {shown(seen[name])} mean the same", remedy="rename or remove one of them")
            seen[name] = column.title
        except Invalid as fault:
            line, at = Places(text, separator).cell(first.line, index)
            raise FormatError(line, at, fault.reason, f"title of column {index + 1}", fault.remedy) from None
    if "number" not in seen:
        raise FormatError(
            first.line, 1, "no column is known to hold the telephone number", "header", 'name it "number"'
        )
    return columns


def _rows(found: Iterator[Record], columns: list[_Column], zone: str) -> tuple[Rows, list[int]]:
    rows = Rows()
    lines: list[int] = []
    has_id = any(column.field == "id" for column in columns)
    for record in found:
        cells = list(map(str.strip, record.cells))
        if not any(cells):
            continue
        row = len(lines)
        lines.append(record.line)
        if row >= MAX_TASKS:
            raise FormatError(record.line, 1, f"more than {MAX_TASKS} tasks", remedy="divide the sheet")
        values: dict[str, Any] = {}
        try:
            _fill(values, cells, columns)
            if not has_id:
                values["id"] = _id_from(values.get("number", ""))
            rows.accept(row, task_from(values, zone))
        except Invalid as fault:
            rows.reject(row, str(values.get("id", "")), fault)
    rows.drop_repeated_ids()
    if not has_id:
        rows.bad = [_without_id(bad) for bad in rows.bad]
    return rows, lines


def _fill(values: dict[str, Any], cells: list[str], columns: list[_Column]) -> None:
    """Put a row's cells where JSON would have them; what was read before a fault stays."""
    extra: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if not cell:
            continue
        if not column.field:
            extra[column.title] = cell
        elif column.read is None:
            values[column.field] = cell
        else:
            try:
                values[column.field] = column.read(cell)
            except Invalid as fault:
                raise fault.under(column.field) from None
    if len(cells) > len(columns) and any(cells[len(columns):]):
        raise Invalid("more cells than the header has titles", remedy="put a cell that contains the separator in quotes")
    if extra:
        values["extra"] = extra


def _id_from(number: str) -> str:
    try:
        return "n" + hashlib.sha256(dialable(number).encode()).hexdigest()[:12]
    except Invalid as fault:
        raise fault.under("number") from None


def _without_id(bad: RowFault) -> RowFault:
    if bad.fault.path == ("id",):
        reason = bad.fault.reason.replace("has the same id", "has the same number")
        return replace(bad, fault=Invalid(reason, ("number",), "add a column id, or remove one of them"))
    return bad


def _placed(rows: Rows, lines: list[int], columns: list[_Column], text: str, separator: str) -> list[RowProblem]:
    """The bad rows with the places of their cells."""
    if not rows.bad:
        return []
    places = Places(text, separator)
    fields = {column.field or f"extra {column.title}": index for index, column in enumerate(columns)}
    problems = []
    for bad in rows.bad:
        path = bad.fault.path
        name = " ".join(str(step) for step in path[:2]) if path[:1] == ("extra",) else str(path[0]) if path else ""
        index = fields.get(name, 0)
        line, column = places.cell(lines[bad.row], index)
        place = f"column {shown(columns[index].title)}" if name in fields else "row"
        problems.append(RowProblem(line, column, bad.fault.reason, place, bad.id, bad.fault.remedy))
    return problems
