# SPDX-License-Identifier: GPL-3.0-or-later
"""`ports.Headset` on a USB headset: one thread that sleeps until the headset, the kernel or the phone has news."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from callsheet.adapters.faults import Faults
from callsheet.adapters.headset import cards
from callsheet.adapters.headset.controls import Controls
from callsheet.adapters.headset.conversation import Conversation, Host, Out
from callsheet.adapters.headset.descriptor import DescriptorError
from callsheet.adapters.headset.quirks import quirk
from callsheet.adapters.headset.uevents import concerns_headsets, open_socket
from callsheet.core.events import AnyEvent, HeadsetChanged, HeadsetFailed, HeadsetReady
from callsheet.ports import Post

log = logging.getLogger("callsheet.headset")

PART = "headset"
SETTLE = 0.3
"""Seconds to let a headset arrive: its sound, its buttons and udev's permissions come one after the other."""
RETRY = 2.0
"""Seconds between looks where the kernel tells nothing, or where a device cannot be opened."""
TRACE = 2000
"""Reports that are remembered for a look at the conversation."""

def open_node(path: Path) -> int:
    """The device's file. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


Trace = tuple[float, str, bytes]
"""Monotonic seconds, "<" from the headset or ">" to it, the report."""


class UsbHeadset:
    """The headset chosen by `audio.device`. A headset without telephony buttons is one all the same."""

    def __init__(self, wanted: str, faults: Faults, *, asound: Path = cards.ASOUND, hidraw: Path = cards.HIDRAW,
                 dev: Path = Path("/dev"), events: Callable[[], socket.socket | None] = open_socket,
                 open_node: Callable[[Path], int] = open_node) -> None:
        self._wanted = wanted
        self._faults = faults
        self._places = (asound, hidraw, dev)
        self._open_events = events
        self._open_node = open_node
        self._fixed = cards.always_there(wanted)
        self._host = Host()
        self._talk: Conversation | None = None
        self._fd = -1
        self._node = ""
        self._card: cards.Card | None = None
        self._known: tuple[bool, str] | None = None
        self._look_at: float | None = 0.0
        self._orders: deque[Callable[[float], list[Out]]] = deque()
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="headset", daemon=True)
        self.trace: deque[Trace] = deque(maxlen=TRACE)

    def start(self, post: Post) -> None:
        """Begin to watch; posts HeadsetChanged with what is there now."""
        self._post = post
        self._thread.start()

    def off_hook(self, id: int) -> None:
        """Open the radio link; posts HeadsetReady(id) once acknowledged, or HeadsetFailed(id)."""
        self._order(lambda now: self._off_hook(id, now))

    def on_hook(self) -> None:
        """Close it."""
        def order(now: float) -> list[Out]:
            self._host.off_hook = False
            return self._talk.on_hook(now) if self._talk else []

        self._order(order)

    def show_mute(self, on: bool) -> None:
        """Mute lamp of the headset."""
        def order(now: float) -> list[Out]:
            if self._talk:
                return self._talk.mute(on, now)
            self._host.muted = on
            return []

        self._order(order)

    def show_ring(self, on: bool) -> None:
        """Ring indication of the headset."""
        def order(now: float) -> list[Out]:
            self._host.ring = on
            return self._talk.ring(on, now) if self._talk else []

        self._order(order)

    def close(self) -> None:
        """Let go of the device, its lights off."""
        self._closing = True
        self._poke()
        if self._thread.is_alive():
            self._thread.join(3.0)

    def _order(self, order: Callable[[float], list[Out]]) -> None:
        self._orders.append(order)
        self._poke()

    def _poke(self) -> None:
        try:
            os.write(self._write, b"x")
        except BlockingIOError:
            pass  # the pipe is full of reasons to wake up

    def _run(self) -> None:
        events = self._open_events()
        while not self._closing:
            try:
                if self._look_at is not None and time.monotonic() >= self._look_at:
                    self._look_at = None if events is not None else time.monotonic() + RETRY
                    self._look()
                self._turn(events)
            except Exception as error:
                log.exception("the headset's thread stumbled")
                self._leave()
                self._faults.tell(PART, f"the headset's buttons cannot be used: {error}")
                self._card, self._look_at = None, time.monotonic() + RETRY
        if self._talk is not None:
            self._do(self._talk.end())
        self._leave()
        if events is not None:
            events.close()

    def _turn(self, events: socket.socket | None) -> None:
        due = [t for t in (self._look_at, self._talk.deadline() if self._talk else None) if t is not None]
        wait = None if not due else max(0.0, min(due) - time.monotonic())
        sources: list[int | socket.socket] = [self._read, *([events] if events else []), *([self._fd] if self._fd >= 0 else [])]
        ready = select.select(sources, [], [], wait)[0]
        if self._read in ready:
            os.read(self._read, 4096)
        if events is not None and events in ready and concerns_headsets(events):
            self._look_at = time.monotonic() + SETTLE
        if self._fd in ready:
            self._listen()
        while self._orders:
            self._do(self._orders.popleft()(time.monotonic()))
        if self._talk is not None:
            self._do(self._talk.tick(time.monotonic()))

    def _listen(self) -> None:
        try:
            report = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            report = b""
        if not report:
            self._gone()
            return
        self.trace.append((time.monotonic(), "<", report))
        if self._talk is not None:
            self._do(self._talk.report(report, time.monotonic()))

    def _do(self, out: list[Out]) -> None:
        reached = True
        for one in out:
            if isinstance(one, bytes):
                reached = self._send(one) and reached
            elif isinstance(one, HeadsetReady) and not reached:
                self._post(HeadsetFailed(one.id, "pulled out"))
            else:
                self._post(one)

    def _send(self, report: bytes) -> bool:
        """Whether it arrived; what is sent after a device is lost matters to nobody."""
        if self._fd < 0:
            return False
        self.trace.append((time.monotonic(), ">", report))
        try:
            os.write(self._fd, report)
        except OSError:
            self._gone()
            return False
        return True

    def _off_hook(self, id: int, now: float) -> list[Out]:
        if self._talk is not None:
            return self._talk.off_hook(id, now)
        self._host.off_hook = True
        return [HeadsetReady(id) if self._known and self._known[0] else HeadsetFailed(id, "no headset")]

    def _look(self) -> None:
        """What is plugged in now."""
        asound, hidraw, _ = self._places
        there = cards.cards(asound)
        card = cards.choose(self._wanted, there)
        nodes = cards.hid_nodes(hidraw)
        # Stands for a card that is none, so that a telephone beside it is used.
        node = cards.partner(card or cards.Card(-1, "", ""), nodes) if card or self._fixed else None
        if card != self._card or (node.node if node else "") != self._node:
            self._leave()
            self._card = card
            self._faults.tell(PART)
            if node is not None:
                self._meet(node)
        self._tell(card is not None or self._fixed, card.name if card else self._wanted if self._fixed else "")

    def _meet(self, node: cards.HidNode) -> None:
        """Begin the conversation with its buttons, if it has any."""
        path = self._places[2] / node.node
        try:
            controls = Controls(node.descriptor)
            if not controls.telephone:
                return
            self._fd = self._open_node(path)
        except DescriptorError as error:
            self._faults.tell(PART, f"the headset's buttons cannot be used: {error}")
            return
        except OSError as error:
            self._faults.tell(PART, f"the headset's buttons cannot be used: {path}: {error.strerror}")
            self._look_at = time.monotonic() + RETRY
            return
        self._node = node.node
        self._faults.tell(PART)
        self._talk = Conversation(controls, quirk(node.vendor, node.product), self._host)
        self._do(self._talk.begin(time.monotonic()))

    def _gone(self) -> None:
        """It does not answer any more; the kernel will say what is left."""
        self._leave()
        self._look_at = time.monotonic()

    def _leave(self) -> None:
        talk, self._talk, self._node = self._talk, None, ""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
        if talk is not None and not self._closing:
            self._do(talk.lost())

    def _tell(self, present: bool, name: str) -> None:
        if (present, name) != self._known:
            self._known = (present, name)
            event: AnyEvent = HeadsetChanged(present, name)
            self._post(event)
