# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognises a network's tones in early media, where many carriers say what they never put into a code.

Frequencies and cadences: special information tone of ITU-T E.180 (and of North
America, whose pitches differ a little); busy, congestion and ring-back of China
(450 Hz), of most of Europe (425 Hz) and of North America (two frequencies).
Pure: samples in, names out. All times are in blocks of 20 ms.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from operator import mul
from typing import Literal, NamedTuple

Tone = Literal["sit", "busy", "congestion", "ring-back"]

RATE = 8000
"""Samples per second that are analysed; telephone tones end below 2 kHz."""
BLOCK = 160
"""Samples of one decision: 20 ms, which resolves 50 Hz."""
_MS = 1000 * BLOCK // RATE

_QUIET = 150.0
"""RMS below which a block is silence: -47 dBFS."""
_PAUSE = 0.1
"""On a noisy line a block is silence as well if it is so much weaker than the tone before it."""
_PURE = 0.6
"""Share of a block's energy that must lie in one class of frequencies."""
_BORDER = 2
"""Blocks; what lies between two tones for no longer is the border of both."""

Kind = Literal["silence", "low", "sit-1", "sit-2", "sit-3", "other"]
# Frequencies 50 Hz apart are orthogonal over 20 ms, so the shares of a class add up: a tone
# between two of them, or the beat of 440 with 480 Hz, is all there.
_CLASSES: dict[Kind, tuple[int, ...]] = {
    "low": (400, 450, 500, 600, 650),
    "sit-1": (900, 950, 1000),
    "sit-2": (1350, 1400, 1450),
    "sit-3": (1750, 1800, 1850),
}


def _wave(frequency: int, phase: float) -> tuple[float, ...]:
    return tuple(math.cos(2 * math.pi * frequency * i / RATE + phase) for i in range(BLOCK))


_WAVES = {kind: tuple(_wave(f, phase) for f in frequencies for phase in (0.0, math.pi / 2))
          for kind, frequencies in _CLASSES.items()}


class _Run(NamedTuple):
    """So many blocks of the same kind after each other."""

    kind: Kind
    length: int


def classify(block: Sequence[float], energy: float) -> Kind:
    """What a block of `BLOCK` samples with this sum of squares sounds like, if it is not silent."""
    # A sine of amplitude a has energy a² N / 2 and a spectral line of a N / 2.
    whole = BLOCK * energy / 2
    for kind, waves in _WAVES.items():
        if sum(sum(map(mul, block, wave)) ** 2 for wave in waves) > _PURE * whole:
            return kind
    return "other"


class ToneDetector:
    """Takes a call's early media as it comes in; tells each tone once."""

    def __init__(self, rate: int = RATE) -> None:
        """`rate`: of the samples to come, a multiple of 8000 Hz. Raises ValueError if it is not."""
        if rate % RATE or not rate:
            raise ValueError(f"sample rate {rate} is no multiple of {RATE}")
        self._factor = rate // RATE
        self._rest = array("h")
        self._kind: Kind = "silence"
        self._length = 0
        self._loud = 0.0
        """Energy of the tone heard last."""
        self._runs: deque[_Run] = deque(maxlen=8)
        self._told: set[Tone] = set()

    def feed(self, samples: Iterable[int]) -> list[Tone]:
        """Tones that were recognised with these samples, in order."""
        self._rest.extend(samples)
        size = BLOCK * self._factor
        found: list[Tone] = []
        whole = len(self._rest) // size * size
        for begin in range(0, whole, size):
            self._step(self._kind_of(self._reduced(begin, begin + size)))
            found += [tone for tone in self._judge() if tone not in self._told]
            self._told.update(found)
        del self._rest[:whole]
        return found

    def _reduced(self, begin: int, end: int) -> Sequence[float]:
        """A block at 8 kHz; neighbours are averaged, which is enough of a low-pass for tones."""
        if self._factor == 1:
            return self._rest[begin:end]
        parts = [self._rest[begin + i:end:self._factor] for i in range(self._factor)]
        return [sum(group) / self._factor for group in zip(*parts, strict=True)]

    def _kind_of(self, block: Sequence[float]) -> Kind:
        energy = sum(map(mul, block, block))
        if energy < max(_QUIET * _QUIET * BLOCK, self._loud * _PAUSE * _PAUSE):
            return "silence"
        kind = classify(block, energy)
        if kind != "other":
            self._loud = energy
        return kind

    def _step(self, kind: Kind) -> None:
        """Lengthen the present run, or begin another."""
        if kind == self._kind:
            self._length += 1
            return
        ended = _Run(self._kind, self._length)
        self._kind, self._length = kind, 1
        if ended.length > _BORDER:
            self._runs.append(ended)
        elif self._runs and self._runs[-1].kind == kind:
            # Only a click: the run before it goes on.
            self._length += self._runs.pop().length + ended.length

    def _judge(self) -> list[Tone]:
        found: list[Tone] = []
        if self._special():
            found.append("sit")
        if self._kind == "low" and self._length == _BORDER + 1:
            cadence = self._cadence()
            if cadence:
                found.append(cadence)
        if self._ringing():
            found.append("ring-back")
        return found

    def _special(self) -> bool:
        """950, 1400 and 1800 Hz after each other, 330 ±70 ms each, hardly any silence between."""
        if self._kind != "sit-3" or not 180 <= self._length * _MS <= 460:
            return False
        steps = [run for run in self._runs if run.kind != "silence" or run.length * _MS > 120][-2:]
        return [run.kind for run in steps] == ["sit-1", "sit-2"] and \
            all(180 <= run.length * _MS <= 460 for run in steps)

    def _cadence(self) -> Tone | None:
        """Two equal periods of tone and silence, and a third begins."""
        last = list(self._runs)[-4:]
        if [run.kind for run in last] != ["low", "silence", "low", "silence"]:
            return None
        times = [run.length * _MS for run in last]
        middle = sum(times) / 4
        # A block at a border may be counted for neither, hence the absolute allowance.
        if any(abs(time - middle) > 0.15 * middle + 2 * _MS for time in times):
            return None
        if not 180 <= middle <= 800:
            return None
        # China: busy 350/350, congestion 700/700. Elsewhere: busy 500/500, congestion 250/250.
        return "busy" if 300 <= middle <= 600 else "congestion"

    def _ringing(self) -> bool:
        """A long tone and a longer silence: 1 s in 5 (China, Europe), 2 s in 6 (North America)."""
        if self._kind != "silence" or self._length * _MS < 1800 or not self._runs:
            return False
        last = self._runs[-1]
        return last.kind == "low" and 700 <= last.length * _MS <= 2600
