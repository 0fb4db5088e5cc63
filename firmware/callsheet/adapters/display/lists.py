# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows below rows: menus, and further lines broken into pages for reading."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.adapters.display import blocks, rows
from callsheet.adapters.display.items import Box, Fill, Item
from callsheet.adapters.display.text import CELL, Face, Strip, strips
from callsheet.core.screen import Screen

_BAR = 4
"""Columns for the scroll bar and the gap beside it."""
_INSET = 3
"""Columns left of a menu's text."""


def pitch(strips: Sequence[Strip]) -> int:
    """Rows from one row to the next: the same for all, so that nothing jumps."""
    tall = rows.height(list(strips))
    return CELL if tall >= CELL else tall + 1


def fitting(height: int, strips: Sequence[Strip]) -> int:
    """How many such rows fit into that height; none stands below the last."""
    step = pitch(strips)
    return (height + step - rows.height(strips)) // step


def reading_pages(screen: Screen, box: Box) -> list[tuple[Item, ...]]:
    """All lines, broken, page by page; above them the alert, else the headline if two rows remain.

    No pages if there is no room beside the alert: that must not be scrolled away.
    """
    wrapped = rows.flow(screen.lines, box.w)
    step = pitch(wrapped)
    head, least = None, 2
    if screen.alert:
        head, least = blocks.alert(screen.alert, "small", box.w), 1
    elif screen.headline:
        head = blocks.text(screen.headline, "title", box.w)
    if head is None:
        return chunks(wrapped, box)
    count = fitting(box.h - head.height, wrapped)
    if count < least:
        return [] if screen.alert else chunks(wrapped, box)
    down = head.height + min(2, box.h - head.height - (count * step - step + rows.height(wrapped)))
    items = head.build(box._replace(h=head.height))
    below = Box(box.x, box.y + down, box.w, box.h - down)
    return [(*items, *page) for page in chunks(wrapped, below)]


def chunks(wrapped: Sequence[Strip], box: Box) -> list[tuple[Item, ...]]:
    """As many rows as fit into the box, page by page."""
    step = pitch(wrapped)
    each = max(1, fitting(box.h, wrapped))
    return [
        tuple(_put_rows(wrapped[first : first + each], box, step)) for first in range(0, len(wrapped), each)
    ]


def _put_rows(chunk: Sequence[Strip], box: Box, step: int) -> list[Item]:
    items: list[Item] = []
    tall = rows.height(chunk)
    for index, row in enumerate(chunk):
        place = Box(box.x, box.y + index * step, box.w, min(tall, box.h - index * step))
        if place.h > 0:
            items.append(rows.put(row, place))
    return items


def window(lines: tuple[str, ...], box: Box, page: int) -> tuple[list[Item], int]:
    """One page of the lines, broken, with a scroll bar if there are more; and how many pages."""
    wrapped = rows.flow(lines, box.w)
    step = pitch(wrapped)
    if len(wrapped) <= fitting(box.h, wrapped):
        spare = max(0, box.h - len(wrapped) * step) // 2
        return _put_rows(wrapped, Box(box.x, box.y + spare, box.w, box.h - spare), step), 1
    wrapped = rows.flow(lines, box.w - _BAR)
    pages = chunks(wrapped, box._replace(w=box.w - _BAR))
    page %= len(pages)
    return [*pages[page], *blocks.scrollbar(box, page, 1, len(pages))], len(pages)


def menu(screen: Screen, box: Box) -> list[Item]:
    """The lines as a list with the chosen one dark on light; above it what is asked."""
    face: Face = "text" if _all_fit(screen, box) else "small"
    entries = strips(screen.lines, face)
    step = pitch(entries)
    heading = _heading(screen, box, step)
    above = sum(block.height + 1 for block in heading)
    each = min(len(entries), max(1, (box.h - above) // step))
    y = box.y + min(3, (max(0, box.h - above - each * step) + 1) // 2)
    items: list[Item] = []
    for block in heading:
        items += block.build(Box(box.x, y, box.w, block.height))
        y += block.height + 1
    return items + _entries(entries, screen.cursor or 0, Box(box.x, y, box.w, box.bottom - y))


def _entries(entries: list[Strip], cursor: int, box: Box) -> list[Item]:
    """As many as fit, the chosen one in the middle as far as there are others around it."""
    step = pitch(entries)
    each, total = max(1, box.h // step), len(entries)
    cursor = min(max(cursor, 0), total - 1)
    first = min(max(0, cursor - each // 2), max(0, total - each))
    items: list[Item] = []
    if total > each:
        items += blocks.scrollbar(box, first, each, total)
        box = box._replace(w=box.w - _BAR)
    for index in range(first, min(total, first + each)):
        y = box.y + (index - first) * step
        place = Box(box.x, y, box.w, min(step, box.bottom - y))
        items += _entry(entries[index], place, index == cursor)
    return items


def _all_fit(screen: Screen, box: Box) -> bool:
    """Whether the menu can be shown in the big face."""
    entries = strips(screen.lines, "text")
    step = pitch(entries)
    above = sum(block.height + 1 for block in _heading(screen, box, step))
    wide = max(len(entry.columns) for entry in entries)
    return above + len(entries) * step <= box.h and wide <= box.w - 2 * _INSET


def _heading(screen: Screen, box: Box, step: int) -> list[blocks.Block]:
    """Headline and number, each as far as two rows of the list (one if there is but one) remain."""
    wanted = []
    if screen.headline:
        wanted.append(blocks.text(screen.headline, "title", box.w))
    if screen.number:
        wanted.append(blocks.numbers(screen.number, box.w)[-1])
    room = box.h - step * min(2, len(screen.lines))
    chosen: list[blocks.Block] = []
    for block in wanted:
        room -= block.height + 1
        if room >= 0:
            chosen.append(block)
    return chosen


def _entry(entry: Strip, place: Box, chosen: bool) -> list[Item]:
    inner = Box(place.x + _INSET, place.y, max(1, place.w - 2 * _INSET), place.h)
    row = rows.put(entry, inner, inverse=chosen, moves=chosen)
    return [Fill(place, "round"), row] if chosen else [row]
