# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware's drivers alone, running in the guest (guest/parts.py), and what they post."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Self

from PIL import Image

from tests.vm.channel import PATIENCE, Agent, Process

Event = dict[str, Any]


class Parts:
    """Some drivers in a process of the guest. Use as a context manager."""

    def __init__(self, guest: Agent, *names: str) -> None:
        """Of "keys", "lamps", "display", "headset=CARD"; "keys=3x4" and "display=sh1106" are others."""
        self._guest, self._names = guest, names
        self.process: Process

    def __enter__(self) -> Self:
        self.process = self._guest.start("python3", "/vm/guest/parts.py", *self._names)
        self.process.until('"Ready"')
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._guest.run("kill", str(self.process.pid), check=False)
            self.process.wait()
        finally:
            self.process.kill(9)

    def __getattr__(self, part: str) -> Part:
        return Part(self.process, part)

    def events(self, since: int = 0) -> list[Event]:
        """What was posted, and its time, from a `mark` on."""
        rows = self.process.said[since:].splitlines()
        return [json.loads(row) for row in rows if row.startswith('{"event"')]

    def mark(self) -> int:
        """A place in what is posted: now."""
        return len(self.process.said)

    def wait(self, since: int, *kinds: str, timeout: float = PATIENCE) -> list[Event]:
        """Until these events have come since a mark, in this order, others between them or not; returns all."""
        end = time.monotonic() + timeout
        while True:
            found = self.events(since)
            rest = iter(one["event"] for one in found)
            if all(kind in rest for kind in kinds):
                return found
            assert time.monotonic() < end, f"{kinds} did not come, but:\n{self.process.said[since:]}"
            time.sleep(0.02)


class Part:
    """One driver; its methods are called in the guest."""

    def __init__(self, process: Process, name: str) -> None:
        self._process, self._name = process, name

    def __call__(self, call: str, *words: Any) -> None:
        """Call a method; pictures are taken along."""
        values = [{"frame": base64.b64encode(word.tobytes()).decode()} if isinstance(word, Image.Image) else word
                  for word in words]
        self._process.say(json.dumps({"part": self._name, "call": call, "words": values}))
