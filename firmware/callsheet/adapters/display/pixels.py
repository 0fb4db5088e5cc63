# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as columns of bits.

Everything that is drawn is a sequence of columns, left to right; bit 0 of a
column is its top pixel. That is the order in which SSD1306 and its kin take
their memory, and makes scrolling a slice and overlaying an OR.
"""

from __future__ import annotations

Columns = tuple[int, ...]


def parse(rows: list[str]) -> Columns:
    """Columns from rows of text: "#" is lit, anything else dark."""
    width = max((len(row) for row in rows), default=0)
    return tuple(sum(1 << y for y, row in enumerate(rows) if row[x : x + 1] == "#") for x in range(width))


def parse_bands(art: str) -> dict[str, Columns]:
    """Glyphs drawn side by side: bands parted by blank lines, the characters' names on top."""
    glyphs = {}
    for band in art.strip("\n").split("\n\n"):
        names, *rows = (line.split() for line in band.splitlines())
        for index, name in enumerate(names):
            glyphs[name] = parse([row[index] for row in rows])
    return glyphs


def shift(columns: Columns, rows: int) -> Columns:
    """Move down by so many rows; up if negative, what leaves at the top is lost."""
    if rows >= 0:
        return tuple(column << rows for column in columns)
    return tuple(column >> -rows for column in columns)


def bolden(columns: Columns) -> Columns:
    """Widen every stroke by a pixel to the right.

    A gap of one column between two uprights is widened first, lest it close:
    "m" stays legible.
    """
    spaced: list[int] = []
    for x, column in enumerate(columns):
        spaced.append(column)
        if 0 < x < len(columns) - 1:
            gaps = columns[x - 1] & ~column & columns[x + 1]
            if gaps.bit_count() > 1:
                spaced.append(column)
    return tuple(left | right for left, right in zip((*spaced, 0), (0, *spaced), strict=True))


def thicken(columns: Columns) -> Columns:
    """Widen strokes to the right only where no gap closes, and within the same width.

    For dense writing, and for letters that join those beside them.
    """
    before = (0, *columns)
    after = (*columns[1:], 0)
    return tuple(
        column | (left & ~right) for left, column, right in zip(before, columns, after, strict=False)
    )


def trim(columns: Columns) -> Columns:
    """Without the dark columns at either end."""
    lit = [x for x, column in enumerate(columns) if column]
    return columns[lit[0] : lit[-1] + 1] if lit else ()


def overlay(under: Columns, over: Columns, at: int) -> Columns:
    """Draw `over` upon `under` from column `at` (not negative); longer if it must be."""
    result = list(under) + [0] * (at + len(over) - len(under))
    for x, column in enumerate(over, at):
        result[x] |= column
    return tuple(result)
