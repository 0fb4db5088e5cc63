# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's voice: a tone in a WAV file."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

PITCH = 1000
PEAK = 10000


def tone(path: Path, rate: int, seconds: int, channels: int = 1) -> Path:
    """A sine wave of 1 kHz at -10 dBFS, 16 bit."""
    period = [round(PEAK * math.sin(2 * math.pi * PITCH * i / rate)) for i in range(rate // PITCH) for _ in range(channels)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(period)}h", *period) * (PITCH * seconds))
    return path
