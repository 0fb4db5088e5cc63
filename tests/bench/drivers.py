# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone on the handset's drivers and a finger in one process: python -m tests.bench.drivers CONFIG COUNT SECONDS.

Prints JSON: times in ms from the contact to lamp and display, bytes on the bus, CPU of the drivers' threads.
The parts are models; the display's bus takes as long as a real one at 400 kHz.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from tests.support.built_handset import BuiltHandset, HandsetPhone

I2C_HERTZ = 400_000
THREADS = ("keypad", "hook", "lamps", "display", "headset")
REST = 0.25
QUIET = 0.06
"""Seconds without a byte after which a frame has arrived."""
PATIENCE = 5.0


def main(config: Path, count: int, seconds: float) -> None:
    """Press keys while the phone runs, then leave it alone."""
    parts = BuiltHandset(config.parent / "machine", I2C_HERTZ)
    parts.machine.plug(1, "Plain", "Plain USB Headset")
    found: dict[str, object] = {}
    with HandsetPhone(parts, config.parent / "phone", tomllib.loads(config.read_text())) as phone:
        _until(lambda: phone.mode == "paused", "the phone does not sign in", 0.05, 60.0)
        time.sleep(1.0)
        found["lamp"] = [_lamp(parts, phone) for _ in range(count)]
        frames = [_frame(parts, phone) for _ in range(count)]
        found["frame"] = [ms for ms, _ in frames]
        found["bytes"] = [sent for _, sent in frames]
        found["idle"] = _idle(seconds)
    parts.close()
    print(json.dumps(found))


def _until(done: Callable[[], object], otherwise: str = "nothing is to be seen of the key", step: float = 0.0002,
           patience: float = PATIENCE) -> None:
    until = time.perf_counter() + patience
    while not done():
        if time.perf_counter() > until:
            raise TimeoutError(otherwise)
        time.sleep(step)


def _lamp(parts: BuiltHandset, phone: HandsetPhone) -> float:
    """Ready: amber, which blinks while paused, is steady. Pressed while it is dark."""
    _until(lambda: parts.lit("work"))
    _until(lambda: not parts.lit("work"))
    began = time.perf_counter()
    parts.gpio.press(*parts.place("A"))
    _until(lambda: parts.lit("work"))
    took = time.perf_counter() - began
    _pause(parts, phone)
    return 1000 * took


def _frame(parts: BuiltHandset, phone: HandsetPhone) -> tuple[float, int]:
    sent, began = parts.chip.bytes, time.perf_counter()
    parts.gpio.press(*parts.place("A"))
    _until(lambda: parts.chip.bytes > sent + 20 and time.perf_counter() - parts.chip.sent_at > QUIET)
    took, sent = parts.chip.sent_at - began, parts.chip.bytes - sent
    _pause(parts, phone)
    return 1000 * took, sent


def _pause(parts: BuiltHandset, phone: HandsetPhone) -> None:
    """Back to where each press begins: A asks for the reason, 1 is one."""
    _until(lambda: phone.mode == "preview", "not ready")
    parts.gpio.release(*parts.place("A"))
    for cap, mode in (("A", "pause"), ("1", "paused")):
        time.sleep(REST)
        parts.gpio.press(*parts.place(cap))
        _until(lambda mode=mode: phone.mode == mode, f"not {mode}")  # type: ignore[misc]
        parts.gpio.release(*parts.place(cap))
    time.sleep(REST)


def _idle(seconds: float) -> dict[str, float]:
    """Per cent of a core that each driver's thread used, and the whole process."""
    clocks = {thread.name: time.pthread_getcpuclockid(thread.ident or 0) for thread in threading.enumerate()
              if thread.name in THREADS}
    before = {name: time.clock_gettime(clock) for name, clock in clocks.items()}
    process = time.process_time()
    time.sleep(seconds)
    used = {name: 100 * (time.clock_gettime(clock) - before[name]) / seconds for name, clock in clocks.items()}
    return {**used, "process": 100 * (time.process_time() - process) / seconds}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
