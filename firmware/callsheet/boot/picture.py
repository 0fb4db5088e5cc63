# SPDX-License-Identifier: GPL-3.0-or-later
"""Four lines of text as the display's memory has them."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.adapters.display import smallfont, unifont
from callsheet.adapters.display.pixels import Columns

WIDTH, LINES = 128, 4
MARGIN = 4
"""Columns that stay dark on the left, where the two controllers differ."""


def line(text: str, bold: bool = False) -> Columns:
    """At most a display's width of columns, each of 16 rows."""
    columns: list[int] = []
    for char in text:
        drawn = smallfont.glyph(char, bold)
        if drawn is None:
            wide = unifont.glyph(char)
            drawn = wide.columns if wide else ()
        columns += [*drawn, 0]
    return tuple(columns[: WIDTH - MARGIN])


def bar(part: float) -> Columns:
    """A frame, filled from the left to this part of it, 0 to 1."""
    width = WIDTH - 2 * MARGIN
    full = round(max(0.0, min(1.0, part)) * (width - 4))
    inner = [0b0001_1011_1101_1000 if x < full else 0b0001_0000_0000_1000 for x in range(width - 4)]
    edge, gap = 0b0001_1111_1111_1000, 0b0001_0000_0000_1000
    return (edge, gap, *inner, gap, edge)


def pages(lines: Sequence[Columns]) -> tuple[bytes, ...]:
    """Eight pages of 128 bytes: a byte is eight rows of a column, the top one in bit 0."""
    made: list[bytes] = []
    for columns in (*lines, *((),) * LINES)[:LINES]:
        whole = ((0,) * MARGIN + tuple(columns) + (0,) * WIDTH)[:WIDTH]
        made += [bytes(one & 0xFF for one in whole), bytes(one >> 8 & 0xFF for one in whole)]
    return tuple(made)
