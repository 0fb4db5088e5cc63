# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking text into rows, and putting a row into a box."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from callsheet.adapters.display import shaping
from callsheet.adapters.display.items import Align, Box, Drawing
from callsheet.adapters.display.text import CELL, Face, Strip, settle, strip_of, width

# No row begins with these (closing marks), nor ends with those (opening ones).
_CLOSING = frozenset("、。，．；：！？）」』】》〉…,.;:!?)]}»”’%")
_OPENING = frozenset("（「『【《〈([{«“‘")

_DOT = (0, 0, 0, 0, 0b11 << 10, 0b11 << 10, 0, 0, 0, 0)
"""Stands between two short texts in one row."""


@lru_cache(maxsize=64)
def wrap(text: str, face: Face, columns: int) -> tuple[Strip, ...]:
    """Break a text into rows of at most `columns` pixels.

    At blanks, between wide characters, inside a word only if it is longer than
    a row. Line feeds break as well.
    """
    rows: list[Strip] = []
    if len(text) > shaping.LONGEST:
        text = text[: shaping.LONGEST - 1] + "…"
    for paragraph in text.splitlines():
        prepared = shaping.prepare(paragraph)
        if not prepared.strip(" "):
            continue
        settled = settle(prepared, face)
        rtl = shaping.is_rtl(prepared)
        rows += [strip_of(row, settled, rtl) for row in broken(prepared, settled, columns)]
    return tuple(rows)


def flow(lines: Iterable[str], columns: int) -> tuple[Strip, ...]:
    """Lines in the small face, broken into rows; short neighbours share a row."""
    result: list[Strip] = []
    shared: Strip | None = None
    for line in lines:
        wrapped = wrap(line, "small", columns)
        single = wrapped[0] if len(wrapped) == 1 and not wrapped[0].rtl else None
        joined = _joined(shared, single) if shared and single else None
        if joined is not None and len(joined.columns) <= columns:
            result[-1] = shared = joined
        else:
            result += wrapped
            shared = single
    return tuple(result)


def _joined(left: Strip, right: Strip) -> Strip | None:
    """Two strips side by side, a dot between them; None if one is high and the other is not."""
    if (left.height == CELL) != (right.height == CELL):
        return None
    return Strip(left.columns + _DOT + right.columns, min(left.top, right.top))


def broken(prepared: str, face: Face, columns: int) -> list[str]:
    """The rows of a prepared text, in logical order."""
    rows, row, room = [], "", columns
    for word in _words(prepared, face):
        needed = _measure(word.rstrip(" "), face)
        if needed > room and row:
            rows.append(row.rstrip(" "))
            row, room = "", columns
        while needed > columns:
            head = _head(word, face, columns)
            rows.append(head)
            word = word[len(head) :]
            needed = _measure(word.rstrip(" "), face)
        row += word
        room -= _measure(word, face)
    if row.strip(" ") or not rows:
        rows.append(row.rstrip(" "))
    return rows


def _words(prepared: str, face: Face) -> list[str]:
    """Pieces between which a row may end; blanks belong to the piece before."""
    words: list[str] = []
    fresh = True
    for cluster in shaping.logical_clusters(prepared):
        piece = cluster.base + cluster.marks
        previous = words[-1][-1] if words else ""
        wide = _is_wide(cluster.base) and cluster.base not in _CLOSING
        after_wide = _is_wide(previous) and cluster.base not in _CLOSING
        if (fresh or ((wide or after_wide) and previous not in _OPENING)) and cluster.base != " ":
            words.append(piece)
        elif words:
            words[-1] += piece
        else:
            words.append(piece)
        fresh = cluster.base == " "
    return words


def _is_wide(char: str) -> bool:
    """Scripts written without blanks between words."""
    return "\u2e80" <= char <= "\ud7ff" or "\uf900" <= char <= "\ufaff" or char >= "\uff00"


def _measure(piece: str, face: Face) -> int:
    return sum(width(cluster, face) for cluster in shaping.logical_clusters(piece))


def _head(word: str, face: Face, columns: int) -> str:
    """As much of a long word as fits, one cluster at least."""
    head, used = "", 0
    for cluster in shaping.logical_clusters(word):
        used += width(cluster, face)
        if head and used > columns:
            break
        head += cluster.base + cluster.marks
    return head


def height(strips: Iterable[Strip]) -> int:
    """Rows that these take side by side."""
    return CELL - min((row.top for row in strips), default=CELL)


def put(
    row: Strip, box: Box, *, inverse: bool = False, align: Align | None = None, moves: bool = True
) -> Drawing:
    """A strip standing on the bottom of a box; right-to-left text keeps to the right."""
    natural: Align = "right" if row.rtl else "left"
    return Drawing(box, row.columns, box.bottom - row.bottom, align or natural, inverse, row.rtl, moves)
