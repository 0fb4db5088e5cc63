# SPDX-License-Identifier: GPL-3.0-or-later
"""A network between phone and server that can be cut or can stall after so many bytes."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

NEAR, FAR = "127.0.0.2", "127.0.0.1"
"""The server is at FAR; phones reach it at NEAR, on the same ports, as through NAT."""
Way = Literal["up", "down"]


@dataclass
class Fault:
    """What befalls a connection that has carried so many bytes one way."""

    way: Way
    after: int
    cut: bool


class Proxy:
    """Passes the ports on, one connection for one."""

    def __init__(self, *ports: int) -> None:
        self.carried = {"up": 0, "down": 0}
        """Bytes in all."""
        self.fault: Fault | None = None
        self.befell = 0
        """Connections that a fault has met."""
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._healed = threading.Event()
        self._listeners = [socket.create_server((NEAR, port)) for port in ports]
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self, way: Way, after: int) -> None:
        """Every connection breaks after that many bytes."""
        self._healed.clear()
        self.fault = Fault(way, after, cut=True)

    def stall(self, way: Way, after: int) -> None:
        """Every connection stops carrying anything either way after that many bytes."""
        self._healed.clear()
        self.fault = Fault(way, after, cut=False)

    def heal(self) -> None:
        """New connections are well; those that stalled end."""
        self.fault = None
        self._healed.set()

    def close(self) -> None:
        self.heal()
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._guard:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((FAR, port))
            except OSError:
                near.close()
                continue
            with self._guard:
                self._open |= {near, far}
            _Link(self, near, far).start()

    def forget(self, *socks: socket.socket) -> None:
        with self._guard:
            self._open -= set(socks)
        for sock in socks:
            sock.close()

    def count(self, way: Way, number: int) -> None:
        with self._guard:
            self.carried[way] += number

    def wait(self) -> None:
        self._healed.wait(60)


class _Link:
    """One connection and its other half."""

    def __init__(self, home: Proxy, near: socket.socket, far: socket.socket) -> None:
        self._home, self._near, self._far = home, near, far
        self._carried = {"up": 0, "down": 0}
        self._stalled = threading.Event()
        self._ended = threading.Barrier(2, action=lambda: home.forget(near, far))

    def start(self) -> None:
        for way, source, sink in (("up", self._near, self._far), ("down", self._far, self._near)):
            threading.Thread(target=self._pump, args=(way, source, sink), daemon=True).start()

    def _pump(self, way: Way, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(8192):
                if not self._carry(way, sink, data):
                    break
        except OSError:
            pass
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with suppress(threading.BrokenBarrierError):
            self._ended.wait()

    def _carry(self, way: Way, sink: socket.socket, data: bytes) -> bool:
        fault = self._home.fault
        if fault and (self._stalled.is_set() or (fault.way == way and self._carried[way] + len(data) > fault.after)):
            self._home.befell += 1
            if fault.cut:
                self._break()
            else:
                self._stalled.set()
                self._home.wait()
                self._break()
            return False
        sink.sendall(data)
        self._carried[way] += len(data)
        self._home.count(way, len(data))
        return True

    def _break(self) -> None:
        """As if somebody had pulled the plug and both sides had noticed: a reset, not an end."""
        for sock in (self._near, self._far):
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
