# SPDX-License-Identifier: GPL-3.0-or-later
"""Are two keys held down? Asked of the kernel's GPIO lines directly (linux/gpio.h, version 2 of its interface)."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep

from callsheet.adapters.board import KeypadPins

HELD = "*#"
"""In one row of every layout, so that two keys in it cannot look like a third."""
BOTH = (1 << len(HELD)) - 1
"""Their columns, as bits."""
LABEL = b"pinctrl-bcm2"
"""Of the chip with the header's lines on every Pi with a BCM283x or BCM2711; offsets are BCM numbers."""
CHIP_INFO, GET_LINE, GET_VALUES, SET_VALUES = 0x8044B401, 0xC250B407, 0xC010B40E, 0xC010B40F
INPUT, OUTPUT, OPEN_DRAIN, PULL_UP = 1 << 2, 1 << 3, 1 << 6, 1 << 8
_VALUES = struct.Struct("<QQ")
"""struct gpio_v2_line_values: levels, and which lines are meant."""
_REQUEST = struct.Struct("<64I32sQ6I240x7Ii")
"""struct gpio_v2_line_request: offsets, consumer, flags, attributes (none), number of lines, buffer, padding, descriptor."""


def chip(root: Path = Path("/")) -> int | None:
    """The header's GPIO chip, open; None where there is none. Raises PermissionError while udev has not got to it."""
    for path in sorted((root / "dev").glob("gpiochip*")):
        opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        with suppress(OSError):
            if bytes(fcntl.ioctl(opened, CHIP_INFO, bytes(68)))[32:64].startswith(LABEL):
                return opened
        os.close(opened)
    return None


class Keys:
    """The keys that mean a factory reset, for as long as it takes. Everything raises OSError."""

    def __init__(self, chip: int, pins: KeypadPins) -> None:
        """Takes the lines it needs: one row and two columns."""
        self._settle = pins.settle_us / 1e6
        caps = pins.layouts["4x4"]
        (row,) = [number for number, line in enumerate(caps) if all(key in line for key in HELD)]
        columns = [pins.columns[caps[row].index(key)] for key in HELD]
        self._row = _lines(chip, [pins.rows[row]], OUTPUT | OPEN_DRAIN | PULL_UP)
        try:
            self._columns = _lines(chip, columns, INPUT | PULL_UP)
        except OSError:
            os.close(self._row)
            raise

    def held(self) -> bool:
        """Both are down at this moment.

        They follow the row. A column that is low for another reason, such as a short or another board on the header,
        is no finger: it must not erase the phone at every start.
        """
        return self._columns_at(1) == BOTH and self._columns_at(0) == 0

    def _columns_at(self, row: int) -> int:
        """Levels of the columns while the row is let go (1), or is low (0)."""
        fcntl.ioctl(self._row, SET_VALUES, _VALUES.pack(row, 1))
        sleep(self._settle)
        found: tuple[int, int] = _VALUES.unpack(fcntl.ioctl(self._columns, GET_VALUES, _VALUES.pack(0, BOTH)))
        return found[0] & BOTH

    def close(self) -> None:
        """The lines go back to what they were."""
        os.close(self._columns)
        os.close(self._row)


def _lines(chip: int, numbers: Sequence[int], flags: int) -> int:
    offsets = [*numbers, *(0,) * (64 - len(numbers))]
    asked = _REQUEST.pack(*offsets, b"callsheet-boot", flags, *(0,) * 6, len(numbers), *(0,) * 6, 0)
    return int(_REQUEST.unpack(fcntl.ioctl(chip, GET_LINE, asked))[-1])
