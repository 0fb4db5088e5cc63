# SPDX-License-Identifier: GPL-3.0-or-later
"""A thread that watches lines: what fails is named, and tried again until the phone closes."""

from __future__ import annotations

import threading

from callsheet.adapters.faults import Faults
from callsheet.ports import Post

RETRY = 5.0
"""Seconds between tries to claim lines that could not be claimed."""


class LineWatcher:
    """Subclasses watch from claiming their lines until something fails or `_closing` is set."""

    part = ""
    what = ""
    """In the text of a fault: "the keypad's lines"."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=self.part, daemon=True)

    def start(self, post: Post) -> None:
        """Begin to watch."""
        self._post = post
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _watch(self) -> None:
        raise NotImplementedError

    def _lost(self) -> None:
        """The lines are gone: what was seen on them holds no more."""

    def _run(self) -> None:
        while not self._closing:
            try:
                self._watch()
            except Exception as error:  # noqa: BLE001 - gpiozero's and lgpio's errors share no base but Exception
                self._faults.tell(self.part, f"{self.what} cannot be used: {error}")
                self._lost()
                self._wait(RETRY)

    def _wait(self, seconds: float) -> None:
        if not self._closing:
            self._wake.wait(seconds)
