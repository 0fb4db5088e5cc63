# SPDX-License-Identifier: GPL-3.0-or-later
"""Offer and answer (RFC 3264) and the stream they steer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from callsheet.simulator.town.log import RtpReport
from callsheet.simulator.town.media import Media
from callsheet.simulator.town.sdp import Agreed, agree, answer, offer, parse_sdp
from callsheet.simulator.town.tones import frames


class Audio:
    """The audio of one dialog; the ports are bound when a description is first needed."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        codecs: tuple[str, ...],
        on_digit: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._host = host
        self._codecs = codecs
        self._on_digit = on_digit
        self._session = secrets.randbits(31)
        self._version = 0
        self.media: Media | None = None
        self.held = False
        """We keep the phone on hold."""

    @property
    def agreed(self) -> Agreed | None:
        """What is in force."""
        return self.media.agreed if self.media else None

    def open(self) -> Media:
        """Bind the ports. Raises OSError if there are none."""
        if self.media is None:
            self.media = Media(self._loop, self._host, self._on_digit)
        return self.media

    def prepare(self, sound: str, hz: int) -> None:
        """Work a sound out before it is needed."""
        frames(sound, hz, self.agreed.codec if self.agreed else self._codecs[0])

    def answer(self, body: bytes) -> bytes:
        """Answer an offer and follow it. Raises SdpError."""
        media = self.open()
        self._version += 1
        session = (self._session, self._version)
        described, agreed = answer(body, self._host, media.port, self._codecs, session, self.held)
        media.tune(agreed)
        return described

    def offer(self, codecs: tuple[str, ...] = ()) -> bytes:
        """An offer, the codec in use first; on hold if we hold."""
        media = self.open()
        self._version += 1
        direction = "sendonly" if self.held else "sendrecv"
        used = self.agreed.codec if self.agreed else ""
        order = codecs or tuple(sorted(self._codecs, key=lambda codec: codec != used))
        return offer(self._host, media.port, order, (self._session, self._version), direction)

    def accept(self, body: bytes) -> None:
        """Follow the answer to our offer. Raises SdpError."""
        self.open().tune(agree(parse_sdp(body), self._codecs)[1])

    def report(self, acked: float | None, spoken: int) -> RtpReport | None:
        """Counts so far, but for the dominant frequency; `acked` is the loop's time of the ACK."""
        if self.media is None:
            return None
        # What lies in the socket came before the end, whatever the event loop looked at first.
        self.media.drain()
        heard = self.media.receiver
        report = RtpReport(
            heard.received, self.media.sent, heard.lost, heard.foreign, heard.codec, spoken_hz=spoken
        )
        if acked is not None:
            if heard.first is not None:
                report.first_ms = round(1000 * (heard.first - acked), 1)
            if heard.first_voice is not None:
                report.first_voice_ms = round(1000 * (heard.first_voice - acked), 1)
        return report

    def close(self) -> None:
        """Let go of the ports."""
        if self.media:
            self.media.close()
