# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds made and judged by frequency."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path
from typing import NamedTuple

RATE = 16000


class Window(NamedTuple):
    """A quarter of a second or so of a recording."""

    start: float
    rms: float
    amplitudes: dict[int, float]


def tone(frequencies: tuple[float, ...], seconds: float, rate: int = RATE, amplitude: float = 8000) -> array.array:
    """Samples of frequencies sounding together, `amplitude` each."""
    return array.array("h", (
        int(sum(amplitude * math.sin(2 * math.pi * f * i / rate) for f in frequencies))
        for i in range(int(seconds * rate))))


def silence(seconds: float, rate: int = RATE) -> array.array:
    """Nothing."""
    return array.array("h", bytes(2 * int(seconds * rate)))


def write_wav(file: Path, samples: array.array, rate: int = RATE) -> Path:
    """16 bit, mono."""
    with wave.open(str(file), "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(rate)
        output.writeframes(samples.tobytes())
    return file


def read_wav(file: Path) -> tuple[array.array, int]:
    """Samples and rate; also of a file whose header was not brought up to date."""
    with wave.open(str(file), "rb") as source:
        rate = source.getframerate()
    data = file.read_bytes()[44:]
    return array.array("h", data[: len(data) // 2 * 2]), rate


def amplitude(samples: array.array, rate: int, frequency: float) -> float:
    """Amplitude of one frequency (Goertzel)."""
    coefficient = 2 * math.cos(2 * math.pi * frequency / rate)
    s1 = s2 = 0.0
    for sample in samples:
        s1, s2 = sample + coefficient * s1 - s2, s1
    return 2 / len(samples) * math.sqrt(max(0.0, s1 * s1 + s2 * s2 - coefficient * s1 * s2))


def windows(file: Path, frequencies: tuple[int, ...], seconds: float = 0.1) -> list[Window]:
    """A recording, cut into windows."""
    samples, rate = read_wav(file)
    size = int(rate * seconds)
    found = []
    for begin in range(0, len(samples) - size + 1, size):
        part = samples[begin:begin + size]
        rms = math.sqrt(sum(s * s for s in part) / size)
        found.append(Window(begin / rate, rms, {f: amplitude(part, rate, f) for f in frequencies}))
    return found


def seconds_of(file: Path, wanted: int, other: int = 0, *, level: float = 1000) -> float:
    """How long the wanted frequency sounds in a recording, clearly above another."""
    frequencies = (wanted, other) if other else (wanted,)
    return sum(0.1 for w in windows(file, frequencies)
               if w.amplitudes[wanted] > level and (not other or w.amplitudes[wanted] > 4 * w.amplitudes[other]))


def alaw(samples: array.array) -> bytes:
    """G.711 A-law (ITU-T G.711 table 1a), for samples at 8 kHz."""
    return bytes(_alaw(sample) for sample in samples)


def _alaw(sample: int) -> int:
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(abs(sample), 32635) >> 4
    if magnitude < 32:
        code = magnitude >> 1
    else:
        exponent = magnitude.bit_length() - 5
        code = (exponent << 4) | ((magnitude >> exponent) & 0x0F)
    return (sign | code) ^ 0x55
