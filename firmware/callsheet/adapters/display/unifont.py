# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Unifont from the packed file that `scripts/make-font` writes.

Only the offsets are read at first; a block of 256 code points is unpacked when
one of its glyphs is shown, and few blocks are kept.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from callsheet.adapters.display.pixels import Columns

PATH = Path(__file__).with_name("unifont.hexpack")
_MAGIC = b"UNIFNT1\n"
_OFFSETS = struct.Struct("<257I")


class Glyph(NamedTuple):
    """A glyph in a 16-row cell whose baseline is below row 13."""

    columns: Columns
    """8 or 16."""
    back: int | None
    """For a combining mark: how many columns left of the pen it is drawn; 0: over what follows."""


class FontError(OSError):
    """The font that belongs to this package is missing or damaged."""


@lru_cache(maxsize=1)
def _offsets() -> tuple[int, ...]:
    try:
        with PATH.open("rb") as file:
            head = file.read(len(_MAGIC) + _OFFSETS.size)
    except OSError as error:
        raise FontError(f"{PATH.name} cannot be read: {error.strerror}; run scripts/make-font") from error
    if len(head) != len(_MAGIC) + _OFFSETS.size or not head.startswith(_MAGIC):
        raise FontError(f"{PATH.name} is not a packed Unifont; run scripts/make-font")
    return _OFFSETS.unpack(head[len(_MAGIC) :])


@lru_cache(maxsize=32)
def _block(number: int) -> tuple[bytes, bytes, tuple[int, ...], bytes]:
    """Widths, mark offsets, where each glyph begins, and the glyphs of one block."""
    offsets = _offsets()
    start, end = offsets[number], offsets[number + 1]
    with PATH.open("rb") as file:
        file.seek(len(_MAGIC) + _OFFSETS.size + start)
        packed = file.read(end - start)
    try:
        raw = zlib.decompress(packed, -15) if packed else bytes(512)
    except zlib.error as error:
        raise FontError(f"{PATH.name} is damaged; run scripts/make-font") from error
    widths, backs, body = raw[:256], raw[256:512], raw[512:]
    starts, position = [], 0
    for width in widths:
        starts.append(position)
        position += 2 * width
    return widths, backs, tuple(starts), body


@lru_cache(maxsize=1024)
def glyph(char: str) -> Glyph | None:
    """The glyph of one character; None outside the BMP and where Unifont has none.

    Raises FontError.
    """
    code = ord(char)
    if code > 0xFFFF:
        return None
    widths, backs, starts, body = _block(code >> 8)
    low = code & 0xFF
    if not widths[low]:
        return None
    columns = struct.unpack_from(f"<{widths[low]}H", body, starts[low])
    return Glyph(columns, backs[low] - 1 if backs[low] else None)
