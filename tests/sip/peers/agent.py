# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the SIP adapter the way the main loop does, and remembers every event."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from callsheet.adapters.sip import PjSip
from callsheet.core.events import AnyEvent, RegistrationChanged
from callsheet.formats.settings import AudioSettings, SipSettings
from tests.sip.peers.process import LOOPBACK, free_port

E = TypeVar("E")


def settings(server: str, **changes: Any) -> SipSettings:
    """An account on loopback without registration, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "server": server, "user": "101", "password": "secret-101", "register": False,
        "local_address": LOOPBACK, "rtp_port": free_port(8), "codecs": ("PCMA", "PCMU"),
    }
    return SipSettings(**values | changes)


class Agent:
    """The adapter on this thread. Use as a context manager."""

    def __init__(self, sip: SipSettings, audio: AudioSettings | None = None) -> None:
        self.events: list[AnyEvent] = []
        self.sip = PjSip(sip, audio or AudioSettings(device="null"))

    def __enter__(self) -> Self:
        self.sip.start(self.events.append)
        return self

    def __exit__(self, *_: object) -> None:
        self.sip.close()

    def run(self, seconds: float) -> None:
        """Let things happen."""
        self.until(lambda: False, seconds)

    def until(self, done: Callable[[], object], seconds: float) -> bool:
        """Run until `done()`, at most `seconds`."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.sip.poll(min(left, 0.05))
        return True

    def wait(self, kind: type[E], seconds: float = 10.0, **fields: Any) -> E:
        """Run until an event of this kind with these fields is there; returns the first."""

        def found() -> E | None:
            return next((event for event in self.events if isinstance(event, kind)
                         and all(getattr(event, name) == value for name, value in fields.items())), None)

        if not self.until(found, seconds):
            raise AssertionError(f"no {kind.__name__} {fields} among {self.events}")
        event = found()
        assert event is not None
        return event

    def count(self, kind: type) -> int:
        """How many events of a kind there were."""
        return sum(isinstance(event, kind) for event in self.events)

    def registered(self) -> RegistrationChanged:
        """Run until registered."""
        return self.wait(RegistrationChanged, registered=True)


def file_sound(folder: Path, microphone: Path | None = None, **changes: Any) -> AudioSettings:
    """Sound from and to files in a folder; what the agent heard is in ear.wav."""
    return AudioSettings(device="file", microphone_file=str(microphone or ""), speaker_file=str(folder / "ear.wav"),
                         **{"tones": "off"} | changes)
