# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds made and judged by frequency."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RATE = 16000
Samples = npt.NDArray[np.int16]


class Window(NamedTuple):
    """A tenth of a second or so of a recording."""

    start: float
    rms: float
    amplitudes: dict[int, float]


def tone(frequencies: tuple[float, ...], seconds: float, rate: int = RATE, amplitude: float = 8000) -> Samples:
    """Samples of frequencies sounding together, `amplitude` each."""
    time = np.arange(int(seconds * rate)) / rate
    waves = [amplitude * np.sin(2 * np.pi * frequency * time) for frequency in frequencies]
    return np.sum(waves, axis=0).astype(np.int16)


def silence(seconds: float, rate: int = RATE) -> Samples:
    """Nothing."""
    return np.zeros(int(seconds * rate), np.int16)


def joined(*parts: Samples) -> Samples:
    """One after the other."""
    return np.concatenate(parts)


def write_wav(file: Path, samples: Samples, rate: int = RATE, channels: int = 1) -> Path:
    """16 bit; the same in all channels."""
    with wave.open(str(file), "wb") as output:
        output.setnchannels(channels)
        output.setsampwidth(2)
        output.setframerate(rate)
        output.writeframes(np.repeat(samples.astype("<i2"), channels).tobytes())
    return file


def read_wav(file: Path) -> tuple[Samples, int]:
    """Samples of the first channel, and rate; also of a file whose header was not brought up to date."""
    with wave.open(str(file), "rb") as source:
        rate, channels = source.getframerate(), source.getnchannels()
    data = file.read_bytes()[44:]
    return np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], np.int16)[::channels], rate


def amplitude(samples: Samples, rate: int, frequency: float) -> float:
    """Amplitude of one frequency."""
    turns = np.exp(-2j * np.pi * frequency / rate * np.arange(len(samples)))
    return float(2 / len(samples) * abs(np.dot(samples, turns)))


def windows(file: Path, frequencies: tuple[int, ...], seconds: float = 0.1) -> list[Window]:
    """A recording, cut into windows."""
    samples, rate = read_wav(file)
    size = int(rate * seconds)
    return [
        Window(begin / rate, float(np.sqrt(np.mean(samples[begin:begin + size].astype(float) ** 2))),
               {f: amplitude(samples[begin:begin + size], rate, f) for f in frequencies})
        for begin in range(0, len(samples) - size + 1, size)
    ]


def seconds_of(file: Path, wanted: int, other: int = 0, *, level: float = 1000) -> float:
    """How long the wanted frequency sounds in a recording, clearly above another."""
    frequencies = (wanted, other) if other else (wanted,)
    return sum(0.1 for w in windows(file, frequencies)
               if w.amplitudes[wanted] > level and (not other or w.amplitudes[wanted] > 4 * w.amplitudes[other]))


def alaw(samples: Samples) -> bytes:
    """G.711 A-law (ITU-T G.711 table 1a), for samples at 8 kHz."""
    scaled = samples.astype(np.int32) >> 3
    magnitude = np.where(scaled < 0, -scaled - 1, scaled)
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    code = (exponent << 4) | ((magnitude >> np.maximum(exponent, 1)) & 0x0F)
    return (np.where(scaled >= 0, code | 0x80, code) ^ 0x55).astype(np.uint8).tobytes()
