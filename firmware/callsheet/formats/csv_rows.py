# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV as text: comment lines, the separator, records with the lines they stand on, and the place of a cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from callsheet.formats.csv_columns import column_field
from callsheet.formats.errors import FormatError
from callsheet.formats.texts import line_and_column

SEPARATORS = ";,\t"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


class Comment(Struct, frozen=True):
    """A line "# key: value" before the header."""

    key: str
    value: str
    line: int
    column: int


class Record(Struct, frozen=True, gc=False):
    """Cells of one record, which may go over several lines."""

    line: int
    """Of its first cell, from 1."""
    cells: list[str]


class Preamble(Struct, frozen=True):
    """All before the header, and where that begins."""

    comments: tuple[Comment, ...]
    separator: str
    offset: int
    """Of the header line in the text."""
    line: int


def preamble(text: str) -> Preamble:
    """Comments and separator; raises FormatError if there is no header."""
    comments: list[Comment] = []
    separator = ""
    offset, line = 0, 1
    while offset < len(text):
        match = _LINE.match(text, offset)
        raw = match[0] if match else ""
        content = raw.strip("\r\n")
        if hint := re.fullmatch(r'"?sep=([;,\t])"?\s*', content):
            separator = hint[1]
        elif content.lstrip(' \t"').startswith("#"):
            if found := _comment(content, line):
                comments.append(found)
        elif content.strip(" \t;,"):
            return Preamble(tuple(comments), separator or _separator(content), offset, line)
        offset += len(raw)
        line += 1
    line, column = line_and_column(text)
    raise FormatError(line, column, "there is no header line", remedy='write titles of columns such as "number;name"')


def _comment(content: str, line: int) -> Comment | None:
    """A spreadsheet may have put the line in quotes and filled it up with separators."""
    plain = content.strip()
    if not plain.endswith(("]", "}")):
        plain = plain.rstrip(";,\t ")
    if plain.startswith('"') and plain.endswith('"') and len(plain) > 1:
        plain = plain[1:-1].replace('""', '"')
    match = re.fullmatch(r"#+\s*([^:：]{1,60}?)\s*[:：]\s*(.*)", plain.lstrip(), re.DOTALL)
    if match is None:
        return None
    return Comment(match[1], match[2].strip(), line, content.find(match[1]) + 1)


def _separator(header: str) -> str:
    """The one that makes the most known titles of the header; among equals the one that occurs most."""
    bare = re.sub(r'"[^"]*"', lambda m: re.sub(f"[{SEPARATORS}]", " ", m[0]), header)

    def merit(separator: str) -> tuple[int, int]:
        titles = [title.strip(' "') for title in bare.split(separator)]
        return sum(bool(column_field(title)) for title in titles), len(titles)

    return max(SEPARATORS, key=merit)


def records(text: str, start: Preamble) -> Iterator[Record]:
    """The records from the header on; raises FormatError for broken quoting."""
    source = io.StringIO(text[start.offset:], newline="")
    reader = csv.reader(source, delimiter=start.separator, strict=True)
    line = start.line
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _quoting_error(str(error), line) from None
        yield Record(line, cells)
        line = start.line + reader.line_num


def _quoting_error(message: str, line: int) -> FormatError:
    if "field larger" in message:
        return FormatError(line, 1, "a cell is too long", remedy="look for a quotation mark that is not closed")
    remedy = 'put cells with separators, quotes or line breaks in "…", and write "" for a quote in them'
    return FormatError(line, 1, f"quotation marks do not match up: {message}", remedy=remedy)


class Places:
    """Finds the line and column of cells. Made only when something is wrong."""

    def __init__(self, text: str, separator: str) -> None:
        self._lines = [match[0] for match in _LINE.finditer(text)]
        self._separator = separator

    def cell(self, line: int, index: int) -> tuple[int, int]:
        """Line and column of a cell of the record that begins on `line`; of the record if it has no such cell."""
        at, column, quoted = line, 1, False
        for number, content in enumerate(islice(self._lines, line - 1, None), line):
            for position, character in enumerate(content, 1):
                if index == 0:
                    return (number, position) if character not in "\r\n" or position > 1 else (at, column)
                if character == '"':
                    quoted = not quoted
                elif character == self._separator and not quoted:
                    index -= 1
            if not quoted:
                break
        return at, column
