# SPDX-License-Identifier: GPL-3.0-or-later
"""Keypad, hook switch, lamps and buzzer on the pins of hardware/board.yaml.

The keypad goes over RPi.GPIO (rpi-lgpio on current kernels), the rest over gpiozero.
Each part has a thread that sleeps until an edge or a change comes, and reads the
levels again now and then: the kernel keeps 16 edges a line and drops what is more
(Documentation/userspace-api/gpio), so an edge alone is no proof of anything.
"""

from callsheet.adapters.gpio.keys import GpioKeys
from callsheet.adapters.gpio.lamps import GpioLamps

__all__ = ["GpioKeys", "GpioLamps"]
