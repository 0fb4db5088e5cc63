# SPDX-License-Identifier: GPL-3.0-or-later
"""The 40-pin header, the same on every Raspberry Pi since the B+.

Source: Raspberry Pi documentation, "GPIO and the 40-pin header"; Raspberry Pi HAT design guide.
"""

from __future__ import annotations

SUPPLY = {1: "3V3", 2: "5V", 4: "5V", 17: "3V3", **dict.fromkeys((6, 9, 14, 20, 25, 30, 34, 39), "GND")}
"""Pins that carry supply or ground."""

BCM = {
    3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9, 22: 25,
    23: 11, 24: 8, 26: 7, 27: 0, 28: 1, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20, 40: 21,
}
"""BCM number by header pin."""

HEADER_OF = {bcm: pin for pin, bcm in BCM.items()}
"""Header pin by BCM number."""

PULLED_UP_AT_RESET = range(9)
"""BCM2835 ARM Peripherals, table 6-31: GPIO0 to 8 are pulled up at reset, GPIO9 to 27 down."""


def name(pin: int) -> str:
    """What is printed beside a pin: "3V3", "GND", "GPIO17"."""
    return SUPPLY.get(pin) or f"GPIO{BCM[pin]}"
