# SPDX-License-Identifier: GPL-3.0-or-later
"""The real handset's drivers on parts that are modelled: a phone one can press, pull apart and look at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from unittest import mock

from gpiozero.pins.mock import MockFactory
from PIL import Image

from callsheet.adapters import clock
from callsheet.adapters import handset as assembly
from callsheet.adapters.board import board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio import GpioKeys, GpioLamps
from callsheet.adapters.gpio.lamps import devices
from callsheet.adapters.headset import UsbHeadset
from callsheet.adapters.oled import OledDisplay, opener
from callsheet.core.keypad import LAYOUTS
from callsheet.formats.settings import Settings, read_settings
from callsheet.phone.build import Built, build
from tests.support.electrical import ElectricalGpio
from tests.support.hid import Machine
from tests.support.oled import I2cBus, Ssd1306Model
from tests.support.running import Section, toml


class BuiltHandset:
    """Electricity, glass and USB, modelled; everything above them is the product."""

    def __init__(self, folder: Path, i2c_hertz: float = float("inf")) -> None:
        self.i2c_hertz = i2c_hertz
        self.pins = board()
        self.gpio = ElectricalGpio(self.pins.keypad.rows, self.pins.keypad.columns)
        self.factory = MockFactory()
        self.factory.pin(self.pins.hook.line).drive_high()
        self.chip = Ssd1306Model()
        self.machine = Machine(folder)
        self.faults = Faults()

    def assemble(self, settings: Settings) -> assembly.Handset:
        """In place of `adapters.handset.handset`."""
        machine = self.machine
        glass = opener(settings.hardware, self.pins, lambda: I2cBus(self.chip, self.i2c_hertz))
        return assembly.Handset(
            keys=GpioKeys(self.pins, settings.phone.keypad, self.faults, gpio=self.gpio, factory=self.factory),
            display=OledDisplay((128, 64), glass, self.faults),
            lamps=GpioLamps(lambda: devices(self.pins, self.factory), self.faults),
            headset=UsbHeadset("auto", self.faults, asound=machine.asound, hidraw=machine.hidraw, dev=machine.dev,
                               events=machine.events, open_node=machine.open_node),
            faults=self.faults,
        )

    def place(self, cap: str) -> tuple[int, int]:
        """Row and column of a key."""
        return next((r, row.index(cap)) for r, row in enumerate(LAYOUTS["4x4"]) if cap in row)

    def press(self, caps: str, hold: float = 0.06) -> None:
        """Press keys one after the other."""
        for cap in caps:
            self.gpio.press(*self.place(cap))
            time.sleep(hold)
            self.gpio.release(*self.place(cap))
            time.sleep(0.06)

    def lit(self, lamp: str) -> bool:
        """Whether a lamp is lit at this moment."""
        return bool(self.factory.pin(self.pins.lamps[lamp].line).state)

    def hook(self, off: bool) -> None:
        """Lift the handset, or put it down."""
        pin = self.factory.pin(self.pins.hook.line)
        (pin.drive_low if off else pin.drive_high)()

    @property
    def glass(self) -> Image.Image:
        """What the eye sees."""
        return self.chip.shows

    def close(self) -> None:
        """End."""
        self.machine.close()
        self.factory.close()


class HandsetPhone:
    """A phone on that handset, running on a thread of its own. Use as a context manager."""

    def __init__(self, parts: BuiltHandset, folder: Path, sections: Mapping[str, Section]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "phone.toml"
        config.write_text(toml({**sections, "simulator": {"enabled": False}}), encoding="utf-8")
        with mock.patch.object(assembly, "handset", parts.assemble):
            self.built: Built = build(read_settings(config.read_bytes(), str(config)), folder)
        self.screens: list[Any] = []
        self.built.phone.read_aloud(self.screens.append)
        self._thread = threading.Thread(target=self._run, name="phone")
        # A machine for tests may have no time server, and a phone without the time dials nobody.
        self._on_time = mock.patch.object(clock, "synchronised", return_value=True)

    @property
    def mode(self) -> str:
        """Of the screen shown last."""
        return str(self.screens[-1].mode) if self.screens else ""

    def _run(self) -> None:
        starts: tuple[Callable[[], object], ...] = self.built.start
        for start in starts:
            start()
        try:
            self.built.phone.run()
        finally:
            for close in self.built.close:
                close()

    def __enter__(self) -> Self:
        self._on_time.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.built.phone.stop()
        self._thread.join(20.0)
        self._on_time.stop()
        assert not self._thread.is_alive()
