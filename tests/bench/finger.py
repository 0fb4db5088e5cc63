# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone and a finger in one process: python -m tests.bench.finger CONFIG COUNT prints the times in ms as JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from unittest import mock

from callsheet.formats.settings import read_settings
from callsheet.phone import build
from callsheet.simulator.handset import SimulatedHandset

PATIENCE = 5.0
REST = 0.25
"""Seconds between presses, so that each finds the phone asleep."""


class Eyes:
    """Wait for the next change of a part of the handset."""

    def __init__(self, handset: SimulatedHandset) -> None:
        self._changed = threading.Condition()
        self._times: dict[str, float] = {}
        handset.subscribe(self._see)

    def _see(self, part: str) -> None:
        now = time.perf_counter()
        with self._changed:
            self._times.setdefault(part, now)
            self._changed.notify_all()

    def forget(self) -> None:
        """Look anew."""
        with self._changed:
            self._times.clear()

    def when(self, part: str) -> float:
        """When the part changed first. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: part in self._times, PATIENCE):
                raise TimeoutError(f"{part} did not change")
            return self._times[part]


def main(config: Path, count: int) -> None:
    """Press keys while the phone runs."""
    made: list[SimulatedHandset] = []

    def handset(*args: object, **options: object) -> SimulatedHandset:
        made.append(SimulatedHandset(*args, **options))  # type: ignore[arg-type]
        return made[0]

    with mock.patch.object(build, "SimulatedHandset", handset):
        built = build.build(read_settings(config.read_bytes(), str(config)), config.parent)
    found: dict[str, list[float]] = {}
    finger = threading.Thread(target=_press, args=(made[0], count, found, built.phone.stop), daemon=True)
    for start in built.start:
        start()
    finger.start()
    built.phone.run()
    for close in built.close:
        close()
    print(json.dumps(found))


def _press(handset: SimulatedHandset, count: int, found: dict[str, list[float]], stop: object) -> None:
    eyes = Eyes(handset)
    time.sleep(3.0)
    try:
        # Signed in and paused: A makes ready, which shows the first callee, then A opens the pause reasons and 1 takes one.
        found["lamps"] = [_one(handset, eyes, "A", "lamps", ("A", "1")) for _ in range(count)]
        found["frame"] = [_one(handset, eyes, "A", "frame", ("A", "1")) for _ in range(count)]
    finally:
        stop()  # type: ignore[operator]


def _one(handset: SimulatedHandset, eyes: Eyes, cap: str, part: str, back: tuple[str, ...]) -> float:
    eyes.forget()
    began = time.perf_counter()
    handset.press(*handset.find(cap))
    took = eyes.when(part) - began
    time.sleep(0.05)
    handset.release(*handset.find(cap))
    for other in back:
        time.sleep(REST)
        handset.press(*handset.find(other))
        time.sleep(0.05)
        handset.release(*handset.find(other))
    time.sleep(REST)
    return 1000 * took


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
