# SPDX-License-Identifier: GPL-3.0-or-later
"""A callee's ears and mouth: one RTP stream each way, paced at 20 ms."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import deque
from collections.abc import Callable

from callsheet.simulator.town.g711 import FRAME
from callsheet.simulator.town.rtp import Packet, Receiver, event_payloads, parse_packet
from callsheet.simulator.town.sdp import PAYLOAD, Agreed
from callsheet.simulator.town.tones import frames

TICK = 0.02
PAIR_TRIES = 64


def bind_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Sockets on an even port for RTP and the next one for RTCP (RFC 3550 §11). Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(PAIR_TRIES):
        rtp, rtcp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            rtp.bind((host, 0))
            port = rtp.getsockname()[1]
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                rtp.setblocking(False)
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()
    raise OSError(f"no free pair of UDP ports on {host}")


class Media:
    """Open from the first need of a port until `close`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, on_digit: Callable[[str], None]) -> None:
        self._loop = loop
        self._rtp, self._rtcp = bind_pair(host)
        self.host = host
        self.port: int = self._rtp.getsockname()[1]
        self.receiver = Receiver()
        self.sent = 0
        self.agreed: Agreed | None = None
        self._on_digit = on_digit
        self._codecs = {number: name for name, number in PAYLOAD.items()}
        self._sound, self._hz, self._position = "", 0, 0
        self._ssrc = secrets.randbits(32)
        self._sequence, self._timestamp = secrets.randbits(15), secrets.randbits(31)
        self._keys: deque[tuple[bytes, bool]] = deque()
        self._key_stamp = 0
        self._marker = True
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        loop.add_reader(self._rtp.fileno(), self.drain)

    def tune(self, agreed: Agreed) -> None:
        """Follow a new agreement: codec, address, direction."""
        self.agreed = agreed
        self._codecs = {agreed.payload: agreed.codec}
        self._begin()

    def play(self, sound: str, hz: int) -> None:
        """What to say from now on, repeated; before the first call of this, nothing is sent."""
        self._sound, self._hz, self._position = sound, hz, 0
        self._begin()

    def press(self, digits: str) -> None:
        """Send RFC 4733 keys in place of audio. ValueError: no such key."""
        for digit in digits:
            self._keys.extend(event_payloads(digit))

    def close(self) -> None:
        """Let go of the ports; the counts stay."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._loop.remove_reader(self._rtp.fileno())
        self._rtp.close()
        self._rtcp.close()

    def _begin(self) -> None:
        self._marker = True
        if self._timer is None and self._sound and self.agreed and self.agreed.sends:
            self._due = self._loop.time()
            self._tick()

    def drain(self) -> None:
        """Take in what has arrived."""
        now = self._loop.time()
        while True:
            try:
                data = self._rtp.recv(2048)
            except OSError:
                # Empty, or an ICMP error about a port that has gone; neither is worth more.
                return
            packet = parse_packet(data)
            if packet is None:
                self.receiver.foreign += 1
                continue
            events = self.agreed.events if self.agreed else None
            digit = self.receiver.take(packet, self._codecs, events, now)
            if digit:
                self._on_digit(digit)

    def _tick(self) -> None:
        agreed = self.agreed
        if agreed is None or not agreed.sends:
            self._timer = None
            return
        payload_type, payload = agreed.payload, b""
        if self._keys and agreed.events is not None:
            payload, first = self._keys.popleft()
            payload_type, self._marker = agreed.events, first
            if first:
                self._key_stamp = self._timestamp
        else:
            coded = frames(self._sound, self._hz, agreed.codec)
            payload = coded[self._position % len(coded)]
            self._position += 1
        stamp = self._key_stamp if payload_type == agreed.events else self._timestamp
        self._send(Packet(payload_type, self._marker, self._sequence, stamp, self._ssrc, payload), agreed)
        self._marker = False
        self._sequence += 1
        self._timestamp += FRAME
        self._due += TICK
        # After a stall (a suspended machine) go on from now; a burst would only overrun the listener.
        if self._loop.time() - self._due > 10 * TICK:
            self._due = self._loop.time()
        self._timer = self._loop.call_at(self._due, self._tick)

    def _send(self, packet: Packet, agreed: Agreed) -> None:
        try:
            self._rtp.sendto(packet.encode(), (agreed.host, agreed.port))
            self.sent += 1
        except OSError:
            # A full buffer or an unreachable address loses a packet, as networks do.
            pass
