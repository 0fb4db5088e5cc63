# SPDX-License-Identifier: GPL-3.0-or-later
"""When is a generated file still the one in the repository?

Text must be equal to the byte. Graphviz places things by the fonts and the release at hand, so a drawing
of its making carries the hash of what it was made from, and must say the same words. Pictures of the case come
from floating-point arithmetic, so they may differ by what no eye sees.
"""

from __future__ import annotations

import io
import re

SOURCE = re.compile(rb"<!-- made from ([0-9a-f]{64}) -->")
"""What `harness` writes into the drawing that Graphviz lays out."""
BLOCK = 8
INVISIBLE = 16
"""Difference of grey levels (0 to 255), averaged over any block of 8 × 8 pixels, up to which two are one picture."""


def same(suffix: str, old: bytes, new: bytes) -> bool:
    """Tell whether the old file still stands for what is made now."""
    if old == new:
        return True
    if suffix == ".svg" and (source := SOURCE.search(new)):
        there = SOURCE.search(old)
        return there is not None and there[1] == source[1] and words(old) == words(new)
    return suffix == ".webp" and _look_alike(old, new)


def words(svg: bytes) -> list[bytes]:
    """What a drawing says, whatever the order in which it is drawn."""
    return sorted(re.findall(rb"<text[^>]*>([^<]+)</text>", svg))


def _look_alike(old: bytes, new: bytes) -> bool:
    from PIL import Image, ImageChops

    one, other = (Image.open(io.BytesIO(data)).convert("RGB") for data in (old, new))
    if one.size != other.size:
        return False
    blocks = (max(one.width // BLOCK, 1), max(one.height // BLOCK, 1))
    difference = ImageChops.difference(*(image.resize(blocks, Image.Resampling.BOX) for image in (one, other)))
    return max(difference.convert("RGB").tobytes()) <= INVISIBLE
