# SPDX-License-Identifier: GPL-3.0-or-later
"""What each column of a file is: by what the user says, what was so last time, its title, or what is in it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from callsheet.formats.csv_columns import column_field
from callsheet.formats.errors import nearest, shown
from callsheet.formats.texts import check_name
from callsheet.manager.errors import Refused
from callsheet.manager.importer.cells import text_of
from callsheet.manager.importer.source import Cell, Row, Source

IGNORE, EXTRA = "ignore", "extra"
REASON = "Callsheet: why not"
"""Title of the column that a file of rejected rows has more than the file it came from."""

Why = Literal["given", "remembered", "title", "content", ""]

# Beyond the sheet's own: what only the importer knows to put together.
_MORE = {
    "language": "language, lang, 语言, 语种",
    "first_name": "first name, given name, forename, vorname, prénom, 名",
    "last_name": "last name, surname, family name, nachname, nom, 姓",
    "window_date": "window date, planned date, call date, 计划日期, 预约日期",
    "window_start": "window start, planned start, call from, 开始时间, 计划开始",
    "window_end": "window end, planned end, call until, 结束时间, 计划结束",
}
_SHEET_FIELDS = ("id", "number", "name", "service", "history", "windows", "region", "zone", "priority", "attempts",
                 "not_before", "callback", "held", "ring_timeout", "max_attempts", "caller_id")
FIELDS = (*_SHEET_FIELDS, *_MORE, "country", IGNORE, EXTRA)
"""What --map may say."""
_MANY = frozenset({"number", EXTRA, IGNORE})
"""Fields that several columns may be: of numbers the first usable one is dialled."""
# Titles in further languages would be guesses; a column of numbers is known by what is in it.
_SAMPLE = 200
_PHONE = re.compile(r"(?=(?:\D*\d){6,15}\D*$)[+(]?[\d\s()./\-]{6,25}$")
_TITLES_WITHIN = 20


class Column(Struct, frozen=True):
    """One column of the file."""

    index: int
    title: str
    """Letters, as spreadsheets have them, if it has none of its own."""
    field: str
    """One of FIELDS."""
    why: Why = ""


class Plan(Struct, frozen=True):
    """How the rows of a file are to be read."""

    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    """As in the file; empty: it has none."""
    first: int = 1
    """Row or line after which the data begin."""
    fingerprint: str = ""
    """By which the mapping is remembered; empty: without titles nothing is."""

    def of(self, field: str) -> list[Column]:
        """The columns that are this field."""
        return [column for column in self.columns if column.field == field]


def plan(
    source: Source, given: Mapping[str, str] = {}, remembered: Mapping[str, Mapping[str, str]] = {},
    titles_row: int | None = None,
) -> Plan:
    """Find titles and columns; `remembered` has title → field by fingerprint; `titles_row` 0: there are none.

    Raises Refused if no column holds telephone numbers, or if `given` names what is not there.
    """
    head = source.head(_SAMPLE)
    if not head:
        raise Refused("the file is empty")
    row = _titles_row(head, titles_row)
    data = [one for one in head if row is None or one.number > row.number]
    width = max(len(one.cells) for one in (head if row is None else [row, *data]))
    titles = _unique([text_of(cell) for cell in row.cells] if row else [], width, source.first_column)
    fingerprint = _fingerprint(titles) if row else ""
    known = remembered.get(fingerprint, {})
    columns = [_column(index, title, known) for index, title in enumerate(titles)]
    columns = _given(columns, given, source.first_column)
    columns = _numbers_by_content(columns, data)
    columns = _without_counters(_distinct(columns), data)
    found = Plan(tuple(columns), tuple(map(str, titles)) if row else (), row.number if row else 0, fingerprint)
    if not found.of("number"):
        raise Refused("no column is known to hold telephone numbers",
                      f'say which, such as --map "{titles[0][:30]}=number"')
    return found


def letters(index: int) -> str:
    """What spreadsheets call a column, from A for 0."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _titles_row(head: Sequence[Row], wanted: int | None) -> Row | None:
    """The row with the most known titles; without one the first with as many texts as columns."""
    if wanted == 0:
        return None
    if wanted is not None:
        for row in head:
            if row.number == wanted:
                return row
        raise Refused(f"row {wanted} is empty or not among the first {_SAMPLE}", "name the row with the titles")
    rows = head[:_TITLES_WITHIN]
    best = max(rows, key=lambda row: (_known(row), -row.number))
    if _known(best):
        return best
    width = max(len(row.cells) for row in rows)
    for row in rows:
        if len(row.cells) * 2 > width and all(isinstance(c, str) and not _PHONE.match(c) for c in row.cells):
            return row
        if any(_PHONE.match(text_of(cell)) for cell in row.cells):
            return None
    return None


