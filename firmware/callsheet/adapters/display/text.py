# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of text as strips of columns.

Two faces to ask for. *text*: Unifont, made bold and proportional where the
script allows, for who is called. *small* (and *title*, which is bold): the
phone's own font, for everything around. A text with a character that the small
font lacks is drawn in Unifont as a whole (*tall*), lest two sizes mix.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from callsheet.adapters.display import shaping, smallfont, tofu, unifont
from callsheet.adapters.display.pixels import Columns, bolden, overlay, thicken, trim
from callsheet.adapters.display.shaping import Cluster

Face = Literal["text", "small", "title", "tall"]

CELL = 16
"""Rows of a strip; the baseline is below row 13."""
_SMALL_CAPITAL = 7
_CAPITAL = 4
_SPACE = 5


class Strip(NamedTuple):
    """A row of text, ready to be put anywhere."""

    columns: Columns
    top: int
    """First row of the cell that the row needs, by its kind of letters (not by its very letters)."""
    bottom: int = CELL
    """First row below."""
    rtl: bool = False

    @property
    def height(self) -> int:
        """Rows it takes."""
        return self.bottom - self.top


@lru_cache(maxsize=192)
def strip(text: str, face: Face) -> Strip:
    """Any text as one row; as long as it is."""
    prepared = shaping.prepare(text)
    return strip_of(prepared, settle(prepared, face), shaping.is_rtl(prepared))


def strips(texts: Iterable[str], face: Face) -> list[Strip]:
    """Texts of one row or list: if one needs the tall face, all get it."""
    texts = tuple(texts)
    settled = {settle(shaping.prepare(text), face) for text in texts}
    return [strip(text, face if settled <= {face} else grown(face)) for text in texts]


def grown(face: Face) -> Face:
    """The face of full height that stands for a small one."""
    return {"small": "tall", "title": "text"}.get(face, face)  # type: ignore[return-value]


def settle(prepared: str, face: Face) -> Face:
    """The face in which the whole of a prepared text can be drawn."""
    if face in ("small", "title") and not all(
        smallfont.glyph(cluster.base + cluster.marks) for cluster in shaping.logical_clusters(prepared)
    ):
        return grown(face)
    return face


def strip_of(prepared: str, face: Face, rtl: bool) -> Strip:
    """A prepared row (`shaping.prepare`) in a face that has it all (`settle`)."""
    columns: list[int] = []
    top = _CAPITAL if face in ("text", "tall") else _SMALL_CAPITAL
    for cluster in shaping.clusters(shaping.visual(prepared, rtl)):
        drawn, first = _cluster(cluster, face)
        columns += drawn
        top = min(top, first)
    if columns and columns[-1] == 0:
        columns.pop()  # the gap to a letter that does not come
    return Strip(tuple(columns), top, rtl=rtl)


@lru_cache(maxsize=1024)
def _cluster(cluster: Cluster, face: Face) -> tuple[Columns, int]:
    """Columns with their advance, and the first row that is needed."""
    if face in ("small", "title"):
        small = smallfont.glyph(cluster.base + cluster.marks, bold=face == "title")
        if small is not None:
            return (*small, 0), _first_row(small)
    return _from_unifont(cluster, bold=face in ("text", "title"))


def _first_row(columns: Columns) -> int:
    lit = 0
    for column in columns:
        lit |= column
    return (lit & -lit).bit_length() - 1 if lit else CELL


def _from_unifont(cluster: Cluster, bold: bool) -> tuple[Columns, int]:
    if cluster.base == " ":
        return (0,) * _SPACE, CELL
    base = unifont.glyph(cluster.base)
    columns = base.columns if base else tofu.glyph(cluster.base)
    cell = len(columns)
    for char in cluster.marks:
        mark = unifont.glyph(char)
        if mark and mark.back is not None:
            at = max(0, cell - mark.back) if mark.back else 0
            columns = overlay(columns, mark.columns, at)
    if cell == 8 and _is_proportional(cluster.base):
        # Digits keep their width, so that a running timer does not tremble.
        narrow = columns[1:7] if cluster.base.isdecimal() else trim(columns)
        return (*(bolden(narrow) if bold else (*narrow, 0)), 0), _first_row(columns)
    return thicken(columns) if bold and cluster.base.isalnum() and base else columns, 0


def _is_proportional(char: str) -> bool:
    """Latin, Greek, Cyrillic and their punctuation; joined and complex scripts keep their cells."""
    return char < "\u0530" or "\u1d00" <= char < "\u2c00" or char == shaping.REPLACEMENT


def width(cluster: Cluster, face: Face) -> int:
    """Columns a cluster takes in a row."""
    return len(_cluster(cluster, face)[0])
