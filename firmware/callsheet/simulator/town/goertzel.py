# SPDX-License-Identifier: GPL-3.0-or-later
"""The strongest frequency in a stretch of telephone audio, by Goertzel's algorithm.

(G. Goertzel, "An algorithm for the evaluation of finite trigonometric series", American
Mathematical Monthly 65, 1958.)
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from callsheet.simulator.town.g711 import RATE

LOWEST, HIGHEST = 200, 3400
COARSE_STEP = 20
BLOCK = 400
"""Samples of a coarse look: 50 ms, whose main lobe is as wide as COARSE_STEP is coarse."""
BLOCKS = 3
FINE = 1600
"""Samples of the fine look: 200 ms."""
SILENCE_RMS = 50.0
"""Below this (56 dB under full scale) there is nothing to speak of."""


@dataclass(frozen=True, slots=True)
class Dominant:
    """The strongest frequency."""

    hz: float
    share: float
    """Part of the stretch's energy that lies in it: 1 for a pure tone."""


def power(samples: Sequence[float], hz: float) -> float:
    """Mean square of the component at `hz`: A²/2 for a sine of amplitude A."""
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    s1 = s2 = 0.0
    for sample in samples:
        s1, s2 = sample + turn * s1 - s2, s1
    return 2 * (s1 * s1 + s2 * s2 - turn * s1 * s2) / len(samples) ** 2


def mean_square(samples: Sequence[float]) -> float:
    """Energy per sample."""
    return sum(sample * sample for sample in samples) / len(samples)


def search(samples: Sequence[int]) -> Generator[None, None, Dominant | None]:
    """Yields between short steps of the work, so that an event loop can do it in its spare time.

    Returns None for silence or less than a coarse block.
    """
    starts = range(0, len(samples) - BLOCK + 1, BLOCK)
    energy = {start: mean_square(samples[start : start + BLOCK]) for start in starts}
    loudest = sorted(energy, key=lambda start: -energy[start])[:BLOCKS]
    if not loudest or energy[loudest[0]] < SILENCE_RMS**2:
        return None
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * n / BLOCK) for n in range(BLOCK)]
    blocks = [
        [sample * w for sample, w in zip(samples[at : at + BLOCK], hann, strict=True)] for at in loudest
    ]
    best, most = 0.0, -1.0
    for low in range(LOWEST, HIGHEST + 1, COARSE_STEP):
        strength = sum(power(block, low) for block in blocks)
        yield
        if strength > most:
            best, most = float(low), strength
    at = max(0, min(loudest[0], len(samples) - FINE))
    stretch = samples[at : at + FINE]
    for step in (4.0, 1.0):
        around = [best + step * n for n in range(-6, 7)]
        strengths = []
        for hz in around:
            strengths.append(power(stretch, hz))
            yield
        best = around[strengths.index(max(strengths))]
    return Dominant(best, min(1.0, power(stretch, best) / mean_square(stretch)))


async def dominant_in_idle_time(samples: Sequence[int]) -> Dominant | None:
    """The search, a step of some 0.1 ms for each turn of the event loop."""
    work = search(samples)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Dominant | None = done.value
            return found
        await asyncio.sleep(0)


def dominant(samples: Sequence[int]) -> Dominant | None:
    """The whole search at once: about 20 ms of one desktop core."""
    work = search(samples)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Dominant | None = done.value
            return found
