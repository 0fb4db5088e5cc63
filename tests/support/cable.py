# SPDX-License-Identifier: GPL-3.0-or-later
"""A serial cable made of a pseudo-terminal: one end for a console, the other for a hand that types."""

from __future__ import annotations

import os
import re
import select
import threading
import time
import tty
from contextlib import suppress
from typing import Self

PATIENCE = 90.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")


class Cable:
    """Both ends. Use as a context manager."""

    def __init__(self) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        self.port = os.ttyname(self._far)
        self.seen = ""
        """All that came so far, without what only steers a terminal."""
        self._raw = b""
        self._looked = 0

    def type(self, text: str | bytes) -> None:
        """Press keys; a long text is sent as fast as it is taken."""
        data = text.encode() if isinstance(text, str) else text
        os.set_blocking(self._near, False)
        end = time.monotonic() + PATIENCE
        while data:
            reading, writing, _ = select.select([self._near], [self._near], [], 1.0)
            if reading:
                self._read()
            if writing:
                with suppress(BlockingIOError):
                    data = data[os.write(self._near, data[:4096]):]
                    end = time.monotonic() + PATIENCE
            assert time.monotonic() < end, "nobody takes what is typed"

    def until(self, text: str, patience: float = PATIENCE) -> str:
        """Wait for a text that was not waited for before; returns what came up to its end."""
        end = time.monotonic() + patience
        while True:
            found = self.seen.find(text, self._looked)
            if found >= 0:
                came = self.seen[self._looked : found + len(text)]
                self._looked = found + len(text)
                return came
            left = end - time.monotonic()
            assert left > 0, f"{text!r} did not come; this did:\n{self.seen[self._looked:][-1500:]}"
            if select.select([self._near], [], [], left)[0]:
                self._read()

    def quiet(self, seconds: float = 0.3) -> str:
        """What comes until nothing comes for so long."""
        start = self._looked
        while select.select([self._near], [], [], seconds)[0]:
            self._read()
        self._looked = len(self.seen)
        return self.seen[start:]

    def _read(self) -> None:
        self._raw += os.read(self._near, 65536)
        self.seen = _ESCAPES.sub("", self._raw.decode("utf-8", "replace")).replace("\r", "")

    def unplug(self) -> None:
        """Pull the near end out: the far end hangs up."""
        if self._near >= 0:
            os.close(self._near)
            self._near = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._far)


class Bridge:
    """A cable between two programs: what one writes to its port, the other reads from its own."""

    def __init__(self) -> None:
        self._ends = [os.openpty() for _ in range(2)]
        for _, far in self._ends:
            tty.setraw(far)
        self.ports = tuple(os.ttyname(far) for _, far in self._ends)
        self._ended = threading.Event()
        self._pumps = [threading.Thread(target=self._pump, args=(a[0], b[0]), daemon=True)
                       for a, b in (self._ends, self._ends[::-1])]
        for pump in self._pumps:
            pump.start()

    def _pump(self, source: int, target: int) -> None:
        while not self._ended.is_set():
            if select.select([source], [], [], 0.1)[0]:
                with suppress(OSError):
                    os.write(target, os.read(source, 1024))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for pump in self._pumps:
            pump.join()
        for near, far in self._ends:
            os.close(near)
            os.close(far)