def _known(row: Row) -> int:
    return sum(bool(_field(cell)) for cell in row.cells if isinstance(cell, str))


def _folded(title: str) -> str:
    return re.sub(r"[\s_.\-]+", "", unicodedata.normalize("NFKC", title).casefold())


_MORE_OF = {_folded(name): field for field, names in _MORE.items() for name in (field, *names.split(","))}


def _field(title: str) -> str:
    plain = unicodedata.normalize("NFKC", title).strip().rstrip(":*：")
    return column_field(plain) or _MORE_OF.get(_folded(plain), "")


def _unique(titles: list[str], width: int, offset: int) -> list[str]:
    """Each column a title of its own: an empty one gets its letters, one that comes again a number."""
    found: list[str] = []
    for index in range(width):
        title = " ".join(titles[index].split()) if index < len(titles) else ""
        title = "".join(char if char.isprintable() else "�" for char in title)[:120].strip() or letters(index + offset)
        name, count = title, 2
        while name in found:
            name, count = f"{title} {count}", count + 1
        check_name(name)
        found.append(name)
    return found


def _fingerprint(titles: Sequence[str]) -> str:
    # A file of rejected rows is of the same kind as the one that they come from.
    named = [_folded(title) for title in titles if title != REASON]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _column(index: int, title: str, known: Mapping[str, str]) -> Column:
    if title == REASON:
        return Column(index, title, IGNORE, "title")
    if known.get(title) in FIELDS:
        return Column(index, title, known[title], "remembered")
    field = _field(title)
    # A row to withdraw is for sheets; a list is made of rows to call.
    return Column(index, title, field, "title") if field in FIELDS else Column(index, title, EXTRA)


def _given(columns: list[Column], given: Mapping[str, str], offset: int) -> list[Column]:
    for name, field in given.items():
        if field not in FIELDS:
            raise Refused(f"{shown(field)} is nothing a column can be", nearest(field, FIELDS))
        same = ([c for c in columns if c.title == name] or [c for c in columns if _folded(c.title) == _folded(name)]
                or [c for c in columns if letters(c.index + offset) == name.upper()])
        if not same:
            raise Refused(f"there is no column {shown(name)}", nearest(name, [c.title for c in columns]))
        columns[same[0].index] = Column(same[0].index, same[0].title, field, "given")
    return columns


def _distinct(columns: list[Column]) -> list[Column]:
    """Of several columns that would be the same field one is: what was said, then what is called so, then the first."""
    rank = {"given": 0, "remembered": 1, "title": 2, "content": 3, "": 4}
    chosen: dict[str, Column] = {}
    for column in sorted(columns, key=lambda c: (rank[c.why], _folded(c.title) != _folded(c.field), c.index)):
        first = chosen.setdefault(column.field, column)
        if first is not column and column.field not in _MANY and column.why == "given":
            raise Refused(f"columns {shown(first.title)} and {shown(column.title)} cannot both be {column.field}",
                          f'make one of them "{EXTRA}"')
    return [column if column.field in _MANY or chosen[column.field] is column
            else Column(column.index, column.title, EXTRA) for column in columns]


def _numbers_by_content(columns: list[Column], data: Sequence[Row]) -> list[Column]:
    """Where no title says it, the column with the most that look like telephone numbers."""
    if any(column.field == "number" for column in columns) or not data:
        return columns

    def share(column: Column) -> float:
        if column.why == "given":
            return 0.0
        cells: list[Cell] = [row.cells[column.index] for row in data if len(row.cells) > column.index]
        return sum(bool(_PHONE.match(text_of(cell))) for cell in cells if not isinstance(cell, bool)) / len(data)

    best = max(columns, key=lambda column: (share(column), -column.index))
    if share(best) < 0.5:
        return columns
    return [replace(best, field="number", why="content") if column is best else column for column in columns]


def _without_counters(columns: list[Column], data: Sequence[Row]) -> list[Column]:
    """A column that only counts 1, 2, 3 names no task: the next file would count so again."""
    for column in columns:
        if column.field == "id" and column.why == "title" and len(data) > 1:
            values = [text_of(row.cells[column.index]) if len(row.cells) > column.index else "" for row in data]
            if values == [str(n) for n in range(1, len(values) + 1)]:
                return [replace(c, field=EXTRA, why="content") if c is column else c for c in columns]
    return columns
