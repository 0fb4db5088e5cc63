# SPDX-License-Identifier: GPL-3.0-or-later
"""The middle of a screen: who, which number, why not, what else is known.

Whatever is empty leaves its room to the others. If not everything that must be
seen fits, parts take turns; if further lines do not fit, there are pages to
scroll through, each but the first for reading alone.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from callsheet.adapters.display import blocks, digits, lists
from callsheet.adapters.display.blocks import Block
from callsheet.adapters.display.items import Box, Fill, Item, Turns
from callsheet.adapters.display.text import Face, strip
from callsheet.core.screen import Screen

_WIDE = 200
"""From this width on, further lines stand beside the number, not below it."""
_HEAD_FACES: tuple[Face, ...] = ("text", "title")
_GUTTER = 5
"""Columns on either side of the line between two columns."""
_BAR = 4
"""Columns for the scroll bar and the gap beside it."""


class Middle(NamedTuple):
    """What is drawn between status row and key hints."""

    items: tuple[Item, ...]
    turns: tuple[Turns, ...] = ()
    pages: int = 1


class _Overview(NamedTuple):
    items: list[Item]
    turns: tuple[Turns, ...]
    complete: bool
    """All lines are there, and none has to scroll."""


def fill(screen: Screen, room: Box) -> Middle:
    """Lay out the middle for the room there is."""
    if room.h <= 0:
        return Middle(())
    if screen.cursor is not None and screen.lines:
        return Middle(tuple(lists.menu(screen, room)))
    beside = (screen.headline or screen.number) and (screen.lines or screen.alert)
    if room.w >= _WIDE and beside and (screen.number or not _overview(screen, room).complete):
        return _two_columns(screen, room)
    return _one_column(screen, room)


def _one_column(screen: Screen, room: Box, big: bool = True) -> Middle:
    overview = _overview(screen, room, big)
    if overview.complete:
        return Middle(tuple(overview.items), overview.turns)
    narrow = room._replace(w=room.w - _BAR)
    reading = lists.reading_pages(screen, narrow)
    total = 1 + len(reading)
    page = screen.page % total
    bar = blocks.scrollbar(room, page, 1, total)
    if page:
        return Middle((*reading[page - 1], *bar), (), total)
    overview = _overview(screen, narrow, big)
    return Middle((*overview.items, *bar), overview.turns, total)


def _two_columns(screen: Screen, room: Box) -> Middle:
    left = room._replace(w=_width_of_left(screen, room.w))
    who = Screen(mode="", title="", headline=screen.headline, number=screen.number)
    overview = _overview(who, left)
    x = left.right + 2 * _GUTTER
    right = Box(x, room.y, room.right - x, room.h)
    rule = Fill(Box(left.right + _GUTTER - 1, room.y + 1, 1, room.h - 2), "dots")
    if not screen.alert:
        items, pages = lists.window(screen.lines, right, screen.page)
        return Middle((*overview.items, rule, *items), overview.turns, pages)
    rest = Screen(mode="", title="", alert=screen.alert, lines=screen.lines, page=screen.page)
    beside = _one_column(rest, right, big=False)
    items = [*overview.items, rule, *beside.items]
    return Middle(tuple(items), overview.turns + beside.turns, beside.pages)


def _width_of_left(screen: Screen, width: int) -> int:
    """As much as name and number want, within bounds."""
    name = len(strip(screen.headline, "text").columns)
    number = digits.large().length(screen.number)
    return min(max(name, number, width // 3), width * 3 // 5)


def _overview(screen: Screen, box: Box, big: bool = True) -> _Overview:
    """Everything at a glance, as big as it fits; else the less important takes turns.

    `big` lets lines and alert have the face of the headline.
    """
    heads = _heads(screen, box.w)
    for head, lines, alert, gap, number in product(heads, *_options(screen, box.w, big)):
        shown = [*head, *number, *alert, *lines]
        if blocks.needed(shown, gap) <= box.h:
            return _with_more(screen, shown, lines, box)
    return _taking_turns(screen, heads[0], box)


def _heads(screen: Screen, width: int) -> list[list[Block]]:
    """The headline big; small only if nothing has to take turns then."""
    if not screen.headline:
        return [[]]
    return [[blocks.text(screen.headline, face, width)] for face in _HEAD_FACES]


def _options(
    screen: Screen, width: int, big: bool
) -> tuple[list[list[Block]], list[list[Block]], tuple[int, ...], list[list[Block]]]:
    """Ways to show the lines and the alert, gaps between blocks, ways to show the number, best first."""
    alerts: list[list[Block]] = [[]]
    if screen.alert:
        faces: tuple[Face, ...] = ("text", "small") if big else ("small",)
        alerts = [[blocks.alert(screen.alert, face, width)] for face in faces]
    numbers: list[list[Block]] = [[]]
    if screen.number:
        numbers = [[block] for block in blocks.numbers(screen.number, width)]
    return _line_options(screen, width, big), alerts, (1, 0), numbers


def _line_options(screen: Screen, width: int, big: bool) -> list[list[Block]]:
    """All lines big, if there is no number; all broken into rows; the first alone."""
    first = [blocks.text(line, "small", width) for line in screen.lines[:1]]
    options = [blocks.paragraphs(screen.lines, width), first]
    if big and not screen.number:
        large = [blocks.text(line, "text", width) for line in screen.lines]
        if all(block.fits for block in large):
            options.insert(0, large)
    return options


def _with_more(screen: Screen, shown: list[Block], lines: list[Block], box: Box) -> _Overview:
    """Add further lines as long as there is room."""
    complete = len(lines) >= len(screen.lines) and all(block.fits for block in lines)
    if not complete:
        for line in screen.lines[1:]:
            block = blocks.text(line, "small", box.w)
            if blocks.needed([*shown, block]) > box.h:
                break
            shown.append(block)
    return _Overview(blocks.stack(shown, box), (), complete)


def _taking_turns(screen: Screen, head: list[Block], box: Box) -> _Overview:
    items: list[Item] = []
    if head and head[0].height * 2 <= box.h:
        top = head[0].height
        items = blocks.stack(head, box._replace(h=top))
        box = Box(box.x, box.y + top, box.w, box.h - top)
        head = []
    parts = list(head)
    if screen.alert:
        parts += blocks.alert_parts(screen.alert, box.w, box.h)
    if screen.number:
        ways = blocks.numbers(screen.number, box.w)
        parts.append(next((block for block in ways if block.height <= box.h), ways[-1]))
    if screen.lines:
        parts.append(blocks.text(screen.lines[0], "small", box.w))
    pages = tuple(tuple(blocks.stack(page, box)) for page in blocks.pages(parts, box.h))
    fits = len(screen.lines) < 2 and all(block.fits for block in parts)
    return _Overview(items, (Turns(box, pages),), fits)
