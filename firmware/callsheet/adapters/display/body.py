# SPDX-License-Identifier: GPL-3.0-or-later
"""The middle of a screen: who, which number, why not, what else is known.

Whatever is empty leaves its room to the others. If not everything that must be
seen fits, parts take turns; if further lines do not fit, there are pages to
scroll through, each but the first for reading alone.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from callsheet.adapters.display import blocks, digits, lists, rows
from callsheet.adapters.display.blocks import Block
from callsheet.adapters.display.items import Box, Fill, Item, Turns
from callsheet.adapters.display.text import CELL, Face, strip
from callsheet.core.screen import Screen

_WIDE = 200
"""From this width on, further lines stand beside the number, not below it."""
_ROWS_IN_TURNS = 6
"""More would be too long in coming round; they are left to the pages."""
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
    turns: tuple[Turns, ...] = ()
    complete: bool = True
    """All lines are there at once."""


def fill(screen: Screen, room: Box) -> Middle:
    """Lay out the middle for the room there is."""
    if room.h <= 0:
        return Middle(())
    if screen.cursor is None and not all(line.strip() for line in screen.lines):
        screen = replace(screen, lines=tuple(line for line in screen.lines if line.strip()))
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
    # Narrower for the scroll bar.
    narrow = room._replace(w=room.w - _BAR)
    reading = lists.reading_pages(screen, narrow)
    if not reading:
        return Middle(tuple(overview.items), overview.turns)
    total = 1 + len(reading)
    page = screen.page % total
    bar = blocks.scrollbar(room, page, 1, total)
    if page:
        return Middle((*reading[page - 1], *bar), (), total)
    overview = _overview(screen, narrow, big)
    return Middle((*overview.items, *bar), overview.turns, total)


def _two_columns(screen: Screen, room: Box) -> Middle:
    left = room._replace(w=_width_of_left(screen, room))
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


def _width_of_left(screen: Screen, room: Box) -> int:
    """As much as name and number want, within bounds."""
    name = strip(screen.headline, "text")
    sizes = (digits.large(), digits.medium())
    fitting = [size.length(screen.number) for size in sizes if name.height + size.height < room.h]
    return min(max(len(name.columns), *fitting[:1], room.w // 3), room.w * 3 // 5)


def _overview(screen: Screen, box: Box, big: bool = True) -> _Overview:
    """Everything at a glance, as big as it fits; else the less important takes turns.

    `big` lets lines and alert have the face of the headline.
    """
    ways = _numbers(screen, box.w)
    whole = [way for way in ways if all(block.fits for block in way)]
    for numbers, head in product((whole, ways), _heads(screen, box.w)):
        made = _all_lines(screen, head, numbers, box, big) or _lines_in_turns(screen, head, numbers, box, big)
        if made is not None:
            return made
    return _parts_in_turns(screen, box)


def _heads(screen: Screen, width: int) -> list[list[Block]]:
    """Ways to show the headline, best first."""
    if not screen.headline:
        return [[]]
    return [[block] for block in blocks.headings(screen.headline, width)]


def _all_lines(
    screen: Screen, head: list[Block], numbers: list[list[Block]], box: Box, big: bool
) -> _Overview | None:
    """All at once; None if there is no room for that."""
    alerts = _alerts(screen, box.w, big)
    for lines, alert, gap, number in product(_line_options(screen, box.w, big), alerts, (1, 0), numbers):
        shown = [*head, *number, *alert, *lines]
        if blocks.needed(shown, gap) <= box.h:
            return _Overview(blocks.stack(shown, box))
    return None


def _lines_in_turns(
    screen: Screen, head: list[Block], numbers: list[list[Block]], box: Box, big: bool
) -> _Overview | None:
    """All but the lines at once, and these taking turns; None if there is no room for any of them."""
    if not screen.lines:
        return None
    wrapped = rows.flow(screen.lines, box.w)
    if not digits.medium().length(screen.number):
        # Words in the place of a number give way to the lines.
        numbers = numbers[-1:]
    for alert, number in product(_alerts(screen, box.w, big), numbers):
        shown = [*head, *number, *alert]
        count = lists.fitting(box.h - blocks.needed(shown), wrapped)
        if count >= 1:
            last = rows.height(wrapped)
            area = Block((count - 1) * lists.pitch(wrapped) + last, lambda place: [])
            *_, place = blocks.places([*shown, area], box)
            items = blocks.stack([*shown, area], box)
            return _Overview(items, (Turns(place, tuple(lists.chunks(wrapped, place))),), False)
    return None


def _alerts(screen: Screen, width: int, big: bool) -> list[list[Block]]:
    """Ways to show the alert, best first."""
    if not screen.alert:
        return [[]]
    faces: tuple[Face, ...] = ("text", "small") if big else ("small",)
    return [[blocks.alert(screen.alert, face, width)] for face in faces]


def _numbers(screen: Screen, width: int) -> list[list[Block]]:
    """Ways to show the number, best first."""
    return [[block] for block in blocks.numbers(screen.number, width)] if screen.number else [[]]


def _line_options(screen: Screen, width: int, big: bool) -> list[list[Block]]:
    """All lines: big, if there is no number; each in rows of its own; short ones sharing a row."""
    apart = [row for line in screen.lines for row in rows.wrap(line, "small", width)]
    options = [blocks.rows_of(apart), blocks.rows_of(rows.flow(screen.lines, width))]
    if big and not screen.number:
        large = [blocks.text(line, "text", width) for line in screen.lines]
        if all(block.fits for block in large):
            options.insert(0, large)
    return options


def _parts_in_turns(screen: Screen, box: Box) -> _Overview:
    """Headline and alert as far as they leave room; below them all else takes turns, in rows that fit."""
    head = [blocks.text(screen.headline, "text", box.w)] if screen.headline else []
    alert = [blocks.alert(screen.alert, "small", box.w)] if screen.alert else []
    kept = _kept(screen, head, alert, box)
    top = blocks.needed(kept)
    below = Box(box.x, box.y + top, box.w, box.h - top)
    parts: list[Block] = []
    if len(kept) < len(head):
        parts += blocks.rows_of(rows.wrap(screen.headline, "text", box.w))
    if len(kept) < len(head) + len(alert):
        parts += blocks.alert_parts(screen.alert, box.w, below.h)
    parts += _number_and_lines(screen, below)
    pages = tuple(tuple(blocks.stack(page, below)) for page in blocks.pages(parts, below.h))
    items = blocks.stack(kept, box._replace(h=top))
    return _Overview(items, (Turns(below, pages),), len(screen.lines) < 2)


def _kept(screen: Screen, head: list[Block], alert: list[Block], box: Box) -> list[Block]:
    """What stays while the rest takes turns below it: headline and alert, the headline, nothing."""
    number = digits.medium().height if screen.number else 0
    least = max(number, rows.height(rows.flow(screen.lines, box.w)))
    if alert and box.h - blocks.needed([*head, *alert]) >= least:
        return [*head, *alert]
    least = max(least, rows.height(rows.wrap(screen.alert, "small", box.w)) + 1 if alert else 0)
    return head if box.h - blocks.needed(head) >= min(least, CELL) else []


def _number_and_lines(screen: Screen, box: Box) -> list[Block]:
    parts: list[Block] = []
    if screen.number:
        ways = blocks.numbers(screen.number, box.w)
        chosen = [block for block in ways if block.fits and block.height <= box.h][:1]
        if not chosen and screen.number.endswith(blocks.CARET):
            chosen = ways[-1:]
        parts += chosen or blocks.rows_of(rows.wrap(screen.number, "small", box.w))
    wrapped = rows.flow(screen.lines, box.w)
    if len(wrapped) > _ROWS_IN_TURNS:
        wrapped = rows.wrap(screen.lines[0], "small", box.w)
    return parts + blocks.rows_of(wrapped)
