# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's parts on the guest's simulated lines: keys to press, lamps and glass to look at.

Pins come from hardware/board.yaml's table, the circuit is the wiring board's: rows and
columns joined by keys without diodes, a pull-up and a switch to ground for the hook.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from callsheet.adapters.board import Board, board
from tests.vm.channel import PATIENCE, Agent
from tests.vm.machine import Machine

LINES = "/sys/devices/platform/pi-lines"
OLED = "/sys/devices/platform/oled-sim"
SIZE = (128, 64)
_CHANGE = struct.Struct("<QHBBI")
_TRANSFER = struct.Struct("<QQII")
LEVEL, CLOSED, OPENED = 0, 1, 2
HOLD, PAUSE = 0.04, 0.04
"""Seconds a finger holds a key after it was scanned, and rests between two after the scan has ended."""
SCANNED = 3
"""Changes of a key's row that prove it was read as closed: released it rises, driven it falls, released it rises."""
SLOW = 20.0
"""Seconds after which nobody scans at all."""
BOUNCES, BOUNCE = 4, 400
"""A contact closes and opens that often, for so many microseconds each, before it rests."""


@dataclass(frozen=True)
class Change:
    """A line's level changed, or a contact on it; `at` in seconds of the guest's monotonic clock."""

    at: float
    line: int
    level: int
    what: int


@dataclass(frozen=True)
class Transfer:
    """Something was sent to the display: when it began and ended, all bytes, and those that are picture."""

    begin: float
    end: float
    bytes: int
    data: int


class Handset:
    """Everything on the header of one machine."""

    def __init__(self, guest: Machine, *, layout: str = "4x4", display: str = "ssd1306", hz: int = 400_000) -> None:
        """Solders it in: loads the simulators. `hz`: clock of the I²C bus."""
        self.guest = guest
        self.board: Board = board()
        self.layout = self.board.keypad.layouts[layout]
        guest.load("pi-lines")
        guest.load("i2c-dev")
        self.lines = Lines(guest)
        self.lines.wire(f"pull {self.board.hook.line} up")
        self.glass = Glass(guest, display, hz)

    # Fingers

    def press(self, caps: str, *, hold: float = HOLD, bounce: bool = False) -> None:
        """Press keys one after the other, each until it was felt. Raises GuestError if nobody scans the keypad.

        The guest's kernel keeps the time, so that a busy machine does not make a short press long.
        """
        rows = ",".join(map(str, self.board.keypad.rows))
        limit = round(SLOW * 1e6)
        commands: list[str] = [f"outputs {rows} {limit}"]
        for cap in caps:
            row, _ = self.crossing(cap)
            felt = f"changes {row} {SCANNED} {limit}"
            commands += [*self._closing(cap, bounce), felt, _wait(hold), *self._opening(cap, bounce),
                         f"outputs {rows} {limit}", _wait(PAUSE)]
        self.lines.wire(*commands)

    def down(self, *caps: str) -> None:
        """Put fingers on keys, one after the other."""
        self.lines.wire(*(command for cap in caps for command in self._closing(cap, False)))

    def up(self, *caps: str) -> None:
        """Take them off."""
        self.lines.wire(*(command for cap in caps for command in self._opening(cap, False)))

    def hook(self, off: bool) -> None:
        """Lift the headset off its rest, or put it back."""
        closes_low = self.board.hook.off_hook == "low"
        self.lines.wire(f"drive {self.board.hook.line} {'0' if off == closes_low else 'z'}")

    def crossing(self, cap: str) -> tuple[int, int]:
        """The lines a key joins: row, column. Raises ValueError if there is no such key."""
        for row, caps in enumerate(self.layout):
            if cap in caps:
                return self.board.keypad.rows[row], self.board.keypad.columns[caps.index(cap)]
        raise ValueError(f"no key {cap!r}")

    def _closing(self, cap: str, bounce: bool) -> list[str]:
        row, column = self.crossing(cap)
        close, open_ = f"close {row} {column}", f"open {row} {column}"
        return [*((close, f"wait {BOUNCE}", open_, f"wait {BOUNCE}") * (BOUNCES if bounce else 0)), close]

    def _opening(self, cap: str, bounce: bool) -> list[str]:
        row, column = self.crossing(cap)
        close, open_ = f"close {row} {column}", f"open {row} {column}"
        return [*((open_, f"wait {BOUNCE}", close, f"wait {BOUNCE}") * (BOUNCES if bounce else 0)), open_]

    # Eyes

    def lit(self) -> dict[str, bool]:
        """Which lamps shine, and whether the buzzer sounds."""
        levels = self.lines.levels()
        lamps = {name: levels[pin.line] == (pin.lit == "high") for name, pin in self.board.lamps.items()}
        return {**lamps, "buzzer": levels[self.board.buzzer.line] == (self.board.buzzer.sounds == "high")}

    def wait_lit(self, timeout: float = PATIENCE, **wanted: bool) -> None:
        """Until these lamps (line, work, attention, buzzer) are as wanted."""
        end = time.monotonic() + timeout
        while not wanted.items() <= (now := self.lit()).items():
            assert time.monotonic() < end, f"lamps are {now}, not {wanted}"
            time.sleep(0.02)


