# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting connections off from outside.

Time-outs of sockets begin anew with every byte, so that a server that drips can
hold a thread for ever. Shutting the socket down ends a blocked call on it in any
thread; the file descriptor itself stays with its owner.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Cutoff:
    """The sockets of one client, and the two reasons to cut them: time is up, or nobody wants the answer."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.expired = False
        self.aborted = False
        self.connected = False

    def watch(self, sock: socket.socket) -> Callable[[], None]:
        """Take charge of a new connection; what is returned lets go of it again.

        Raises OSError if it must not be made any more.
        """
        with self._guard:
            if self.expired or self.aborted:
                raise ConnectionAbortedError("cut off")
            # A copy of the descriptor: TLS moves the original into another object.
            copy = sock.dup()
            self._sockets.append(copy)
            self.connected = True
        return lambda: self._forget(copy)

    def dial(self, host: str, port: int, seconds: float) -> tuple[socket.socket, Callable[[], None]]:
        """A new connection, watched, and how to let go of it. Raises OSError."""
        sock = socket.create_connection((host, port), seconds)
        try:
            return sock, self.watch(sock)
        except OSError:
            sock.close()
            raise

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut everything off unless the block is left in that time; `expired` tells afterwards."""
        self.expired = False
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def abort(self) -> None:
        """Cut everything off, for good."""
        with self._guard:
            self.aborted = True
            self._cut()

    def release(self) -> None:
        """Let go of all connections."""
        with self._guard:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def _forget(self, copy: socket.socket) -> None:
        with self._guard:
            copy.close()
            if copy in self._sockets:
                self._sockets.remove(copy)

    def _expire(self) -> None:
        with self._guard:
            self.expired = True
            self._cut()

    def _cut(self) -> None:
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
