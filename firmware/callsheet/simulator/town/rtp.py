# SPDX-License-Identifier: GPL-3.0-or-later
"""RTP packets, what a receiver makes of them, and RFC 4733 events (RFC 3550 §5.1, RFC 4733 §2.3)."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field

from callsheet.simulator.town.g711 import DECODE, decode

HEADER = struct.Struct("!BBHII")
EVENT = struct.Struct("!BBH")
DIGITS = "0123456789*#ABCD"
HEARD_PACKETS = 100
"""Packets kept for the search of the dominant frequency: 2 s."""
VOICE_PEAK = 330
"""A sample above this (40 dB under full scale) is sound, not a silent line."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    def encode(self) -> bytes:
        """The bytes on the wire."""
        second = self.payload_type | (0x80 if self.marker else 0)
        head = HEADER.pack(0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc)
        return head + self.payload


def parse_packet(data: bytes) -> Packet | None:
    """None if it is not RTP version 2."""
    if len(data) < HEADER.size or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    start, end = HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        end -= data[-1]
    if start > end:
        return None
    return Packet(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[start:end])


def event_payloads(digit: str, packets: int = 5) -> list[tuple[bytes, bool]]:
    """(payload, first) of one key of `packets` × 20 ms, the end sent three times. ValueError: no such key."""
    code = DIGITS.index(digit.upper())
    steps = [(EVENT.pack(code, 10, 160 * (n + 1)), n == 0) for n in range(packets)]
    return steps + [(EVENT.pack(code, 0x80 | 10, 160 * packets), False)] * 3


@dataclass(slots=True)
class Receiver:
    """Counts and listens."""

    received: int = 0
    foreign: int = 0
    """Not RTP, or of a payload type nobody agreed to."""
    digits: str = ""
    codec: str = ""
    first: float | None = None
    """Time of the first audio packet since `listen_from`, seconds on the loop's clock."""
    first_voice: float | None = None
    """The same for the first that is not silence."""
    last: float | None = None
    heard: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HEARD_PACKETS))
    _expected: int = 0
    _ssrc: int | None = None
    _base: int = 0
    _highest: int = 0
    _event_stamp: int | None = None

    def listen_from_now(self) -> None:
        """The call is answered: what was heard before does not count as heard."""
        self.first = self.first_voice = None
        self.heard.clear()

    def take(self, packet: Packet, codecs: dict[int, str], events: int | None, now: float) -> str:
        """Count a packet; returns the key if one has just begun to be pressed."""
        codec = codecs.get(packet.payload_type, "")
        if not codec and packet.payload_type != events:
            self.foreign += 1
            return ""
        self._count(packet)
        self.last = now
        if packet.payload_type == events:
            return self._event(packet)
        self.codec = codec
        if self.first is None:
            self.first = now
        if self.first_voice is None:
            table = DECODE[codec]
            if any(abs(table[code]) > VOICE_PEAK for code in packet.payload):
                self.first_voice = now
        self.heard.append((codec, packet.payload))
        return ""

    @property
    def lost(self) -> int:
        """Packets that never came (RFC 3550 §A.3); duplicates lower it."""
        current = self._highest - self._base + 1 if self._ssrc is not None else 0
        return max(0, self._expected + current - self.received)

    def samples(self) -> list[int]:
        """The last two seconds heard."""
        return [sample for codec, payload in self.heard for sample in decode(payload, codec)]

    def _count(self, packet: Packet) -> None:
        if packet.ssrc != self._ssrc:
            # A new source starts a new count of sequence numbers (RFC 3550 §8.2).
            if self._ssrc is not None:
                self._expected += self._highest - self._base + 1
            self._ssrc, self._base, self._highest = packet.ssrc, packet.sequence, packet.sequence
        else:
            ahead = (packet.sequence - self._highest) & 0xFFFF
            if ahead < 0x8000:
                self._highest += ahead
        self.received += 1

    def _event(self, packet: Packet) -> str:
        if len(packet.payload) < EVENT.size or packet.timestamp == self._event_stamp:
            return ""
        self._event_stamp = packet.timestamp
        code = packet.payload[0]
        if code >= len(DIGITS):
            return ""
        self.digits += DIGITS[code]
        return DIGITS[code]
