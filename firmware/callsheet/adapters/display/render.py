# SPDX-License-Identifier: GPL-3.0-or-later
"""From a `Screen` to the pixels: a pure function of screen, size and clock."""

from __future__ import annotations

from PIL import Image

from callsheet.adapters.display import marquee
from callsheet.adapters.display.items import Box, Drawing, Fill, Item, Layout
from callsheet.adapters.display.layout import lay_out
from callsheet.adapters.display.pixels import Columns
from callsheet.core.screen import Screen


def render(screen: Screen, size: tuple[int, int], clock: float = 0.0) -> Image.Image:
    """The glass as an image of mode "1".

    `size` is in pixels, 128 by 64 and 256 by 64 are what the layout is made for;
    the height is a multiple of 8. `clock` counts seconds since the words of the
    screen changed; it moves long texts and turns pages.
    """
    width, height = size
    canvas = paint(lay_out(screen, size), clock)
    data = b"".join(column.to_bytes(height // 8, "little") for column in canvas)
    upright = Image.frombytes("1", (height, width), data, "raw", "1;R")
    return upright.transpose(Image.Transpose.TRANSPOSE)


def needs_animation(screen: Screen, size: tuple[int, int], clock: float = 0.0) -> float | None:
    """Seconds from `clock` until `render` gives something else; None: never."""
    layout = lay_out(screen, size)
    waits = [marquee.until_turn(clock)] if layout.turns else []
    for item in _shown(layout, clock):
        if isinstance(item, Drawing) and item.scrolls:
            waits.append(marquee.until_move(len(item.columns), clock))
    return min(waits, default=None)


def paint(layout: Layout, clock: float) -> list[int]:
    """The glass as columns of bits, bit 0 on top."""
    canvas = [0] * layout.size[0]
    for item in _shown(layout, clock):
        if isinstance(item, Fill):
            _fill(canvas, item)
        else:
            _draw(canvas, item, clock)
    return canvas


def _shown(layout: Layout, clock: float) -> list[Item]:
    items = list(layout.fixed)
    for turns in layout.turns:
        items += turns.pages[marquee.turn(len(turns.pages), clock)]
    return items


def _rows(box: Box) -> int:
    return ((1 << box.h) - 1) << box.y


def _fill(canvas: list[int], fill: Fill) -> None:
    box = fill.box
    full = _rows(box)
    if fill.style == "dots":
        full = sum(1 << y for y in range(box.y, box.bottom, 2))
    for x in range(box.x, box.right, 2 if fill.style == "dots" else 1):
        canvas[x] |= full
    if fill.style == "round" and box.w > 2 and box.h > 2:
        corners = 1 << box.y | 1 << box.bottom - 1
        canvas[box.x] &= ~corners
        canvas[box.right - 1] &= ~corners


def _draw(canvas: list[int], drawing: Drawing, clock: float) -> None:
    box = drawing.box
    columns, start = _window(drawing, clock)
    clip = _rows(box)
    for x, column in enumerate(columns, start):
        bits = (column << drawing.y if drawing.y >= 0 else column >> -drawing.y) & clip
        if drawing.inverse:
            canvas[x] &= ~bits
        else:
            canvas[x] |= bits


def _window(drawing: Drawing, clock: float) -> tuple[Columns, int]:
    """The columns that are seen, and the column of the glass where they begin."""
    box, columns = drawing.box, drawing.columns
    spare = box.w - len(columns)
    if spare >= 0:
        shift = {"left": 0, "tail": 0, "centre": spare // 2, "right": spare}[drawing.align]
        return columns, box.x + shift
    if drawing.align == "tail":
        return columns[-box.w :], box.x
    moved = marquee.offset(len(columns), clock) if drawing.moves else 0
    endless = columns + (0,) * marquee.GAP
    start = (-spare - moved if drawing.rtl else moved) % len(endless)
    return (endless + endless)[start : start + box.w], box.x
