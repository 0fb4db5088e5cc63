# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole phone in the guest: the product's own command on the simulated handset, worked with fingers and eyes.

Its screens are also read out (tests/support/spoken_phone.py), so that a test can wait for
one and then hold the glass against the picture of it, pixel by pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import msgspec
from PIL import Image

from callsheet.adapters.display.render import needs_animation, render
from callsheet.adapters.oled.shift import PERIOD, PLACES, shifted
from callsheet.core.screen import Screen
from tests.support.running import toml
from tests.vm.channel import PATIENCE, Process
from tests.vm.handset import SIZE, Handset

CONFIG = "/data/phone.toml"
LATEST = 4
"""Screens that may be on the glass while the next one is on its way: drawing and the bus take their time."""


class Phone:
    """One phone on one handset. Use as a context manager, or start and stop it at will."""

    def __init__(self, handset: Handset, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """`settings`: sections of its file."""
        self.handset = handset
        self._guest = handset.guest
        self._settings = settings
        self.process: Process

    def start(self) -> Self:
        """Switch it on."""
        self._guest.write(CONFIG, toml(self._settings))
        self.process = self._guest.start("python3", "-m", "tests.support.spoken_phone", "--config", CONFIG, "--verbose",
                                         env={"PYTHONPATH": "/vm/firmware:/usr/lib/phone:/vm"}, cwd="/data")
        return self

    def stop(self) -> None:
        """Switch it off in order."""
        self.process.kill(15)
        self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.process.kill(9)

    @property
    def screens(self) -> list[Screen]:
        """All of this life, oldest first."""
        rows = self.process.said.splitlines()
        return [msgspec.json.decode(row[7:], type=Screen) for row in rows if row.startswith("screen ")]

    def until(self, *modes: str, timeout: float = PATIENCE, true: Callable[[Screen], object] = lambda _: True) -> Screen:
        """Wait until the present screen is of one of these modes, and `true` holds of it."""
        end = time.monotonic() + timeout
        while True:
            screens = self.screens
            if screens and screens[-1].mode in modes and true(screens[-1]):
                return screens[-1]
            assert time.monotonic() < end, f"no screen {modes} but:\n{self.story()}\n{self.log()[-4000:]}"
            time.sleep(0.05)

    def shows(self, *modes: str, timeout: float = PATIENCE) -> Screen:
        """Wait until the glass shows such a screen, every pixel of it; else what it shows is kept as a picture.

        Only for screens that stand still: a marquee is somewhere between two places.
        """
        end = time.monotonic() + timeout
        self.until(*modes, timeout=timeout)
        while True:
            seen = self.handset.glass.look()
            for screen in reversed(self.screens[-LATEST:]):
                if screen.mode in modes and any(seen.tobytes() == one.tobytes() for one in pictures(screen)):
                    return screen
            if time.monotonic() > end:
                seen.save(self._guest.folder / "seen.png")
                render(self.screens[-1], SIZE).save(self._guest.folder / "wanted.png")
                raise AssertionError(f"the glass does not show {modes}: {self._guest.folder}/seen.png, {self.screens[-1]}")
            time.sleep(0.05)

    def press(self, caps: str, **how: Any) -> None:
        """Fingers on the keypad."""
        self.handset.press(caps, **how)

    def story(self) -> str:
        """What it showed, in a few words a screen; a clock that went on is no other screen."""
        words = [" | ".join(filter(None, (one.mode, one.title, one.headline, *one.lines, one.alert)))
                 for one in self.screens]
        return "\n".join(word for n, word in enumerate(words) if n == 0 or word != words[n - 1])

    def log(self) -> str:
        """What it said beside its screens."""
        return "\n".join(row for row in self.process.said.splitlines() if not row.startswith("screen "))


def pictures(screen: Screen) -> Iterator[Image.Image]:
    """How it may stand on the glass: moved by a pixel now and then against burn-in."""
    frame = render(screen, SIZE)
    for place in range(len(PLACES)):
        yield shifted(frame, place * PERIOD)


def stands_still(screen: Screen) -> bool:
    """Whether nothing on it scrolls."""
    return needs_animation(screen, SIZE) is None
