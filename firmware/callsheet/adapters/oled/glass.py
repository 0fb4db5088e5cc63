# SPDX-License-Identifier: GPL-3.0-or-later
"""A display that answers: what it shows, and the least that has to be sent to make it show something else."""

from __future__ import annotations

from typing import Any, Protocol

from PIL import Image

from callsheet.adapters.display.changes import Run, diff_pages
from callsheet.adapters.oled.link import NOP, Link

BRIGHT, DIM = 0xCF, 0x08
"""Contrast in use and when nobody has touched the phone for long (SSD1306 data sheet 10.1.7: 0 to 255)."""
_SH1106_FIRST_COLUMN = 2
"""The SH1106 has 132 columns, of which the glass shows 128 in the middle (data sheet, figure 1)."""


class Sender(Protocol):
    """How a controller is told of changed bytes."""

    def send(self, run: Run) -> None:
        """Put neighbouring bytes of a page on the glass."""

    def probe(self) -> None:
        """Something harmless; raises if nobody answers."""


class Ssd1306:
    """Columns and pages by window (data sheet 10.1.4, 10.1.5), horizontal addressing as luma sets it."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def send(self, run: Run) -> None:
        """One window, one block of data."""
        self._device.command(0x21, run.first, run.last, 0x22, run.page, run.page)
        self._device.data(run.data)

    def probe(self) -> None:
        """NOP (data sheet 9, table 9-1)."""
        self._device.command(NOP)


class Sh1106:
    """A page and a first column (data sheet, commands 1, 2, 12); it knows no windows."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def send(self, run: Run) -> None:
        """One place, one block of data."""
        column = run.first + _SH1106_FIRST_COLUMN
        self._device.command(0xB0 | run.page, column & 0x0F, 0x10 | column >> 4)
        self._device.data(run.data)

    def probe(self) -> None:
        """NOP (data sheet, command 22)."""
        self._device.command(NOP)


class Ssd1322:
    """Four bits a pixel, four pixels to a column address, each line by itself (data sheet 10.1)."""

    FIRST = 28
    """Column address of the leftmost pixels: 256 of 480 columns, in the middle."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def send(self, run: Run) -> None:
        """A window of eight lines; what lies beside the run in its groups of four must be in it already."""
        self._device.command(0x15, self.FIRST + run.first // 4, self.FIRST + run.last // 4)
        self._device.command(0x75, run.page * 8, run.page * 8 + 7)
        self._device.command(0x5C)
        lines = ((byte >> line & 1 for byte in run.data) for line in range(8))
        self._device.data(b"".join(_nibbles(list(line)) for line in lines))

    def probe(self) -> None:
        """SPI has no answer: whether anybody listens cannot be told."""


def _nibbles(pixels: list[int]) -> bytes:
    return bytes((0xF0 if left else 0) | (0x0F if right else 0)
                 for left, right in zip(pixels[::2], pixels[1::2], strict=True))


def _grouped(run: Run, frame: Image.Image) -> Run:
    """The run widened to whole groups of four columns."""
    first, last = run.first & ~3, run.last | 3
    whole = diff_pages(None, frame)[run.page].data
    return Run(run.page, first, last, whole[first : last + 1])


class Glass:
    """One display, from its start-up commands until it stops answering. Everything raises what luma raises."""

    def __init__(self, link: Link, device: Any, sender: Sender, *, upside_down: bool = False) -> None:
        """`device` is luma's, made over `link`."""
        self._link = link
        self._device = device
        self._sender = sender
        self._upside_down = upside_down
        self._shown: Image.Image | None = None
        self._level = -1

    def show(self, frame: Image.Image) -> bool:
        """Send what differs from what is shown; whether anything did."""
        if self._upside_down:
            frame = frame.transpose(Image.Transpose.ROTATE_180)
        runs = diff_pages(self._shown, frame)
        # Half a frame may arrive before the bus fails.
        self._shown = None
        for run in runs:
            self._sender.send(_grouped(run, frame) if isinstance(self._sender, Ssd1322) else run)
        self._shown = frame
        return bool(runs)

    def level(self, level: int) -> bool:
        """0 sleeps (a few µA, the picture is kept), 1 dims, 2 is normal; whether anything was sent."""
        if level == self._level:
            return False
        if level == 0:
            self._device.hide()
        else:
            self._device.contrast(BRIGHT if level == 2 else DIM)
            if self._level <= 0:
                self._device.show()
        self._level = level
        return True

    def renew(self) -> None:
        """Set all registers again without going dark; level and picture are sent again as well."""
        self._link.start_up(dark=False)
        self._shown, self._level = None, -1

    def probe(self) -> None:
        """Whether it still answers."""
        self._sender.probe()

    def close(self) -> None:
        """Dark, and off the bus."""
        try:
            self._device.hide()
        finally:
            self._link.detach()

    def abandon(self) -> None:
        """Off the bus, without a word to a display that does not answer."""
        self._link.detach()
