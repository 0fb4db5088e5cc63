# SPDX-License-Identifier: GPL-3.0-or-later
"""What callees and the network sound like: tones by segments, and a voice-like pattern.

Special information tone: ITU-T E.180/Q.35 §5 (950, 1400, 1800 Hz, 330 ms each). Chinese tones
450 Hz: busy 350/350 ms, ring-back 1000/4000, congestion 700/700; US busy 480+620 Hz 500/500,
ring-back 440+480 Hz 2000/4000 (ITU-T E.180 Supplement 2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from callsheet.simulator.town.g711 import FRAME, RATE, encode

LEVEL = 8000
"""Amplitude of a tone, about 12 dB below full scale."""
VOICE_LEVEL = 10000

Segments = tuple[tuple[tuple[int, ...], int], ...]
"""((frequencies in Hz, duration in ms), …); no frequency is silence."""

SIT: Segments = (((950,), 330), ((1400,), 330), ((1800,), 330), ((), 1010))

CADENCES: dict[str, Segments] = {
    "silence": (((), 1000),),
    "sit": SIT,
    "cn-busy": (((450,), 350), ((), 350)),
    "cn-congestion": (((450,), 700), ((), 700)),
    "cn-ring-back": (((450,), 1000), ((), 4000)),
    "us-busy": (((480, 620), 500), ((), 500)),
    "us-ring-back": (((440, 480), 2000), ((), 4000)),
}

VOICES = ("voice", "tone", "announcement")
"""Sounds that take the callee's own frequency."""

SOUNDS = (*CADENCES, *VOICES)


def cadence(segments: Segments) -> list[int]:
    """Samples of the segments, each starting at phase 0."""
    samples: list[int] = []
    for frequencies, milliseconds in segments:
        level = LEVEL / max(1, len(frequencies))
        steps = [2 * math.pi * hz / RATE for hz in frequencies]
        for n in range(milliseconds * RATE // 1000):
            samples.append(round(sum(level * math.sin(step * n) for step in steps)))
    return samples


def tone(hz: int) -> list[int]:
    """One second of a steady tone; whole hertz, so that it repeats without a click."""
    step = 2 * math.pi * hz / RATE
    return [round(LEVEL * math.sin(step * n)) for n in range(RATE)]


def voice(hz: int) -> list[int]:
    """Four syllables a second: a fundamental with two weaker overtones under a swelling level.

    As long as it takes to repeat without a click: half a second for an even number of hertz, else one.
    """
    step, samples = 2 * math.pi * hz / RATE, []
    for n in range(RATE if hz % 2 else RATE // 2):
        phase = (n * 4 / RATE) % 1.0
        swell = math.sin(math.pi * phase / 0.8) if phase < 0.8 else 0.0
        wave = math.sin(step * n) + 0.3 * math.sin(2 * step * n) + 0.15 * math.sin(3 * step * n)
        samples.append(round(VOICE_LEVEL * swell * wave / 1.3))
    return samples


def announcement(hz: int) -> list[int]:
    """Special information tone, then two seconds of voice (four of an odd frequency)."""
    return cadence(SIT) + voice(hz) * 4


_MADE: dict[str, Callable[[int], list[int]]] = {"voice": voice, "tone": tone, "announcement": announcement}


@lru_cache(maxsize=64)
def frames(sound: str, hz: int, codec: str) -> tuple[bytes, ...]:
    """The sound as 20 ms payloads, to be repeated; raises KeyError for an unknown sound."""
    samples = _MADE[sound](hz) if sound in _MADE else cadence(CADENCES[sound])
    samples += [0] * (-len(samples) % FRAME)
    coded = encode(samples, codec)
    return tuple(coded[at : at + FRAME] for at in range(0, len(coded), FRAME))
