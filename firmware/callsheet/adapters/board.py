# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part hangs on which pin: the pin table made from hardware/board.yaml by scripts/make-hardware.

Lines are BCM numbers, which are also the offsets in the processor's GPIO chip.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Level = Literal["low", "high"]

DATA = Path(__file__).with_name("board_data.toml")


class Signal(Struct, frozen=True, forbid_unknown_fields=True):
    """One wire of the header, for messages that send a person to it."""

    name: str
    bcm: int
    header: int
    """Number of the pin on the 40-pin header."""
    wire: str = ""
    """Colour of the wire; "" where several wires share the pin."""

    def __str__(self) -> str:
        """For a technician: "ROW1 (GPIO5, header pin 29, brown wire)"."""
        wire = f", {self.wire} wire" if self.wire else ""
        return f"{self.name} (GPIO{self.bcm}, header pin {self.header}{wire})"


class KeypadPins(Struct, frozen=True, forbid_unknown_fields=True):
    """The matrix. A row is driven to `driven` or floats; it is never driven to the other level."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    driven: Level
    column_pull: Literal["up", "down"]
    settle_us: int
    """Microseconds from driving a row until its columns can be read."""
    layouts: dict[str, tuple[str, ...]]
    """Caps by row and column."""

    def columns_of(self, layout: str) -> tuple[int, ...]:
        """The columns that a layout uses, from the left. Raises KeyError for an unknown one."""
        return self.columns[: len(self.layouts[layout][0])]


class LampPin(Struct, frozen=True, forbid_unknown_fields=True):
    """A lamp, its resistor between it and the pin."""

    line: int
    lit: Level
    colour: str


class BuzzerPin(Struct, frozen=True, forbid_unknown_fields=True):
    """The transistor that switches the buzzer. It makes its own tone: on or off is all there is."""

    line: int
    sounds: Level


class HookPin(Struct, frozen=True, forbid_unknown_fields=True):
    """The hook switch, with its pull-up and filter on the wiring board; a missing switch reads as on the hook."""

    line: int
    off_hook: Level
    debounce_ms: int


class DisplayPins(Struct, frozen=True, forbid_unknown_fields=True):
    """How a display is reached. `port` and `device` are numbers of the bus, as in /dev/i2c-1 and /dev/spidev0.0."""

    bus: Literal["i2c", "spi"]
    port: int
    hertz: int
    width: int
    height: int
    addresses: tuple[int, ...] = ()
    """On I²C, the likeliest first."""
    device: int = 0
    dc: int | None = None
    reset: int | None = None


class ClockPins(Struct, frozen=True, forbid_unknown_fields=True):
    """The battery clock, if there is one."""

    port: int
    address: int


class Board(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole handset, every variant."""

    name: str
    revision: int
    keypad: KeypadPins
    lamps: dict[str, LampPin]
    """By name: line, work, attention."""
    buzzer: BuzzerPin
    hook: HookPin
    displays: dict[str, DisplayPins]
    """By controller: ssd1306, sh1106, ssd1322."""
    clock: ClockPins
    signals: tuple[Signal, ...]

    def signal(self, bcm: int) -> Signal:
        """The wire on a line. Raises KeyError if nothing is connected there."""
        for one in self.signals:
            if one.bcm == bcm:
                return one
        raise KeyError(bcm)


def read(text: str) -> Board:
    """A pin table from its text. Raises ValueError that names the place, and says how the table is made."""
    try:
        return msgspec.convert(tomllib.loads(text), Board)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"pin table: {error} (made from hardware/board.yaml by scripts/make-hardware)") from error


@cache
def board() -> Board:
    """The pin table of this build; read once. Raises ValueError if the file was changed by hand, and OSError."""
    return read(DATA.read_text(encoding="utf-8"))
