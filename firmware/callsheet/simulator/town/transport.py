# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP and TCP under SIP (RFC 3261 §18, RFC 3581, RFC 5626 keep-alives)."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Protocol

from callsheet.simulator.town.message import Request, Response, frame, parse
from callsheet.simulator.town.uri import MessageError, bracketed

Address = tuple[str, int]
PORT_TRIES = 32


class Flow(Protocol):
    """A way to one peer."""

    protocol: str
    """"UDP" or "TCP"."""
    peer: Address
    local: Address

    @property
    def reliable(self) -> bool:
        """Whether the transport itself retransmits."""

    def send(self, data: bytes) -> None:
        """Send one message; a loss is the transactions' business."""

    def towards(self, peer: Address) -> Flow:
        """The same transport to another address (a connection stays the same)."""


Receive = Callable[[Request | Response, Flow], None]


def route_to(peer: Address, fallback: Address) -> Address:
    """Our own address as that peer sees it, when bound to all addresses."""
    if fallback[0] not in ("0.0.0.0", "::", ""):
        return fallback
    with socket.socket(socket.AF_INET6 if ":" in peer[0] else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(peer)
            return probe.getsockname()[0], fallback[1]
        except OSError:
            return fallback


class UdpFlow:
    """One address behind the town's UDP socket."""

    protocol = "UDP"
    reliable = False

    def __init__(self, owner: Transports, peer: Address) -> None:
        self._owner = owner
        self.peer = peer
        self.local = route_to(peer, owner.address)

    def send(self, data: bytes) -> None:
        """One datagram."""
        self._owner.send_datagram(data, self.peer)

    def towards(self, peer: Address) -> Flow:
        """The same socket, another address."""
        return self if peer == self.peer else UdpFlow(self._owner, peer)


class TcpFlow:
    """One connection."""

    protocol = "TCP"
    reliable = True

    def __init__(self, owner: Transports, writer: asyncio.StreamWriter) -> None:
        self._owner = owner
        self._writer = writer
        self.peer: Address = writer.get_extra_info("peername")[:2]
        self.local: Address = writer.get_extra_info("sockname")[:2]

    def send(self, data: bytes) -> None:
        """Along the connection, if it still stands."""
        if not self._writer.is_closing() and not self._owner.cut:
            self._writer.write(data)

    def towards(self, peer: Address) -> Flow:
        """The connection itself: the phone need not listen for others (RFC 5626)."""
        return self


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, owner: Transports) -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """From asyncio."""
        self._owner.datagram(data, (addr[0], addr[1]))


class Transports:
    """The town's listening sockets: UDP and TCP on the same port."""

    def __init__(self, receive: Receive, garbage: Callable[[str], None]) -> None:
        self._receive = receive
        self._garbage = garbage
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self.address: Address = ("", 0)
        self.cut = False
        """True: nothing comes in and nothing goes out."""

    async def start(self, host: str, port: int) -> Address:
        """Bind; port 0 finds one free for both. Raises OSError."""
        for tries in range(1 if port else PORT_TRIES):
            try:
                self._udp, self._tcp = await self._bind(host, port)
            except OSError as error:
                if port or error.errno != errno.EADDRINUSE or tries == PORT_TRIES - 1:
                    why = os.strerror(error.errno) if error.errno else str(error)
                    raise OSError(f"cannot listen on {bracketed(host)}:{port}: {why}") from error
                continue
            break
        assert self._udp is not None
        name = self._udp.get_extra_info("sockname")
        self.address = (name[0], name[1])
        return self.address

    async def _bind(self, host: str, port: int) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, port))
        try:
            tcp = await asyncio.start_server(self._stream, host, udp.get_extra_info("sockname")[1])
        except OSError:
            udp.close()
            raise
        return udp, tcp

    async def stop(self) -> None:
        """Close everything."""
        if self._udp:
            self._udp.close()
        if self._tcp:
            self._tcp.close()
        for writer in list(self._streams):
            writer.close()
        # Let the transports run their closing callbacks before the loop goes.
        await asyncio.sleep(0)

    def send_datagram(self, data: bytes, peer: Address) -> None:
        """Send over UDP; after `stop` it is lost."""
        if self._udp and not self._udp.is_closing() and not self.cut:
            self._udp.sendto(data, peer)

    def datagram(self, data: bytes, peer: Address) -> None:
        """One datagram came in."""
        # CRLF alone is a keep-alive (RFC 5626 §4.4.1); others send NULs.
        if data.strip(b"\r\n\0"):
            self._deliver(data, UdpFlow(self, peer))

    def _deliver(self, data: bytes, flow: Flow) -> None:
        if self.cut:
            return
        try:
            message = parse(data)
        except MessageError as error:
            self._garbage(str(error))
            return
        self._receive(message, flow)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        flow, buffer = TcpFlow(self, writer), b""
        try:
            while chunk := await reader.read(65536):
                buffer += chunk
                if buffer.startswith(b"\r\n\r\n") and not buffer.strip(b"\r\n"):
                    flow.send(b"\r\n")
                buffer = self._cut(buffer.lstrip(b"\r\n"), flow)
        except (ConnectionError, MessageError) as error:
            self._garbage(str(error))
        finally:
            self._streams.discard(writer)
            writer.close()

    def _cut(self, buffer: bytes, flow: Flow) -> bytes:
        while buffer:
            message, buffer = frame(buffer)
            if message is None:
                break
            self._deliver(message, flow)
            buffer = buffer.lstrip(b"\r\n")
        return buffer


def response_flow(request: Request, flow: Flow) -> Flow:
    """Where responses go: `rport` means the source address, else its host and the Via's port (RFC 3581 §4)."""
    via = request.via
    if flow.reliable or "rport" in via.params:
        return flow
    return flow.towards((flow.peer[0], via.port or 5060))


def stamp_via(request: Request, flow: Flow) -> None:
    """Write `received` and `rport` into the topmost Via (RFC 3261 §18.2.1, RFC 3581 §4)."""
    via, first = request.via, request.headers.all("Via")[0]
    parts = first.split(";")
    if "rport" in via.params:
        parts = [f"rport={flow.peer[1]}" if p.strip().lower().startswith("rport") else p for p in parts]
    if via.host != flow.peer[0] or "rport" in via.params:
        parts = [p for p in parts if not p.strip().lower().startswith("received=")]
        parts.append(f"received={flow.peer[0]}")
    request.headers.replace_first("Via", ";".join(parts))


def via_value(flow: Flow, branch: str) -> str:
    """A Via of ours."""
    return f"SIP/2.0/{flow.protocol} {bracketed(flow.local[0])}:{flow.local[1]};branch={branch};rport"
