# SPDX-License-Identifier: GPL-3.0-or-later
"""SSD1306 or SH1106, which of them is not known yet: only commands that mean the same to both.

SSD1306 data sheet rev 1.1, section 9 and the application note's figure 2; SH1106 v2.3, page 19.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

I2C_SLAVE = 0x0703
"""linux/i2c-dev.h"""
START = bytes((0xAE, 0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0x8D, 0x14, 0x20, 0x02, 0xA1, 0xC8, 0xDA, 0x12, 0x81, 0xCF,
               0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6))
"""Off, clock, 64 rows, no offset, line 0, charge pump, addressed by pages, mirrored as the glass is, pins, contrast."""
ON = 0xAF
COLUMNS = 132
"""The SH1106 has four more than the glass; on the SSD1306 they come to lie on the margin again, dark as it is."""


class Glass:
    """An open bus with a display on it. Everything raises OSError."""

    def __init__(self, write: Callable[[bytes], object], close: Callable[[], object]) -> None:
        """`write` sends one transfer to the display."""
        self._write, self.close = write, close
        self._shown: tuple[bytes, ...] = ()

    def show(self, pages: Sequence[bytes]) -> None:
        """What the glass shows from now on; the first time it is also started up."""
        fresh = not self._shown
        if fresh:
            self._write(b"\x00" + START)
        for number, page in enumerate(pages):
            if fresh or page != self._shown[number]:
                self._write(bytes((0x00, 0xB0 | number, 0x00, 0x10)))
                self._write(b"\x40" + page + bytes(COLUMNS - len(page)))
        if fresh:
            self._write(bytes((0x00, ON)))
        self._shown = tuple(pages)


def find(name: str, port: int, addresses: Sequence[int], root: Path = Path("/")) -> Glass:
    """The display on the adapter whose name contains `name`, else on bus `port`. Raises OSError if nobody answers."""
    for entry in sorted((root / "sys/bus/i2c/devices").glob("i2c-*")):
        with suppress(OSError, ValueError):
            if name in (entry / "name").read_text():
                port = int(entry.name.removeprefix("i2c-"))
                break
    bus = os.open(root / f"dev/i2c-{port}", os.O_RDWR | os.O_CLOEXEC)
    for address in addresses:
        with suppress(OSError):
            fcntl.ioctl(bus, I2C_SLAVE, address)
            os.write(bus, b"\x00\xe3")  # NOP
            return Glass(lambda data: os.write(bus, data), lambda: os.close(bus))
    os.close(bus)
    raise OSError(f"no display answers on /dev/i2c-{port}")
