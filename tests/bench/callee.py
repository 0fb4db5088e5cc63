# SPDX-License-Identifier: GPL-3.0-or-later
"""A callee and registrar of one's own: plain sockets, and the kernel's word on when each packet came in.

It is deliberately less than the town: what it adds to a measurement is one
system call. Times are the wall clock in seconds, because that is what the kernel
stamps packets with (SO_TIMESTAMPNS, socket(7)).
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from callsheet.simulator.town.g711 import DECODE
from tests.bench.sip import Message, parse, reply

SO_TIMESTAMPNS = 35
_RTP_HEADER = 12
_VOICE = 500
"""Mean of absolute 16-bit values from which a packet holds the agent's tone; silence is below 10."""
_PCMU = DECODE["PCMU"]


class Times(Struct):
    """When things happened in one call, at the callee's sockets; 0: they did not."""

    id: str
    invite: float = 0.0
    answered: float = 0.0
    """The 200 OK was handed to the kernel."""
    ack: float = 0.0
    first_rtp: float = 0.0
    first_voice: float = 0.0
    bye: float = 0.0
    """We handed a BYE to the kernel, or theirs came in."""
    ended: float = 0.0
    """The BYE was answered."""


class _Call:
    """A call that is up."""

    def __init__(self, invite: Message, peer: tuple[str, int], times: Times) -> None:
        self.invite, self.peer, self.times = invite, peer, times
        self.tag = f"b{abs(hash(times.id)) % 10**8}"
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.setblocking(False)
        self.closing = False


class Callee:
    """Answers whoever calls. Use as a context manager; settings may be changed at any time."""

    def __init__(self, *, talk: float | None = None, codec: Literal["PCMU", "opus"] = "PCMU", echo: bool = False) -> None:
        """`talk`: seconds from the agent's first voice until the callee hangs up; None: never. `echo`: says what it hears."""
        self.talk, self.codec, self.echo = talk, codec, echo
        self.calls: list[Times] = []
        self.registrations: list[float] = []
        """When a REGISTER was accepted."""
        self.changed = threading.Condition()
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sip.bind(("127.0.0.1", 0))
        self._live: dict[str, _Call] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._sip, selectors.EVENT_READ, None)
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="callee", daemon=True)

    @property
    def address(self) -> str:
        """host:port."""
        host, port = self._sip.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Callee:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._sip.sendto(b"\r\n", self._sip.getsockname())
        self._thread.join(5)
        for call in tuple(self._live.values()):
            call.rtp.close()
        self._sip.close()
        self._selector.close()

    def wait(self, what: Callable[[], object], seconds: float) -> None:
        """Until `what` is true of this callee. Raises TimeoutError."""
        with self.changed:
            if not self.changed.wait_for(what, seconds):
                raise TimeoutError(f"{len(self.calls)} calls, {len(self.registrations)} registrations after {seconds:.0f} s")

    def ended(self) -> int:
        """How many calls are over."""
        return sum(1 for times in self.calls if times.ended)

    def _run(self) -> None:
        while not self._stop:
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, _ in self._selector.select(wait):
                if key.data is None:
                    self._on_sip()
                else:
                    self._on_rtp(key.data)
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), action))

    def _tell(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _on_sip(self) -> None:
        data, at, peer = _receive(self._sip)
        message = parse(data)
        if message is None:
            return
        match message.method:
            case "REGISTER":
                self._send(reply(message, 200, "OK", extra=[f"Contact: {message.first('contact')};expires=300"]), peer)
                self.registrations.append(time.time())
                self._tell()
            case "INVITE":
                self._on_invite(message, at, peer)
            case "ACK":
                self._on_ack(message, at)
            case "BYE":
                self._send(reply(message, 200, "OK"), peer)
                self._over(message.call_id, bye=at)
            case "OPTIONS" | "CANCEL":
                self._send(reply(message, 200, "OK"), peer)
            case "" if "BYE" in message.first("cseq"):
                self._over(message.call_id)

    def _on_invite(self, message: Message, at: float, peer: tuple[str, int]) -> None:
        if message.call_id in self._live:
            return
        times = Times(message.call_id, invite=at)
        call = self._live[message.call_id] = _Call(message, peer, times)
        self._selector.register(call.rtp, selectors.EVENT_READ, call)
        self._send(reply(message, 180, "Ringing", tag=call.tag), peer)
        host, port = self._sip.getsockname()
        kind, name = message.codec(self.codec)
        body = (f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
                f"m=audio {call.rtp.getsockname()[1]} RTP/AVP {kind}\r\na=rtpmap:{kind} {name}\r\na=ptime:20\r\n")
        answer = reply(message, 200, "OK", tag=call.tag, body=body,
                       extra=[f"Contact: <sip:{host}:{port}>", "Allow: INVITE, ACK, BYE, CANCEL"])
        times.answered = time.time()
        self._send(answer, peer)
        self.calls.append(times)
        self._tell()

    def _on_ack(self, message: Message, at: float) -> None:
        call = self._live.get(message.call_id)
        if call is not None and not call.times.ack:
            call.times.ack = at
            if call.times.first_voice:
                self._voice_heard(call)

    def _on_rtp(self, call: _Call) -> None:
        if call.rtp.fileno() < 0:
            return
        try:
            data, at, peer = _receive(call.rtp)
        except OSError:
            return
        times = call.times
        times.first_rtp = times.first_rtp or at
        if not times.first_voice and (self.codec != "PCMU" or _loud(data)):
            times.first_voice = at
            if times.ack:
                self._voice_heard(call)
        if self.echo:
            call.rtp.sendto(data, peer)

    def _voice_heard(self, call: _Call) -> None:
        if self.talk is not None:
            self._after(self.talk, lambda: self._hang_up(call))
        self._tell()

    def _hang_up(self, call: _Call) -> None:
        if call.closing or call.times.ended:
            return
        call.closing = True
        host, port = self._sip.getsockname()
        invite = call.invite
        contact = invite.first("contact").partition("<")[2].partition(">")[0]
        bye = (f"BYE {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{call.tag}\r\nMax-Forwards: 70\r\n"
               f"From: {invite.first('to')};tag={call.tag}\r\nTo: {invite.first('from')}\r\nCall-ID: {invite.call_id}\r\n"
               "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n").encode()
        call.times.bye = time.time()
        self._send(bye, call.peer)

    def _over(self, call_id: str, bye: float = 0.0) -> None:
        call = self._live.pop(call_id, None)
        if call is None:
            return
        call.times.bye = call.times.bye or bye
        call.times.ended = time.time()
        self._selector.unregister(call.rtp)
        call.rtp.close()
        self._tell()

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        self._sip.sendto(data, peer)


def _receive(source: socket.socket) -> tuple[bytes, float, tuple[str, int]]:
    """Datagram, the kernel's time of its arrival, and its sender."""
    data, ancillary, _, peer = source.recvmsg(65536, 64)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanos = struct.unpack("qq", value[:16])
            return data, seconds + nanos / 1e9, peer
    return data, time.time(), peer


def _loud(packet: bytes) -> bool:
    payload = packet[_RTP_HEADER:]
    return bool(payload) and sum(abs(_PCMU[code]) for code in payload) / len(payload) > _VOICE
