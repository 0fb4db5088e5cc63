# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated keypad and hook switch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from callsheet.core.events import HookChanged, KeyContact
from callsheet.core.keypad import LAYOUTS
from callsheet.ports import Post
from callsheet.simulator.handset.matrix import Crossing, closed_contacts
from callsheet.simulator.handset.observers import Observers

CHATTER = (0.0008, 0.0003, 0.0011, 0.0004)
"""Seconds between the edges of a bouncing contact; membrane keys settle within 5 ms."""


class SimulatedKeys:
    """`ports.Keys`: a matrix without diodes, and a hook switch.

    A finger is whoever holds a key down: a page, a script. A key stays down
    until its last finger leaves it.
    """

    def __init__(
        self, layout: str, bounce: bool, observers: Observers, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if layout not in LAYOUTS:
            raise ValueError(f"keypad {layout!r}: expected one of {', '.join(LAYOUTS)}")
        self.caps = LAYOUTS[layout]
        self._bounce = bounce
        self._observers = observers
        self._sleep = sleep
        # One lock from the change to its last edge: edges must leave in the order of the changes.
        self._lock = threading.RLock()
        self._post: Post | None = None
        self._fingers: dict[Crossing, set[object]] = {}
        self._closed: frozenset[Crossing] = frozenset()
        self._off_hook = False

    def start(self, post: Post) -> None:
        """Posts what is not at rest now, and every edge from here on."""
        with self._lock:
            self._post = post
            for row, column in sorted(self._closed):
                post(KeyContact(row, column, True))
            if self._off_hook:
                post(HookChanged(True))

    def close(self) -> None:
        """No edge is posted any more."""
        with self._lock:
            self._post = None

    def press(self, row: int, column: int, finger: object = None) -> None:
        """Raises ValueError if there is no such key. Pressing twice with one finger is pressing once."""
        self._check(row, column)
        with self._lock:
            self._fingers.setdefault((row, column), set()).add(finger)
            self._settle()
        self._observers.tell("keys")

    def release(self, row: int, column: int, finger: object = None) -> None:
        """Raises ValueError if there is no such key. Nothing happens if the finger is not on it."""
        self._check(row, column)
        with self._lock:
            self._lift((row, column), finger)
            self._settle()
        self._observers.tell("keys")

    def release_all(self, finger: object = None) -> None:
        """The finger leaves every key it holds."""
        with self._lock:
            for crossing in tuple(self._fingers):
                self._lift(crossing, finger)
            self._settle()
        self._observers.tell("keys")

    def hook(self, off: bool) -> None:
        """Lift (True) or put down."""
        with self._lock:
            if off == self._off_hook:
                return
            self._off_hook = off
            if self._post:
                self._post(HookChanged(off))
        self._observers.tell("hook")

    @property
    def pressed(self) -> frozenset[Crossing]:
        """The keys that are held down, without ghosts."""
        with self._lock:
            return frozenset(self._fingers)

    @property
    def closed(self) -> frozenset[Crossing]:
        """The contacts that conduct, with ghosts."""
        with self._lock:
            return self._closed

    @property
    def off_hook(self) -> bool:
        """The hook switch."""
        with self._lock:
            return self._off_hook

    def _check(self, row: int, column: int) -> None:
        if not (0 <= row < len(self.caps) and 0 <= column < len(self.caps[row])):
            raise ValueError(f"no key at row {row}, column {column}")

    def _lift(self, crossing: Crossing, finger: object) -> None:
        fingers = self._fingers.get(crossing, set())
        fingers.discard(finger)
        if not fingers:
            self._fingers.pop(crossing, None)

    def _settle(self) -> None:
        closed = closed_contacts(self._fingers)
        changed = sorted(closed ^ self._closed)
        if not changed:
            return
        self._closed = closed
        self._send(changed, flipped=False)
        if self._bounce:
            for edge, gap in enumerate(CHATTER):
                self._sleep(gap)
                self._send(changed, flipped=edge % 2 == 0)

    def _send(self, changed: list[Crossing], flipped: bool) -> None:
        if self._post is None:
            return
        for row, column in changed:
            self._post(KeyContact(row, column, ((row, column) in self._closed) != flipped))
