# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's sound by itself, without account or call: for the self-test."""

from __future__ import annotations

import time
from typing import Self

from callsheet.adapters.sip.sound import Sound
from callsheet.adapters.sip.stack import Stack
from callsheet.adapters.sip.tones import Tones
from callsheet.core.effects import Sound as SoundName
from callsheet.formats.settings import AudioSettings, SipSettings

_FULL = 255.0


class SoundCheck:
    """Use as a context manager, on one thread; it owns the SIP stack meanwhile."""

    def __init__(self, audio: AudioSettings) -> None:
        self._audio = audio

    def __enter__(self) -> Self:
        self._stack = Stack(SipSettings(register=False), 0)
        self._sound = Sound(self._stack.endpoint, self._audio)
        self._tones = Tones("normal")
        return self

    def __exit__(self, *_: object) -> None:
        self._tones.connect(None)
        self._sound.close()
        self._tones.free()
        self._stack.close()

    def open(self) -> float:
        """Open the device; returns the seconds it took. Raises SoundError."""
        began = time.monotonic()
        self._sound.open()
        took = time.monotonic() - began
        self._tones.connect(self._sound.ear)
        return took

    def play(self, sound: SoundName, seconds: float) -> None:
        """A tone in the ear piece, for so long."""
        self._tones.loop(sound)
        self._run(seconds)
        self._tones.stop()

    def hear(self, seconds: float) -> float:
        """The loudest the microphone was, 0 to 1; it is heard in the ear piece meanwhile."""
        microphone, ear = self._sound.microphone, self._sound.ear
        if microphone is None or ear is None:
            return 0.0
        microphone.startTransmit(ear)
        loudest = 0.0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._stack.run(0.05)
            # Transmitted: from the device's port into the bridge.
            loudest = max(loudest, microphone.getTxLevel() / _FULL)
        microphone.stopTransmit(ear)
        return loudest

    def _run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._stack.run(0.05)
