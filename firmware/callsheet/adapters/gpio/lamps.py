# SPDX-License-Identifier: GPL-3.0-or-later
"""Three lamps and the buzzer over gpiozero, blinking from one thread so that they blink in step."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from callsheet.adapters.board import Board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio.factory import real_pins

PART = "lamps"
LAMPS = ("line", "work", "attention")
PATTERNS: dict[str, tuple[float, ...]] = {"off": (), "on": (), "slow": (0.5, 0.5), "fast": (0.1, 0.1)}
"""Seconds lit, dark, lit, dark …, over and over."""
BUZZES: dict[str, tuple[float, ...]] = {"off": (), "ring": (0.4, 0.2, 0.4, 2.0), "warn": (0.1, 0.1, 0.1, 0.7)}
"""Seconds of sound and silence. The ring is the double one of desk phones; the buzzer makes its own tone."""
RETRY = 5.0
"""Seconds between tries to claim lines that could not be claimed."""


def devices(board: Board, factory: Any = None) -> dict[str, Any]:
    """The gpiozero devices by name, all off; if one cannot be had, none is kept."""
    gpiozero = importlib.import_module("gpiozero")
    factory = factory or real_pins()
    made: dict[str, Any] = {}
    try:
        for name in LAMPS:
            pin = board.lamps[name]
            made[name] = gpiozero.LED(pin.line, active_high=pin.lit == "high", pin_factory=factory)
        made["buzzer"] = gpiozero.DigitalOutputDevice(
            board.buzzer.line, active_high=board.buzzer.sounds == "high", pin_factory=factory)
    except Exception:
        for device in made.values():
            device.close()
        raise
    return made


class GpioLamps:
    """`ports.Lamps`. A change shows at once: every pattern begins lit, and starts anew with any change."""

    def __init__(self, make: Callable[[], dict[str, Any]], faults: Faults) -> None:
        self._make = make
        self._faults = faults
        self._wake = threading.Condition()
        self._wanted = dict.fromkeys((*LAMPS, "buzzer"), "off")
        self._began = dict.fromkeys(self._wanted, 0.0)
        self._changed = True
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="lamps", daemon=True)
        self._thread.start()

    def show(self, line: str, work: str, attention: str) -> None:
        """Raises ValueError for an unknown pattern."""
        self._want(dict(zip(LAMPS, (line, work, attention), strict=True)), PATTERNS)

    def buzz(self, pattern: str) -> None:
        """Raises ValueError for an unknown pattern."""
        self._want({"buzzer": pattern}, BUZZES)

    def close(self) -> None:
        """All off."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(2.0)

    def _want(self, wanted: dict[str, str], known: dict[str, tuple[float, ...]]) -> None:
        for name, pattern in wanted.items():
            if pattern not in known:
                raise ValueError(f"{name}: pattern {pattern!r}, expected one of {', '.join(known)}")
        with self._wake:
            if wanted.items() <= self._wanted.items():
                return
            self._wanted |= wanted
            # Lamps share a beginning, or two that blink would not do it together.
            self._began |= dict.fromkeys(wanted, time.monotonic())
            self._changed = True
            self._wake.notify()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._light(self._make())
            except Exception as error:  # noqa: BLE001 - gpiozero and lgpio share no base but Exception
                self._faults.tell(PART, f"the lamps' lines cannot be used: {error}")
                with self._wake:
                    if not self._closing:
                        self._wake.wait_for(lambda: self._closing, RETRY)

    def _light(self, made: dict[str, Any]) -> None:
        """From claiming the lines until something fails or the phone closes."""
        lit = dict.fromkeys(made, False)
        try:
            self._faults.tell(PART)
            while not self._closing:
                with self._wake:
                    self._changed = False
                    wanted, began = dict(self._wanted), dict(self._began)
                now = time.monotonic()
                phases = {name: phase(wanted[name], now - began[name]) for name in made}
                for name, (on, _) in phases.items():
                    if on != lit[name]:
                        (made[name].on if on else made[name].off)()
                        lit[name] = on
                lasts = min((until for _, until in phases.values() if until is not None), default=None)
                with self._wake:
                    self._wake.wait_for(lambda: self._changed or self._closing, lasts)
        finally:
            for device in made.values():
                with suppress(Exception):
                    device.off()
                    device.close()


def phase(pattern: str, age: float) -> tuple[bool, float | None]:
    """Whether a pattern that began `age` seconds ago is lit, and for how long it stays so (None: for good)."""
    steps = PATTERNS.get(pattern) or BUZZES.get(pattern) or ()
    if not steps:
        return pattern == "on", None
    left = age % sum(steps)
    for number, step in enumerate(steps):
        if left < step:
            return number % 2 == 0, step - left
        left -= step
    return True, steps[0]
