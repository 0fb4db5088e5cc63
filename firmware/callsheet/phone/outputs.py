# SPDX-License-Identifier: GPL-3.0-or-later
"""Screen, lamps and ring indication, brought up to date after every event.

The screen is drawn on a thread of its own: a frame takes milliseconds, and an
INVITE must not wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from callsheet.adapters.display.render import needs_animation, render
from callsheet.core.behaviour import Mode, mode
from callsheet.core.events import Now
from callsheet.core.lamps import contrast, lamps
from callsheet.core.screen import Screen
from callsheet.core.screens import screen
from callsheet.core.state import State
from callsheet.ports import Display, Headset, Lamps

log = logging.getLogger("callsheet.outputs")

_TIMED = frozenset({
    Mode.PLACING, Mode.RINGING, Mode.EARLY_MEDIA, Mode.TALKING, Mode.HELD, Mode.ENDING, Mode.PAUSED, Mode.INCOMING,
    Mode.CALL_WAITING,
})
_COUNTED = frozenset({Mode.COUNTDOWN, Mode.WRAP_UP})


class Outputs:
    """Shows the state; sends only what changed."""

    def __init__(self, display: Display, lights: Lamps, headset: Headset) -> None:
        self._lights, self._headset = lights, headset
        self._shown_lamps: object = None
        self._ringing = False
        self._screen: Screen | None = None
        self._painter = Painter(display)
        self.readers: list[Callable[[Screen], None]] = []
        """They read the screen to someone who cannot see it."""

    def start(self) -> None:
        """Begin to draw."""
        self._painter.start()

    def update(self, state: State, now: Now) -> float:
        """Show the state; returns when it will look different by itself, in monotonic seconds."""
        shown = lamps(state, now.mono)
        if shown != self._shown_lamps:
            self._shown_lamps = shown
            self._lights.show(shown.line, shown.work, shown.attention)
            self._lights.buzz(shown.buzzer)
        ringing = state.incoming is not None and not state.answering
        if ringing != self._ringing:
            self._ringing = ringing
            self._headset.show_ring(ringing)
        wanted = screen(state, now)
        if wanted != self._screen:
            self._screen = wanted
            self._painter.show(wanted)
            for reader in self.readers:
                reader(wanted)
        self._painter.contrast(contrast(state, now.mono))
        return now.mono + _lasts(state, now)

    def close(self) -> None:
        """Blank screen, lamps off."""
        self._painter.close()
        self._lights.close()


def _lasts(state: State, now: Now) -> float:
    """Seconds for which timers, countdowns and the time of day stay true."""
    at = mode(state)
    if at in _COUNTED:
        return 0.25
    if at in _TIMED:
        call = state.call or state.incoming
        start = state.work_since if call is None else (call.answered_mono or call.started)
        return 1.0 - (now.mono - start) % 1.0 + 0.002
    return 60.0 - now.wall % 60.0


class Painter:
    """Draws the last screen it was given, and moves what is too long for it."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._wake = threading.Condition()
        self._screen: Screen | None = None
        self._since = 0.0
        self._level = 2
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="painter", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def show(self, wanted: Screen) -> None:
        """Draw this from now on."""
        with self._wake:
            if self._screen is None or self._screen.headline != wanted.headline or self._screen.mode != wanted.mode:
                self._since = time.monotonic()
            self._screen = wanted
            self._wake.notify()

    def contrast(self, level: int) -> None:
        """0 sleeps, 1 dims, 2 is normal."""
        with self._wake:
            if level != self._level:
                self._level = level
                self._wake.notify()

    def close(self) -> None:
        """Stop drawing and let go of the display."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(2.0)
        self._display.close()

    def _run(self) -> None:
        level = 2
        drawn: Screen | None = None
        next_frame: float | None = None
        while True:
            with self._wake:
                if self._screen is drawn and self._level == level and not self._closing:
                    self._wake.wait(None if next_frame is None else max(0.0, next_frame - time.monotonic()))
                if self._closing:
                    return
                drawn, wanted_level, clock = self._screen, self._level, time.monotonic() - self._since
            try:
                next_frame = self._draw(drawn, clock)
                if wanted_level != level:
                    self._display.contrast(wanted_level)
            except (OSError, ValueError) as error:
                log.warning("the display does not answer: %s", error)
                next_frame = time.monotonic() + 1.0
            level = wanted_level

    def _draw(self, wanted: Screen | None, clock: float) -> float | None:
        if wanted is None:
            return None
        self._display.show(render(wanted, self._display.size, clock))
        lasts = needs_animation(wanted, self._display.size, clock)
        return None if lasts is None else time.monotonic() + lasts
