# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the first seconds. It ends when the phone has come up (SIGTERM), and leaves the glass as it is."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from callsheet import __version__
from callsheet.adapters.board import Board, board
from callsheet.adapters.display.pixels import Columns
from callsheet.adapters.watchdog import Watchdog
from callsheet.boot.glass import Glass, find
from callsheet.boot.held import Keys, chip
from callsheet.boot.picture import bar, line, pages
from callsheet.boot.steps import FIRST, PHONE, SHARE, step
from callsheet.core.texts import say

ADAPTER = "i2c@7e804000"
"""As in adapters/oled/find.py, which would bring luma along."""
UNITS = Path("run/systemd/units")
MARK = Path("run/callsheet-boot/factory-reset")
LANGUAGES = ("en", "zh")
LOOK = 0.25
COUNT = 10
"""Seconds for which the keys must be held."""
UDEV = 30.0
"""Seconds until devices have got their groups; then it goes without."""


class Screen:
    """Shows what it is told on whatever display answers, and minds none that does not."""

    def __init__(self, board: Board, root: Path) -> None:
        self._pins = board.displays["ssd1306"]
        self._root = root
        self._glass: Glass | None = None

    def show(self, *lines: Columns) -> None:
        """Four lines."""
        try:
            if self._glass is None:
                self._glass = find(ADAPTER, self._pins.port, self._pins.addresses, self._root)
            self._glass.show(pages(lines))
        except OSError:
            if self._glass is not None:
                self._glass.close()
            self._glass = None

    def step(self, key: str) -> None:
        """In both languages: the settings, which know the phone's, are not there yet."""
        title = line(f"Callsheet {__version__}", bold=True)
        self.show(title, *(line(say(language, key)) for language in LANGUAGES), bar(SHARE[key]))

    def count(self, seconds: int) -> None:
        """Until everything is erased."""
        self.show(*(line(say(language, key, seconds=seconds)) for language in LANGUAGES for key in ("boot.reset", "boot.let-go")))


def held_for_reset(screen: Screen, board: Board, root: Path) -> bool:
    """Whether the two keys are down, and stay so while the display counts. Nothing is asked where there is no keypad."""
    until = time.monotonic() + UDEV
    while True:
        try:
            opened = chip(root)
            break
        except PermissionError:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK)
    if opened is None:
        return False
    try:
        keys = Keys(opened, board.keypad)
    except OSError as error:
        print(f"the keypad cannot be asked: {error}", file=sys.stderr)
        return False
    try:
        end = time.monotonic() + COUNT
        while keys.held():
            left = end - time.monotonic()
            if left <= 0:
                return True
            screen.count(int(left) + 1)
            time.sleep(LOOK)
        return False
    finally:
        keys.close()


def main(argv: Sequence[str] = (), root: Path = Path("/")) -> int:
    """Until SIGTERM. Exit 0, whatever is missing: a phone without a display is started all the same."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    screen = Screen(board(), root)
    screen.step(FIRST)
    if held_for_reset(screen, board(), root):
        (root / MARK).touch()
        screen.step("boot.erase")
        Watchdog().ready()
        signal.pause()  # the machine starts anew (callsheet-held.service)
    Watchdog().ready()
    follow(screen, root)
    return 0


def follow(screen: Screen, root: Path) -> None:
    """Show each step of the boot, for ever."""
    def begun(unit: str) -> bool:
        return (root / UNITS / f"invocation:{unit}").is_symlink()

    begun_at: float | None = None
    while True:
        if begun_at is None and begun(PHONE):
            begun_at = time.monotonic()
        screen.step(step(begun, 0.0 if begun_at is None else time.monotonic() - begun_at))
        time.sleep(LOOK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