class Lines:
    """The GPIO chip."""

    def __init__(self, guest: Agent) -> None:
        self._guest = guest

    def wire(self, *commands: str) -> None:
        """Change the circuit (modules/pi-lines.c has the commands), in one go."""
        text = ""
        for command in (*commands, ""):
            if not command or len(text) + len(command) > 4000:  # sysfs takes a page at most
                if text:
                    self._guest.write(f"{LINES}/wire", text)
                text = ""
            text += command + "\n"

    def levels(self) -> dict[int, int]:
        """Level of every line; -1 where nothing holds it."""
        return {number: level for number, _, _, level in self._table()}

    def directions(self) -> dict[int, str]:
        """ "in" or "out" for every line."""
        return {number: direction for number, direction, _, _ in self._table()}

    def shorts(self) -> int:
        """How often two sources of opposite level met."""
        return int(self._guest.read(f"{LINES}/shorts"))

    def noise(self) -> int:
        """How often a line was read that nothing held."""
        return int(self._guest.read(f"{LINES}/noise"))

    def mark(self) -> int:
        """A place in the trace: now."""
        seen, step = 0, _CHANGE.size * 2048
        while piece := self._guest.read(f"{LINES}/trace", seen, step):
            seen += len(piece)
        return seen

    def changes(self, since: int) -> list[Change]:
        """What changed since a mark. The kernel keeps the last 4096."""
        data = self._guest.read(f"{LINES}/trace", since)
        return [Change(ns / 1e9, line, level, what) for ns, line, level, what, _ in _CHANGE.iter_unpack(data) if ns]

    def _table(self) -> Iterator[tuple[int, str, str, int]]:
        for row in self._guest.read(f"{LINES}/lines").decode().splitlines():
            number, direction, bias, level = row.split()
            yield int(number), direction, bias, int(level)


class Glass:
    """The display."""

    def __init__(self, guest: Machine, chip: str, hz: int) -> None:
        self._guest = guest
        self._hz = hz
        self._chip = ""
        self.fit(chip)

    def fit(self, chip: str) -> None:
        """Solder in a display with this controller, ssd1306 or sh1106; nobody may use the present one."""
        if chip != self._chip:
            if self._chip:
                self._guest.unload("oled_sim")
            self._guest.load("oled-sim", f"chip={chip}", f"hz={self._hz}")
            self._chip = chip

    def look(self) -> Image.Image:
        """What an eye sees, mode "1"."""
        return Image.frombytes("1", SIZE, self._guest.read(f"{OLED}/glass"))

    def wait_for(self, wanted: Image.Image, timeout: float = PATIENCE) -> None:
        """Until the glass shows this picture, every pixel of it; else both are kept in the machine's folder."""
        end = time.monotonic() + timeout
        while (seen := self.look()).tobytes() != wanted.tobytes():
            if time.monotonic() > end:
                seen.save(self._guest.folder / "seen.png")
                wanted.save(self._guest.folder / "wanted.png")
                raise AssertionError(f"the display shows another picture: see {self._guest.folder}/seen.png")
            time.sleep(0.05)

    def plug(self, plugged: bool) -> None:
        """Pull the display's plug, or put it back: then its memory is random and its registers are reset."""
        self._guest.write(f"{OLED}/plugged", str(int(plugged)))

    def state(self) -> dict[str, int]:
        """on, contrast, inverted, transfers."""
        words = self._guest.read(f"{OLED}/state").decode().split()
        return {name: int(value) for name, value in (word.split("=") for word in words)}

    def mark(self) -> int:
        """A place in the trace: now."""
        return self.state()["transfers"] * _TRANSFER.size

    def transfers(self, since: int) -> list[Transfer]:
        """What was sent since a mark. The kernel keeps the last 2048."""
        data = self._guest.read(f"{OLED}/trace", since)
        return [Transfer(begin / 1e9, end / 1e9, size, shown)
                for begin, end, size, shown in _TRANSFER.iter_unpack(data) if begin]


def _wait(seconds: float) -> str:
    return f"wait {round(seconds * 1e6)}"
