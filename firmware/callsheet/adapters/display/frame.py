# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of every screen: the status row on top, the key hints at the bottom."""

from __future__ import annotations

from typing import NamedTuple

from callsheet.adapters.display import icons, rows
from callsheet.adapters.display.items import Box, Drawing, Fill, Item, Turns
from callsheet.adapters.display.pixels import Columns
from callsheet.adapters.display.text import CELL, Strip, strip, strips
from callsheet.core.screen import KeyHint, Screen

_GAP = 4
"""Columns between neighbours in the status row."""
_HINT_GAP = 7
"""Columns between two key hints."""
_CAP_HEIGHT = 9
_RULE = 3
"""Rows of the line below the status row, with the dark row above it and below."""
_ROOMY = 14
"""A status row at least so high stands without a line below it."""


class Edge(NamedTuple):
    """A part of the frame, and how many rows it takes."""

    height: int
    items: tuple[Item, ...] = ()
    turns: tuple[Turns, ...] = ()


def status(screen: Screen, width: int) -> Edge:
    """Title, icons and badge, and below them a line, which also shows a countdown."""
    title, badge = _title_and_badge(screen)
    pictures = [columns for name in screen.icons if (columns := icons.picture(name))]
    texts = [row for row in (title, badge) if row.columns]
    height = max(rows.height(texts), icons.HEIGHT if pictures else 0)
    if not height and screen.progress is None:
        return Edge(0)
    right = width
    items: list[Item] = []
    if badge.columns:
        taken = min(len(badge.columns), width // 2)
        items.append(rows.put(badge, Box(width - taken, 0, taken, height)))
        right -= taken + _GAP
    wanted = min(len(title.columns), right * 2 // 3) + _GAP if title.columns else 0
    shown, turns, right = _pictures(pictures, Box(wanted, 0, right - wanted, height))
    items += shown
    if title.columns:
        place = Box(0, 0, min(right, len(title.columns)), height)
        items.append(rows.put(title, place, align="left"))
    if height < _ROOMY:
        items += _line(screen.progress, Box(0, height, width, _RULE), len(title.columns) + _GAP)
        return Edge(height + _RULE, tuple(items), turns)
    if screen.progress is not None:
        left = len(title.columns) + _GAP
        items += _bar(screen.progress, Box(left, height // 2 - 2, right - left, 4))
    return Edge(height, tuple(items), turns)


def _title_and_badge(screen: Screen) -> tuple[Strip, Strip]:
    plain = strips((screen.title, screen.badge), "small")
    if rows.height(plain) < CELL:
        return strip(screen.title, "title"), plain[1]
    return strip(screen.title, "text"), plain[1]


def _pictures(pictures: list[Columns], box: Box) -> tuple[tuple[Item, ...], tuple[Turns, ...], int]:
    """Icons at the right end of the box, taking turns if there are too many; where they begin."""
    if not pictures:
        return (), (), box.right
    pages: list[list[Columns]] = [[]]
    for picture in pictures:
        if pages[-1] and _span([*pages[-1], picture]) > box.w:
            pages.append([])
        pages[-1].append(picture)
    drawn = tuple(tuple(_row_of_pictures(page, box)) for page in pages)
    begin = min(page[0].box.x for page in drawn) - _GAP
    if len(drawn) == 1:
        return drawn[0], (), begin
    return (), (Turns(box, drawn),), begin


def _span(pictures: list[Columns]) -> int:
    return sum(len(picture) + _GAP - 1 for picture in pictures) - _GAP + 1


def _row_of_pictures(pictures: list[Columns], box: Box) -> list[Item]:
    x = max(box.x, box.right - _span(pictures))
    drawn: list[Item] = []
    y = box.y + (box.h - icons.HEIGHT) // 2
    for picture in pictures:
        place = Box(x, y, min(len(picture), box.right - x), icons.HEIGHT)
        drawn.append(Drawing(place, picture, y, moves=False))
        x += len(picture) + _GAP - 1
    return drawn


def _line(progress: float | None, box: Box, title: int) -> list[Item]:
    """A dotted line; with a countdown, solid as far as time is left.

    Beside the title, whose letters may reach down to it, the solid line is two rows thick.
    """
    y = box.y + 1
    dots = Fill(Box(box.x, y, box.w, 1), "dots")
    left = 0 if progress is None else round(min(1.0, max(0.0, progress)) * box.w)
    if not left:
        return [dots]
    thick = [Fill(Box(title, y - 1, left - title, 2))] if left > title else []
    return [dots, Fill(Box(box.x, y, left, 1)), *thick]


def _bar(progress: float, box: Box) -> list[Item]:
    """A countdown within the status row, where there is no row to spare; nothing if too narrow."""
    if box.w < 8:
        return []
    left = round(min(1.0, max(0.0, progress)) * box.w)
    track = Fill(Box(box.x, box.y + 1, box.w, 1), "dots")
    return [track, Fill(Box(box.x, box.y, left, 3))] if left else [track]


def hints(keys: tuple[KeyHint, ...], width: int, bottom: int) -> Edge:
    """Key caps with what they do now, in one row that ends at `bottom`.

    The first, most important one stays; the others take turns if they do not fit.
    """
    if not keys:
        return Edge(0)
    labels = strips((hint.label for hint in keys), "small")
    pairs = [(strip(hint.key, "small"), label) for hint, label in zip(keys, labels, strict=True)]
    height = min(CELL, max(rows.height(labels), _CAP_HEIGHT) + 2)
    box = Box(0, bottom - height, width, height)
    if _needed(pairs) <= width:
        return Edge(height, tuple(_hint_row(pairs, box)))
    kept = _needed(pairs[:1]) + _HINT_GAP
    if kept + max(_needed([pair]) for pair in pairs[1:] or pairs) > width:
        kept, first, others = 0, [], pairs
    else:
        first, others = pairs[:1], pairs[1:]
    rest = Box(kept, box.y, width - kept, height)
    pages = tuple(tuple(_hint_row(page, rest)) for page in _hint_pages(others, rest.w))
    fixed = tuple(_hint_row(first, box._replace(w=kept)))
    if len(pages) == 1:
        return Edge(height, (*fixed, *pages[0]))
    return Edge(height, fixed, (Turns(rest, pages),))


def _hint_pages(pairs: list[tuple[Strip, Strip]], width: int) -> list[list[tuple[Strip, Strip]]]:
    pages: list[list[tuple[Strip, Strip]]] = [[]]
    for pair in pairs:
        if pages[-1] and _needed([*pages[-1], pair]) > width:
            pages.append([])
        pages[-1].append(pair)
    return pages


def _cap_width(key: Strip) -> int:
    return max(_CAP_HEIGHT, len(key.columns) + 4)


def _needed(pairs: list[tuple[Strip, Strip]]) -> int:
    each = (_cap_width(key) + 2 + len(label.columns) + _HINT_GAP for key, label in pairs)
    return sum(each) - _HINT_GAP


def _hint_row(pairs: list[tuple[Strip, Strip]], box: Box) -> list[Item]:
    items: list[Item] = []
    x = box.x
    # Around the letters' height if they are small, else in the middle of the row.
    y = box.bottom - _CAP_HEIGHT - 1 if box.h < CELL else box.y + (box.h - _CAP_HEIGHT) // 2
    for key, label in pairs:
        cap = Box(x, y, _cap_width(key), _CAP_HEIGHT)
        cap = cap._replace(w=min(cap.w, box.right - x))
        inner = Box(cap.x + 2, cap.y + 1, cap.w - 4, cap.h - 2)
        # The cap has no room for descenders: its text stands on the last row but one.
        drawn = Drawing(inner, key.columns, inner.bottom - CELL + 2, "centre", inverse=True)
        items += [Fill(cap, "round"), drawn]
        x = cap.right + 2
        room = min(len(label.columns), box.right - x)
        if room > 0:
            items.append(rows.put(label, Box(x, box.y, room, box.h), align="left"))
        x += room + _HINT_GAP
    return items
