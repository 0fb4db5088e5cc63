# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones in the agent's ear, made by the stack's generator from frequencies and times."""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

import pjsua2 as pj

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.stack import CLOCK_RATE
from callsheet.core.effects import Sound as SoundName

Name = SoundName | Literal["ring-back"]
PATIENCE = 3.0
"""Seconds a tone waits for the sound device to be opened; one that comes later only startles."""
_LEVELS = {"off": 0, "low": 2600, "normal": 8200}
"""Peak of each frequency, of 32767: about -22 and -12 dBFS."""


class Beep(NamedTuple):
    """One or two frequencies in Hz, on and off times in ms."""

    frequency: int
    second: int
    on: int
    off: int


TONES: dict[Name, tuple[Beep, ...]] = {
    # A zip tone: the short burst by which call distributors announce a call.
    "placed": (Beep(440, 480, 150, 0),),
    "answered": (Beep(880, 0, 120, 0),),
    "warning": (Beep(660, 0, 100, 80), Beep(660, 0, 100, 0)),
    "error": (Beep(330, 0, 200, 60), Beep(262, 0, 350, 0)),
    "end-of-sheet": (Beep(523, 0, 140, 20), Beep(659, 0, 140, 20), Beep(784, 0, 280, 0)),
    "key": (Beep(1600, 0, 25, 0),),
    "ringing": (Beep(587, 740, 400, 200), Beep(587, 740, 400, 2000)),
    # ITU-T E.180 recommends 425 Hz, 1 s in 5.
    "ring-back": (Beep(425, 0, 1000, 4000),),
}


class Tones:
    """Two generators: one for single tones, one for the tone that goes on until it is stopped."""

    def __init__(self, level: Literal["off", "low", "normal"]) -> None:
        self._volume = _LEVELS[level]
        self._single = self._generator()
        self._loop = self._generator()
        self._ear: pj.AudioMedia | None = None
        self._waiting: tuple[Name, float] | None = None
        self._looping: Name | None = None

    def connect(self, ear: pj.AudioMedia | None) -> None:
        """Where tones go from now on; None: they wait."""
        self._ear = ear
        if ear is None:
            self._single.stop()
            self._loop.stop()
            return
        self._single.startTransmit(ear)
        self._loop.startTransmit(ear)
        if self._looping:
            self._start(self._loop, self._looping, loop=True)
        if self._waiting and time.monotonic() - self._waiting[1] < PATIENCE:
            self._start(self._single, self._waiting[0], loop=False)
        self._waiting = None

    def play(self, name: Name) -> None:
        """Play once; a newer tone cuts an older one short."""
        if self._ear is None:
            self._waiting = (name, time.monotonic())
        else:
            self._start(self._single, name, loop=False)

    def loop(self, name: Name) -> None:
        """Play until `stop`."""
        if self._looping != name:
            self._looping = name
            if self._ear is not None:
                self._start(self._loop, name, loop=True)

    def stop(self, name: Name | None = None) -> None:
        """End the looping tone, or only if it is the one named."""
        if self._looping is not None and name in (None, self._looping):
            self._looping = None
            self._loop.stop()

    def free(self) -> None:
        """Give the generators back, before the stack goes."""
        self.connect(None)
        lowlevel.release(self._single, self._loop)

    def _generator(self) -> pj.ToneGenerator:
        generator = pj.ToneGenerator()
        generator.createToneGenerator(CLOCK_RATE, 1)
        return generator

    def _start(self, generator: pj.ToneGenerator, name: Name, loop: bool) -> None:
        generator.stop()
        if not self._volume:
            return
        tones = pj.ToneDescVector()
        for beep in TONES[name]:
            tone = pj.ToneDesc()
            tone.freq1, tone.freq2, tone.on_msec, tone.off_msec = beep
            tone.volume = self._volume
            tones.append(tone)
        generator.play(tones, loop)
