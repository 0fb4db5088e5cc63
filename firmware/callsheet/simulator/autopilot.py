# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that never tires: reads the screen, presses the keys, and nothing else.

For the demo, for soak runs and for tests. It knows the phone only as a person
does: what stands on the glass, and the keypad under it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from callsheet.core.behaviour import Mode
from callsheet.core.screen import Screen

log = logging.getLogger("callsheet.autopilot")

KEY_DOWN = 0.03
"""Seconds a key is held; twice the debounce time of the keypad."""
KEY_UP = 0.03
LOOK = 0.5
"""Seconds after which it looks again at a screen that has not changed."""


class Keypad(Protocol):
    """What it can touch."""

    def find(self, cap: str) -> tuple[int, int]:
        """Where a key is."""

    def press(self, row: int, column: int) -> None:
        """Push it."""

    def release(self, row: int, column: int) -> None:
        """Let it go."""


class Habits(Struct, frozen=True):
    """How this agent works."""

    agent: str = ""
    pin: str = ""
    talk: tuple[float, float] = (0.3, 0.9)
    """Shortest and longest talk in seconds; the other side may end it first."""
    think: float = 0.05
    """Seconds before a key is pressed."""
    dispositions: str = "1112233"
    """Keys pressed after an answered call, drawn at random."""
    unknown: str = "#"
    """What it answers after a power cut: "#" call again, or the key of a disposition."""
    seed: int = 1


class Autopilot:
    """Plays the agent on a thread of its own. `show` is given every screen the phone makes."""

    def __init__(self, keypad: Keypad, habits: Habits, on_finished: Callable[[], None] | None = None) -> None:
        self._keypad, self._habits, self._on_finished = keypad, habits, on_finished
        self._random = random.Random(habits.seed)
        self._changed = threading.Condition()
        self._screen: Screen | None = None
        self._closing = False
        self._finished = False
        self._talk_until = 0.0
        self._mode = ""
        self._thread = threading.Thread(target=self._run, name="autopilot", daemon=True)

    def start(self) -> None:
        """Sit down."""
        self._thread.start()

    def close(self) -> None:
        """Get up."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def show(self, screen: Screen) -> None:
        """The screen changed; from any thread."""
        with self._changed:
            self._screen = screen
            self._changed.notify()

    def _run(self) -> None:
        seen: Screen | None = None
        while not self._closing:
            with self._changed:
                if self._screen is seen:
                    self._changed.wait(self._patience())
                seen = self._screen
            if seen is not None and not self._closing:
                self._react(seen)

    def _patience(self) -> float:
        if self._mode == Mode.TALKING:
            return max(0.01, min(LOOK, self._talk_until - time.monotonic()))
        return LOOK

    def _react(self, screen: Screen) -> None:
        entered, self._mode = screen.mode != self._mode, screen.mode
        if entered and screen.mode == Mode.TALKING:
            self._talk_until = time.monotonic() + self._random.uniform(*self._habits.talk)
        keys = self._answer(screen)
        if keys:
            time.sleep(self._habits.think)
            if self._screen is not None and self._screen.mode != screen.mode:
                return
            for cap in keys:
                self._press(cap)
            # Let the phone show what the keys did, so that no key is meant for a screen already gone.
            time.sleep(self._habits.think)

    def _answer(self, screen: Screen) -> str:
        habits = self._habits
        match screen.mode:
            case Mode.OFF:
                return habits.agent
            case Mode.AGENT:
                return "#"
            case Mode.PIN:
                return habits.pin + "#"
            case Mode.PAUSED:
                return "A"
            case Mode.PREVIEW:
                return "#"
            case Mode.TALKING:
                return "D" if time.monotonic() >= self._talk_until else ""
            case Mode.WRAP_UP:
                return self._random.choice(habits.dispositions) if self._answered(screen) else "#"
            case Mode.UNKNOWN:
                return habits.unknown
            case Mode.INCOMING:
                return "D"
            case Mode.FINISHED:
                self._finish()
        return ""

    @staticmethod
    def _answered(screen: Screen) -> bool:
        """After an answered call the screen shows how long it was."""
        return ":" in screen.number

    def _finish(self) -> None:
        if not self._finished:
            self._finished = True
            if self._on_finished is not None:
                self._on_finished()

    def _press(self, cap: str) -> None:
        try:
            row, column = self._keypad.find(cap)
        except ValueError:
            log.warning("this keypad has no key %s", cap)
            return
        self._keypad.press(row, column)
        time.sleep(KEY_DOWN)
        self._keypad.release(row, column)
        time.sleep(KEY_UP)
