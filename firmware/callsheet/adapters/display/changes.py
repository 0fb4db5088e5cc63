# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes of a page-addressed display have to be sent anew.

SSD1306 (data sheet 8.7) and SH1106 keep pages of 8 rows; a byte is a column of
8 pixels, bit 0 on top.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image

ADDRESSING = 8
"""Bytes it costs on the bus to move to another place; runs that lie closer are sent as one."""


class Run(NamedTuple):
    """Neighbouring bytes of one page."""

    page: int
    first: int
    """Column of the first byte."""
    last: int
    """Column of the last byte."""
    data: bytes


def pages_of(frame: Image.Image) -> list[bytes]:
    """The pages of a frame of mode "1", top to bottom. Raises ValueError for another mode or height."""
    width, height = frame.size
    if frame.mode != "1" or height % 8:
        raise ValueError(f"a frame of mode 1 and whole pages was expected, not {frame.mode} {frame.size}")
    columns = frame.transpose(Image.Transpose.TRANSPOSE).tobytes("raw", "1;R")
    stride = height // 8
    return [columns[page::stride][:width] for page in range(stride)]


def diff_pages(old: Image.Image | None, new: Image.Image) -> list[Run]:
    """What turns the glass from `old` to `new`; everything if `old` is None or of another size."""
    pages = pages_of(new)
    if old is None or old.size != new.size:
        return [Run(number, 0, len(data) - 1, data) for number, data in enumerate(pages)]
    runs: list[Run] = []
    for number, (before, after) in enumerate(zip(pages_of(old), pages, strict=True)):
        if before != after:
            runs += _runs(number, before, after)
    return runs


def _runs(page: int, before: bytes, after: bytes) -> list[Run]:
    spans: list[list[int]] = []
    for column, (was, becomes) in enumerate(zip(before, after, strict=True)):
        if was == becomes:
            continue
        if spans and column - spans[-1][1] <= ADDRESSING:
            spans[-1][1] = column
        else:
            spans.append([column, column])
    return [Run(page, first, last, after[first : last + 1]) for first, last in spans]
