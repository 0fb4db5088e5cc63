# SPDX-License-Identifier: GPL-3.0-or-later
"""Display controllers that interpret what is sent to them, keep their memory and count the bytes on the bus."""

from __future__ import annotations

import time
from typing import ClassVar

from PIL import Image


class Unplugged(OSError):
    """Nobody acknowledges the address (EREMOTEIO)."""

    def __init__(self) -> None:
        super().__init__(121, "Remote I/O error")


class I2cBus:
    """What luma.core.interface.serial.i2c is to a device; `bytes` counts address and control bytes too."""

    def __init__(self, chip: Ssd1306Model | Sh1106Model, hertz: float = float("inf")) -> None:
        """`hertz`: of the bus, which then takes its time: nine clocks a byte."""
        self.chip = chip
        self.hertz = hertz

    def command(self, *values: int) -> None:
        assert len(values) <= 32, "SMBus block"
        self._send(len(values))
        for value in values:
            self.chip.command(value)

    def data(self, values: list[int]) -> None:
        self._send(len(values))
        for value in values:
            self.chip.write(value)

    def cleanup(self) -> None:
        pass

    def _send(self, count: int) -> None:
        if not self.chip.plugged:
            raise Unplugged
        time.sleep(9 * (2 + count) / self.hertz)
        self.chip.bytes += 2 + count
        self.chip.transfers += 1
        self.chip.sent_at = time.perf_counter()


