# SPDX-License-Identifier: GPL-3.0-or-later
"""The building blocks of the middle of a screen, each of a fixed height, stacked into a box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from callsheet.adapters.display import digits, rows, shaping
from callsheet.adapters.display.items import Box, Drawing, Fill, Item
from callsheet.adapters.display.text import CELL, Face, Strip, strip

CARET = "_"
"""A number that ends with this is being typed: its end stays in sight."""
_INSET = 4
"""Columns between the edge of an alert and its text."""
_SPREAD = 5
"""Rows between two blocks at most."""


class Block(NamedTuple):
    """Something that needs so many rows, and can then be put into a box of that height."""

    height: int
    build: Callable[[Box], list[Item]]
    fits: bool = True
    """Nothing of it has to scroll."""


def text(content: str, face: Face, width: int) -> Block:
    """One row of text."""
    row = strip(content, face)
    fits = len(row.columns) <= width
    return Block(rows.height([row]), lambda box: [rows.put(row, box)], fits)


def headings(content: str, width: int) -> list[Block]:
    """Ways to show the headline: big in one row if it fits, else in two, else scrolling; small."""
    one = text(content, "text", width)
    wrapped = () if one.fits else rows.wrap(content, "text", width)
    in_two = [_joined([_row(row) for row in wrapped])] if len(wrapped) == 2 else []
    return [*in_two, one, text(content, "title", width)]


def _joined(parts: Sequence[Block]) -> Block:
    """Blocks that stay together."""
    return Block(needed(parts), lambda box: stack(parts, box))


def rows_of(strips: Iterable[Strip]) -> list[Block]:
    """Every row a block."""
    return [_row(row) for row in strips]


def _row(row: Strip) -> Block:
    return Block(rows.height([row]), lambda box: [rows.put(row, box)])


def numbers(number: str, width: int) -> list[Block]:
    """Ways to show the number, biggest first; only the last may have to scroll.

    Of a number being typed that is too long for all, the last way shows the end.
    """
    number = shaping.prepare(number)
    drawn = [_digits(size, number) for size in (digits.large(), digits.medium())]
    ways = [block for block, wide in filter(None, drawn) if wide <= width]
    if ways:
        return ways
    faces: tuple[Face, ...] = ("text", "small")
    if drawn[1]:
        ways, faces = _in_two_rows(number, width), ("small",)
    ways += [block for face in faces if (block := text(number, face, width)).fits]
    if drawn[1] and number.endswith(CARET):
        return [*ways, _tail(number, width)]
    return ways or [drawn[1][0]._replace(fits=False) if drawn[1] else text(number, "text", width)]


def _tail(number: str, width: int) -> Block:
    """The last digits that fit."""
    while digits.medium().length(number) > width and len(number) > 1:
        number = number[1:]
    part = _digits(digits.medium(), number)
    assert part is not None
    return part[0]._replace(fits=False)


def _digits(size: digits.Digits, number: str) -> tuple[Block, int] | None:
    """The number in digits, and how many columns they take; None if it is not a number."""
    columns = size.columns(number)
    if columns is None:
        return None

    def build(box: Box) -> list[Item]:
        return [Drawing(box._replace(h=min(size.height, box.h)), columns, box.y)]

    return Block(size.height + 1, build), len(columns)


def _in_two_rows(number: str, width: int) -> list[Block]:
    """A long number broken, at a blank if there is one; nothing if two rows are not enough."""
    size = digits.medium()
    cuts = [cut for cut in range(1, len(number)) if size.length(number[:cut]) <= width]
    blanks = [cut for cut in cuts if number[cut] == " "]
    cut = (blanks or cuts)[-1]
    halves = number[:cut], number[cut:].lstrip(" ")
    if not halves[1] or size.length(halves[1]) > width:
        return []
    return [_joined([part[0] for half in halves if (part := _digits(size, half))])]


def alert(content: str, face: Face, width: int) -> Block:
    """The one reason: dark on light, as many rows as it needs."""
    return _alert(_alert_rows(content, face, width))


def alert_parts(content: str, width: int, height: int) -> list[Block]:
    """An alert that needs more than `height` rows, cut into as few parts as do not, alike in size."""
    wrapped = _alert_rows(content, "small", width)
    parts: list[Block] = []
    for count in range(1, len(wrapped) + 1):
        each = -(-len(wrapped) // count)
        parts = [_alert(wrapped[first : first + each]) for first in range(0, len(wrapped), each)]
        if all(part.height <= height for part in parts):
            break
    return parts


def _alert_rows(content: str, face: Face, width: int) -> tuple[Strip, ...]:
    wrapped = rows.wrap(content, face, width - 2 * _INSET)
    if rows.height(wrapped) < CELL:
        return wrapped
    return rows.wrap(content, face, width)


def _alert(wrapped: tuple[Strip, ...]) -> Block:
    tall = rows.height(wrapped)
    above = 0 if tall >= CELL else 1
    # Three rows and more stand closer: descenders leave room enough.
    pitch = tall + 1 if above and len(wrapped) < 3 else tall
    # Full-height rows have no row to spare.
    inset, margin = (_INSET, 1) if above else (0, 0)

    def build(box: Box) -> list[Item]:
        box = box._replace(h=max(1, box.h - margin))
        items: list[Item] = [Fill(box, "round")]
        for index, row in enumerate(wrapped):
            y = box.y + above + index * pitch
            inner = Box(box.x + inset, y, box.w - 2 * inset, min(tall, box.bottom - y))
            if inner.h > 0:
                items.append(rows.put(row, inner, inverse=True))
        return items

    return Block(above + pitch * len(wrapped) + margin, build)


def needed(blocks: Sequence[Block], gap: int = 0) -> int:
    """Rows that these need one below the other."""
    return sum(block.height for block in blocks) + gap * max(0, len(blocks) - 1)


def stack(blocks: Sequence[Block], box: Box) -> list[Item]:
    """Put blocks one below the other, in the middle of the box, spare rows between them."""
    items: list[Item] = []
    for block, place in zip(blocks, places(blocks, box), strict=True):
        if place.h > 0:
            items += block.build(place)
    return items


def places(blocks: Sequence[Block], box: Box) -> list[Box]:
    """Where `stack` puts the blocks."""
    spare = max(0, box.h - needed(blocks))
    gap = min(_SPREAD, spare // max(1, len(blocks)))
    y = box.y + (spare - gap * (len(blocks) - 1)) // 2
    result: list[Box] = []
    for block in blocks:
        result.append(Box(box.x, y, box.w, max(0, min(block.height, box.bottom - y))))
        y += block.height + gap
    return result


def pages(blocks: Sequence[Block], height: int) -> list[list[Block]]:
    """Distribute blocks, in their order, over as few pages of that height as hold them."""
    result: list[list[Block]] = [[]]
    for block in blocks:
        if result[-1] and needed([*result[-1], block]) > height:
            result.append([])
        result[-1].append(block)
    return result


def scrollbar(box: Box, first: int, shown: int, total: int) -> list[Item]:
    """Which part of a list is seen, at the right edge of the box; 2 columns wide."""
    size = max(4, box.h * shown // max(1, total))
    hidden = max(1, total - shown)
    y = box.y + (box.h - size) * min(first, hidden) // hidden
    x = box.right - 2
    return [Fill(Box(x, box.y, 1, box.h), "dots"), Fill(Box(x, y, 2, min(size, box.bottom - y)))]
