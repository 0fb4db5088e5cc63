# SPDX-License-Identifier: GPL-3.0-or-later
"""The display before the phone: what it is sent, and what it says when."""

from __future__ import annotations

from callsheet.adapters.board import board
from callsheet.boot.glass import COLUMNS, ON, START, Glass
from callsheet.boot.held import HELD
from callsheet.boot.picture import LINES, MARGIN, WIDTH, bar, line, pages
from callsheet.boot.steps import FIRST, PATIENCE, SHARE, STEPS, step
from callsheet.core.texts import CATALOGUE, say


class Controller:
    """As the data sheets number its memory: pages of so many columns, the pointer goes round within a page."""

    def __init__(self, columns: int) -> None:
        self.ram = [[0xFF] * columns for _ in range(8)]
        self.page = self.column = 0
        self.commands: list[int] = []
        self.transfers = 0

    def write(self, data: bytes) -> None:
        self.transfers += 1
        if data[0] == 0x40:
            for byte in data[1:]:
                self.ram[self.page][self.column] = byte
                self.column = (self.column + 1) % len(self.ram[0])
            return
        self.commands += data[1:]
        if len(data) == 4 and data[1] & 0xF8 == 0xB0:
            self.page, self.column = data[1] & 7, data[2] | (data[3] & 0x0F) << 4

    def lit(self, first: int) -> set[tuple[int, int]]:
        return {(x, page * 8 + bit) for page, row in enumerate(self.ram) for x, byte in enumerate(row[first : first + WIDTH])
                for bit in range(8) if byte >> bit & 1}


def test_the_same_bytes_make_a_whole_picture_on_either_controller() -> None:
    lines = [line("Callsheet", bold=True), line("Starting"), line("正在启动"), bar(0.5)]
    wanted = {(MARGIN + x, 16 * row + y) for row, columns in enumerate(lines) for x, bits in enumerate(columns)
              for y in range(16) if bits >> y & 1}
    ssd1306, sh1106 = Controller(128), Controller(COLUMNS)
    for one in (ssd1306, sh1106):
        Glass(one.write, lambda: None).show(pages(lines))
        assert one.commands[: len(START)] == list(START) and one.commands[-1] == ON
    assert ssd1306.lit(0) == wanted
    # The glass of an SH1106 begins at its third column: the picture stands two to the left, and nothing of it is lost.
    assert sh1106.lit(2) == {(x - 2, y) for x, y in wanted}


def test_only_pages_that_changed_are_sent() -> None:
    controller = Controller(128)
    glass = Glass(controller.write, lambda: None)
    glass.show(pages([line("a"), line("b"), (), bar(0.1)]))
    before = controller.transfers
    glass.show(pages([line("a"), line("b"), (), bar(0.1)]))
    assert controller.transfers == before
    glass.show(pages([line("a"), line("c"), (), bar(0.1)]))
    assert 0 < controller.transfers - before <= 4


def test_every_line_fits_the_display() -> None:
    keys = {key for words in CATALOGUE.values() for key in words if key.startswith("boot.")}
    assert keys == {*SHARE, "boot.reset", "boot.let-go"}
    for language in CATALOGUE:
        for key in keys:
            text = say(language, key, seconds=10)
            whole = line(text)
            assert len(whole) < WIDTH - MARGIN, f"{key} in {language} is cut off"
            assert whole and say(language, key) != key


def test_a_picture_is_four_lines() -> None:
    made = pages([line("x")])
    assert [len(page) for page in made] == [WIDTH] * 2 * LINES
    assert any(made[0] + made[1]) and not any(b"".join(made[2:]))


def test_the_step_is_the_last_thing_begun() -> None:
    begun: set[str] = set()
    assert step(begun.__contains__, 0.0) == FIRST
    shares = [SHARE[FIRST]]
    for key, unit in reversed(STEPS):
        begun.add(unit)
        assert step(begun.__contains__, 0.0) == key
        shares.append(SHARE[key])
    assert shares == sorted(shares), "the bar never goes back"
    assert step(begun.__contains__, PATIENCE) == "boot.stuck"
    assert step(begun.__contains__, PATIENCE - 1) == "boot.phone"


def test_the_keys_of_a_reset_are_in_one_row_of_every_layout() -> None:
    keypad = board().keypad
    places = {name: [(row, line.index(key)) for key in HELD for row, line in enumerate(caps) if key in line]
              for name, caps in keypad.layouts.items()}
    assert len({tuple(place) for place in places.values()}) == 1
    (place, *_) = places.values()
    assert len({row for row, _ in place}) == 1
