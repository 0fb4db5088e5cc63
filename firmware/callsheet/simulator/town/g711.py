# SPDX-License-Identifier: GPL-3.0-or-later
"""G.711 µ-law and A-law (ITU-T G.711), by table."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

RATE = 8000
"""Samples a second."""
FRAME = 160
"""Samples in 20 ms."""


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def _alaw_value(code: int) -> int:
    code ^= 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = step + 8 if segment == 0 else (step + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


DECODE: dict[str, tuple[int, ...]] = {
    "PCMU": tuple(_ulaw_value(code) for code in range(256)),
    "PCMA": tuple(_alaw_value(code) for code in range(256)),
}
"""16-bit value of each code."""


@cache
def _encoder(codec: str) -> bytes:
    """Code nearest to each 16-bit value in steps of 8, which is finer than either law's smallest step."""
    levels = sorted((value, code) for code, value in enumerate(DECODE[codec]))
    table, index = bytearray(8192), 0
    for slot in range(8192):
        value = (slot - 4096) * 8
        while index + 1 < len(levels) and abs(levels[index + 1][0] - value) <= abs(levels[index][0] - value):
            index += 1
        table[slot] = levels[index][1]
    return bytes(table)


def encode(samples: Iterable[int], codec: str) -> bytes:
    """16-bit samples to "PCMU" or "PCMA"."""
    table = _encoder(codec)
    return bytes(table[(max(-32768, min(32763, sample)) + 4 >> 3) + 4096] for sample in samples)


def decode(data: bytes, codec: str) -> list[int]:
    """From "PCMU" or "PCMA" to 16-bit samples."""
    table = DECODE[codec]
    return [table[code] for code in data]
