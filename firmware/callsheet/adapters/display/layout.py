# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything goes: a `Screen` becomes pieces in boxes for one size of glass."""

from __future__ import annotations

from functools import lru_cache

from callsheet.adapters.display import body, frame
from callsheet.adapters.display.items import Box, Layout
from callsheet.core.screen import Screen


@lru_cache(maxsize=8)
def lay_out(screen: Screen, size: tuple[int, int]) -> Layout:
    """Status row on top, key hints at the bottom, all the room between for the callee."""
    width, height = size
    top = frame.status(screen, width)
    bottom = frame.hints(screen.keys, width, height)
    room = Box(0, top.height, width, height - top.height - bottom.height)
    middle = body.fill(screen, room)
    return Layout(
        size,
        top.items + middle.items + bottom.items,
        top.turns + middle.turns + bottom.turns,
        middle.pages,
    )


def page_count(screen: Screen, size: tuple[int, int]) -> int:
    """How many pages the agent can scroll through; `Screen.page` is taken modulo this."""
    return lay_out(screen, size).pages