class PagedModel:
    """What SSD1306 and SH1106 share: pages of 8 rows, bit 0 on top."""

    COLUMNS = 128
    FIRST = 0

    def __init__(self) -> None:
        self.plugged = True
        self.bytes = self.transfers = 0
        self.sent_at = 0.0
        self.power_cycle()

    def power_cycle(self) -> None:
        """Registers to reset, memory to what chance left in it."""
        self.ram = [[0x55 ^ page] * self.COLUMNS for page in range(8)]
        self.on = self.pump = False
        self.contrast = 0x7F
        self.page = self.column = 0
        self.window = (0, 127, 0, 7)
        self.horizontal = False
        self._pending: list[int] = []

    @property
    def shows(self) -> Image.Image:
        """What the eye sees: nothing while the display is off or its charge pump was never started."""
        image = Image.new("1", (128, 64))
        if self.on and self.pump:
            for y in range(64):
                for x in range(128):
                    image.putpixel((x, y), self.ram[y // 8][self.FIRST + x] >> y % 8 & 1)
        return image

    def command(self, value: int) -> None:
        if not self._pending:
            self._pending = [value]
        else:
            self._pending.append(value)
        if len(self._pending) == 1 + self.arguments(self._pending[0]):
            done, self._pending = self._pending, []
            self.execute(done[0], done[1:])

    def arguments(self, code: int) -> int:
        raise NotImplementedError

    def execute(self, code: int, values: list[int]) -> None:
        if code in (0xAE, 0xAF):
            self.on = code == 0xAF
        elif code == 0x81:
            self.contrast = values[0]

    def write(self, value: int) -> None:
        raise NotImplementedError


class Ssd1306Model(PagedModel):
    """SSD1306 data sheet 9 and 10; an unknown command is an error."""

    TABLE: ClassVar = {0x81: 1, 0xD5: 1, 0xA8: 1, 0xD3: 1, 0x8D: 1, 0x20: 1, 0xDA: 1, 0xD9: 1, 0xDB: 1, 0x21: 2, 0x22: 2}
    PLAIN = frozenset({0xAE, 0xAF, 0xA0, 0xA1, 0xC0, 0xC8, 0xA4, 0xA5, 0xA6, 0xA7, 0xE3, *range(0x40, 0x80)})

    def arguments(self, code: int) -> int:
        assert code in self.TABLE or code in self.PLAIN, f"SSD1306 knows no command 0x{code:02x}"
        return self.TABLE.get(code, 0)

    def execute(self, code: int, values: list[int]) -> None:
        super().execute(code, values)
        left, right, top, bottom = self.window
        match code:
            case 0x8D:
                self.pump = values[0] & 0x04 != 0
            case 0x20:
                self.horizontal = values[0] & 3 == 0
            case 0x21:
                assert values[0] <= values[1] <= 127
                self.window, self.column = (*values, top, bottom), values[0]
            case 0x22:
                assert values[0] <= values[1] <= 7
                self.window, self.page = (left, right, *values), values[0]

    def write(self, value: int) -> None:
        left, right, top, bottom = self.window
        self.ram[self.page][self.column] = value
        assert self.horizontal, "page addressing mode is the one after reset"
        self.column += 1
        if self.column > right:
            self.column = left
            self.page = self.page + 1 if self.page < bottom else top


class Sh1106Model(PagedModel):
    """SH1106 data sheet: 132 columns, page addressing only, no windows. It ignores what it does not know."""

    COLUMNS = 132
    FIRST = 2
    TABLE: ClassVar = {0x81: 1, 0xD5: 1, 0xA8: 1, 0xD3: 1, 0xAD: 1, 0xDA: 1, 0xD9: 1, 0xDB: 1}

    def power_cycle(self) -> None:
        super().power_cycle()
        self.pump = True

    def arguments(self, code: int) -> int:
        return self.TABLE.get(code, 0)

    def execute(self, code: int, values: list[int]) -> None:
        super().execute(code, values)
        if code & 0xF0 == 0x00:
            self.column = self.column & 0xF0 | code & 0x0F
        elif code & 0xF0 == 0x10:
            self.column = self.column & 0x0F | (code & 0x0F) << 4
        elif 0xB0 <= code <= 0xB7:
            self.page = code & 7

    def write(self, value: int) -> None:
        assert self.column < self.COLUMNS, "written past the last column"
        self.ram[self.page][self.column] = value
        self.column += 1


class Ssd1322Model:
    """SSD1322 data sheet 10: 480×128 in groups of four pixels; also the bus, since SPI has no answer."""

    FIRST = 112

    def __init__(self) -> None:
        self.plugged = True
        self.bytes = self.transfers = 0
        self.power_cycle()

    def power_cycle(self) -> None:
        self.ram = [[5] * 480 for _ in range(128)]
        self.on = False
        self.code = 0
        self.values: list[int] = []
        self.columns, self.rows = (0, 119), (0, 127)
        self.at = (0, 0)
        self.contrast = 0x7F

    def command(self, *values: int) -> None:
        self.bytes += len(values)
        self.transfers += 1
        (self.code,) = values
        self.values = []
        if self.code in (0xAE, 0xAF):
            self.on = self.code == 0xAF
        if self.code == 0x5C:
            self.at = (self.columns[0], self.rows[0])

    def data(self, values: list[int]) -> None:
        self.bytes += len(values)
        self.transfers += 1
        if self.code == 0x5C:
            assert len(values) % 2 == 0
            for first, second in zip(values[::2], values[1::2], strict=True):
                self._group(first, second)
            return
        self.values += values
        match self.code:
            case 0x15:
                self.columns = (self.values[0], self.values[1])
            case 0x75:
                self.rows = (self.values[0], self.values[1])
            case 0xC1:
                self.contrast = self.values[0]

    def _group(self, first: int, second: int) -> None:
        column, row = self.at
        self.ram[row][column * 4 : column * 4 + 4] = [first >> 4, first & 15, second >> 4, second & 15]
        column += 1
        if column > self.columns[1]:
            column, row = self.columns[0], row + 1 if row < self.rows[1] else self.rows[0]
        self.at = (column, row)

    def cleanup(self) -> None:
        pass

    @property
    def shows(self) -> Image.Image:
        image = Image.new("1", (256, 64))
        if self.on:
            for y in range(64):
                for x in range(256):
                    shade = self.ram[y][self.FIRST + x]
                    assert shade in (0, 15), "neither dark nor lit"
                    image.putpixel((x, y), int(shade == 15))
        return image
