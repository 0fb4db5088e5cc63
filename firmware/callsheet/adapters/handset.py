# SPDX-License-Identifier: GPL-3.0-or-later
"""The real handset: keypad, hook switch, lamps, buzzer, display and headset, as the settings say it was built.

A part that is missing or fails is a fault, told to the phone and its console; the rest
goes on, and the part is used again as soon as it works.
"""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from callsheet.adapters.board import Board, board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio import GpioKeys, GpioLamps
from callsheet.adapters.gpio.lamps import devices
from callsheet.adapters.headset import UsbHeadset
from callsheet.adapters.oled import OledDisplay, opener
from callsheet.formats.settings import Settings
from callsheet.ports import Display, Headset, Keys, Lamps


class NoDisplay:
    """`ports.Display` of a phone that was built without one: lamps and sounds have to do."""

    size = (128, 64)

    def show(self, frame: Image.Image) -> None:
        """Nobody sees it."""

    def contrast(self, level: int) -> None:
        """Nothing is lit."""

    def close(self) -> None:
        """Nothing is open."""


class Handset(Struct, frozen=True):
    """The parts behind their ports, and what is wrong with them."""

    keys: Keys
    display: Display
    lamps: Lamps
    headset: Headset
    faults: Faults


def handset(settings: Settings, pins: Board | None = None) -> Handset:
    """Put it together; threads begin, and nothing waits for a part.

    Raises ValueError or OSError if the pin table of this build cannot be read.
    """
    pins = pins or board()
    faults = Faults()
    hardware = settings.hardware
    return Handset(
        keys=GpioKeys(pins, settings.phone.keypad, faults, hook=hardware.hook),
        display=_display(settings, pins, faults),
        lamps=GpioLamps(lambda: devices(pins), faults),
        headset=UsbHeadset(settings.audio.device, faults),
        faults=faults,
    )


def _display(settings: Settings, pins: Board, faults: Faults) -> Display:
    if settings.hardware.display == "none":
        return NoDisplay()
    glass = pins.displays[settings.hardware.display]
    return OledDisplay((glass.width, glass.height), opener(settings.hardware, pins), faults)
