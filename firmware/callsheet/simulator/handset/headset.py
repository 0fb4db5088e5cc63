# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated headset: what a USB headset does on HID usage page 0x0B (telephony)."""

from __future__ import annotations

import threading
from collections import deque
from typing import Literal, get_args

from msgspec import Struct

from callsheet.core.events import HeadsetButton, HeadsetChanged, HeadsetFailed, HeadsetReady
from callsheet.ports import Post
from callsheet.simulator.handset.observers import Observers

Button = Literal["hook", "mute", "volume-up", "volume-down"]
Told = Literal["off-hook", "ring", "mute"]
TRACE_LENGTH = 10_000


class Report(Struct, frozen=True):
    """One output report the phone sent to the headset (LED usages 0x17 Off-Hook, 0x18 Ring, 0x09 Mute)."""

    what: Told
    on: bool


class HeadsetState(Struct, frozen=True):
    """What can be seen of the headset."""

    present: bool
    name: str
    off_hook: bool = False
    """The radio link, or what stands for it in one with a cable, is open."""
    ring: bool = False
    mute: bool = False


class SimulatedHeadset:
    """`ports.Headset`. It forgets all it was told when it is pulled out, as real ones do."""

    def __init__(self, observers: Observers, present: bool = True, link_delay: float = 0.0) -> None:
        """`link_delay`: seconds until Off-Hook is acknowledged; wireless ones take some tenths."""
        self._observers = observers
        self._link_delay = link_delay
        self._lock = threading.RLock()
        self._post: Post | None = None
        self._state = HeadsetState(present, "Simulated headset" if present else "")
        self._trace: deque[Report] = deque(maxlen=TRACE_LENGTH)
        self._waiting: tuple[int, threading.Timer] | None = None

    def start(self, post: Post) -> None:
        """Posts HeadsetChanged with what is plugged in now."""
        with self._lock:
            self._post = post
            post(HeadsetChanged(self._state.present, self._state.name))

    def off_hook(self, id: int) -> None:
        """Posts HeadsetReady(id) after the link delay, HeadsetFailed(id) if it is not there or is pulled out before."""
        with self._lock:
            self._give_up("overtaken by a new request")
            if not self._state.present:
                self._send(HeadsetFailed(id, "no headset"))
                return
            self._trace.append(Report("off-hook", True))
            if self._link_delay <= 0 or self._state.off_hook:
                self._linked(id)
                return
            timer = threading.Timer(self._link_delay, self._link_up, (id,))
            timer.daemon = True
            self._waiting = (id, timer)
            timer.start()

    def on_hook(self) -> None:
        """Closes the link; a request for it that still waits fails."""
        with self._lock:
            if self._waiting:
                self._trace.append(Report("off-hook", False))
            self._give_up("closed again")
            self._tell("off-hook", False)

    def show_mute(self, on: bool) -> None:
        """Mute lamp."""
        self._tell("mute", on)

    def show_ring(self, on: bool) -> None:
        """Ring indication."""
        self._tell("ring", on)

    def close(self) -> None:
        """Lets go: on-hook, nothing is posted any more."""
        with self._lock:
            self._post = None
            self._give_up("closed")
            for told in get_args(Told):
                self._tell(told, False)

    def plug(self, present: bool, name: str = "Simulated headset") -> None:
        """Plug in or pull out."""
        with self._lock:
            if present == self._state.present:
                return
            self._state = HeadsetState(present, name if present else "")
            self._give_up("pulled out")
            self._send(HeadsetChanged(present, self._state.name))
        self._observers.tell("headset")

    def press(self, button: str) -> None:
        """A button on the headset; without a headset nobody hears it. Raises ValueError for an unknown one."""
        if button not in get_args(Button):
            raise ValueError(f"headset button {button!r}: expected one of {', '.join(get_args(Button))}")
        with self._lock:
            if self._state.present:
                self._send(HeadsetButton(button))  # type: ignore[arg-type]

    @property
    def state(self) -> HeadsetState:
        """What can be seen of it now."""
        with self._lock:
            return self._state

    @property
    def trace(self) -> tuple[Report, ...]:
        """The last reports that the phone sent while a headset was there, oldest first."""
        with self._lock:
            return tuple(self._trace)

    def _tell(self, what: Told, on: bool) -> None:
        with self._lock:
            if not self._state.present or self._is_on(what) == on:
                return
            self._trace.append(Report(what, on))
            self._set(what, on)
        self._observers.tell("headset")

    def _is_on(self, what: Told) -> bool:
        return {"off-hook": self._state.off_hook, "ring": self._state.ring, "mute": self._state.mute}[what]

    def _set(self, what: Told, on: bool) -> None:
        old = self._state
        self._state = HeadsetState(
            old.present,
            old.name,
            on if what == "off-hook" else old.off_hook,
            on if what == "ring" else old.ring,
            on if what == "mute" else old.mute,
        )

    def _linked(self, id: int) -> None:
        self._set("off-hook", True)
        self._send(HeadsetReady(id))
        self._observers.tell("headset")

    def _link_up(self, id: int) -> None:
        with self._lock:
            if self._waiting and self._waiting[0] == id:
                self._waiting = None
                self._linked(id)

    def _give_up(self, reason: str) -> None:
        if self._waiting:
            id, timer = self._waiting
            self._waiting = None
            timer.cancel()
            self._send(HeadsetFailed(id, reason))

    def _send(self, event: HeadsetChanged | HeadsetReady | HeadsetFailed | HeadsetButton) -> None:
        if self._post:
            self._post(event)
