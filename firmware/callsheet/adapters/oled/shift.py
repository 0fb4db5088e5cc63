# SPDX-License-Identifier: GPL-3.0-or-later
"""Against burn-in: the picture moves by a pixel now and then.

An OLED's pixels fade with use; what stands for weeks, such as the frame around a
title, would be seen for ever. A move that would push something off the edge is left out.
"""

from __future__ import annotations

from PIL import Image

PERIOD = 120.0
"""Seconds between moves."""
PLACES = ((0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))


def shifted(frame: Image.Image, mono: float) -> Image.Image:
    """The frame in the place of this time (monotonic seconds)."""
    right, down = PLACES[int(mono // PERIOD) % len(PLACES)]
    box = frame.getbbox()
    if box is None or (right, down) == (0, 0):
        return frame
    width, height = frame.size
    right = right if box[0] + right >= 0 and box[2] + right <= width else 0
    down = down if box[1] + down >= 0 and box[3] + down <= height else 0
    moved = Image.new("1", frame.size)
    moved.paste(frame, (right, down))
    return moved


def next_move(mono: float) -> float:
    """When the place changes next, in monotonic seconds."""
    return (mono // PERIOD + 1) * PERIOD
