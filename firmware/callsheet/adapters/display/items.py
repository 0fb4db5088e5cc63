# SPDX-License-Identifier: GPL-3.0-or-later
"""What a laid-out screen consists of: pieces in boxes, some of which take turns."""

from __future__ import annotations

from typing import Literal, NamedTuple

from callsheet.adapters.display.pixels import Columns

Align = Literal["left", "right", "centre", "tail"]


class Box(NamedTuple):
    """A part of the glass, in pixels."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """First column beyond."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """First row below."""
        return self.y + self.h


class Drawing(NamedTuple):
    """Columns of bits in a box; never drawn outside it."""

    box: Box
    columns: Columns
    y: int
    """Row of the glass where bit 0 goes; may lie above the box when the first rows are dark."""
    align: Align = "left"
    """tail: if too long the end is shown, and nothing moves."""
    inverse: bool = False
    """Dark on light."""
    rtl: bool = False
    """If too long it begins at its right end."""
    moves: bool = True
    """If too long it scrolls; else it is cut (a picture, or a row that scrolls once it is chosen)."""

    @property
    def scrolls(self) -> bool:
        """Whether the clock changes it."""
        return self.moves and self.align != "tail" and len(self.columns) > self.box.w


class Fill(NamedTuple):
    """A light area."""

    box: Box
    style: Literal["solid", "round", "dots"] = "solid"
    """round: without its corner pixels; dots: every second pixel of every second row."""


Item = Drawing | Fill


class Turns(NamedTuple):
    """Groups of items shown one after the other in the same place."""

    box: Box
    pages: tuple[tuple[Item, ...], ...]


class Layout(NamedTuple):
    """A screenful for one size."""

    size: tuple[int, int]
    fixed: tuple[Item, ...]
    turns: tuple[Turns, ...]
    pages: int
    """How many pages `Screen.page` counts through."""
