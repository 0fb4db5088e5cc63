# SPDX-License-Identifier: GPL-3.0-or-later
"""Server transactions and the table of all transactions (RFC 3261 §17.2, RFC 6026)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from callsheet.simulator.town.behaviours import Timers
from callsheet.simulator.town.client import ClientTransaction
from callsheet.simulator.town.message import Request, Response
from callsheet.simulator.town.transport import Flow, response_flow, stamp_via
from callsheet.simulator.town.uri import MessageError

COOKIE = "z9hG4bK"
Key = tuple[str, ...]


def server_key(request: Request) -> Key:
    """What makes two requests the same transaction (§17.2.3); ACK belongs to its INVITE."""
    via = request.via
    method = "INVITE" if request.method == "ACK" else request.method
    if via.branch.startswith(COOKIE):
        return via.branch, via.host, str(via.port or 5060), method
    return request.call_id, str(request.cseq[0]), request.sender.tag, via.host, method


class ServerTransaction:
    """One request and the responses to it."""

    def __init__(self, layer: TransactionLayer, key: Key, request: Request, flow: Flow) -> None:
        self.request = request
        self.flow = flow
        self.state = "proceeding"
        self.status = 0
        self._layer = layer
        self._key = key
        self._back = response_flow(request, flow)
        self._last = b""
        self._repeat: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    @property
    def is_invite(self) -> bool:
        """INVITE transactions wait for an ACK."""
        return self.request.method == "INVITE"

    def respond(self, response: Response) -> None:
        """Send a response; one after a final one is ignored."""
        if self.state != "proceeding":
            return
        self._last = response.encode()
        self.status = response.status
        self._back.send(self._last)
        if response.status < 200:
            return
        timers = self._layer.timers
        self.state = "accepted" if self.is_invite and response.status < 300 else "completed"
        if self.is_invite and response.status >= 300 and not self.flow.reliable:
            self._repeat = self._layer.later(timers.t1, self._retransmit, timers.t1)
        # Timers H, J and L: all 64 × T1; on a stream a non-INVITE needs no memory of its response.
        wait = 0.0 if self.flow.reliable and not self.is_invite else 64 * timers.t1
        self._end = self._layer.later(wait, self._finish)

    def send_again(self) -> None:
        """The last response once more (retransmitted request, or a duplicate on purpose)."""
        if self._last:
            self._back.send(self._last)

    def acknowledged(self) -> None:
        """ACK to a failing final response (timer I)."""
        if self.state == "completed" and self.is_invite:
            self.state = "confirmed"
            self._cancel_timers()
            self._end = self._layer.later(0.0 if self.flow.reliable else self._layer.timers.t4, self._finish)

    def _retransmit(self, interval: float) -> None:
        self._back.send(self._last)
        longer = min(2 * interval, self._layer.timers.t2)
        self._repeat = self._layer.later(longer, self._retransmit, longer)

    def _cancel_timers(self) -> None:
        for timer in (self._repeat, self._end):
            if timer:
                timer.cancel()

    def _finish(self) -> None:
        self._cancel_timers()
        self.state = "terminated"
        self._layer.forget(self._key)


class TransactionLayer:
    """Sorts messages to transactions, and new requests to `on_request`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timers: Timers,
        on_request: Callable[[Request, ServerTransaction], None],
        on_ack: Callable[[Request], None],
    ) -> None:
        self.timers = timers
        self._loop = loop
        self._on_request = on_request
        self._on_ack = on_ack
        self._servers: dict[Key, ServerTransaction] = {}
        self._clients: dict[tuple[str, str], ClientTransaction] = {}

    def later(self, delay: float, call: Callable[..., None], *args: object) -> asyncio.TimerHandle:
        """A timer on the town's loop."""
        return self._loop.call_later(delay, call, *args)

    def receive(self, message: Request | Response, flow: Flow) -> None:
        """One parsed message."""
        if isinstance(message, Response):
            self._response(message)
            return
        fault = message.fault()
        if fault:
            self._refuse(message, flow, fault)
            return
        key = server_key(message)
        stamp_via(message, flow)
        known = self._servers.get(key)
        if message.method == "ACK":
            if known and known.state != "accepted":
                known.acknowledged()
            else:
                self._on_ack(message)
        elif known:
            known.send_again()
        else:
            transaction = ServerTransaction(self, key, message, flow)
            self._servers[key] = transaction
            self._on_request(message, transaction)

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL means (§9.2)."""
        return self._servers.get((*server_key(cancel)[:-1], "INVITE"))

    def request(
        self,
        request: Request,
        flow: Flow,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
        branch: str = "",
    ) -> ClientTransaction:
        """Send a request of ours; `branch` only for a CANCEL, which borrows its INVITE's."""
        transaction = ClientTransaction(self, request, flow, on_response, on_timeout, branch)
        self._clients[transaction.key] = transaction
        transaction.start()
        return transaction

    def forget(self, key: Key) -> None:
        """A server transaction is over."""
        self._servers.pop(key, None)

    def forget_client(self, key: tuple[str, str]) -> None:
        """A client transaction is over."""
        self._clients.pop(key, None)

    def _response(self, response: Response) -> None:
        try:
            key = (response.via.branch, response.cseq[1])
            response.recipient  # noqa: B018 - raises if it is bad
        except MessageError:
            return
        transaction = self._clients.get(key)
        if transaction:
            transaction.receive(response)

    def _refuse(self, request: Request, flow: Flow, fault: str) -> None:
        # Stateless 400 (§8.2.6.2): only where there is enough to address it.
        try:
            if request.method != "ACK":
                response_flow(request, flow).send(request.reply(400, f"Bad Request: {fault[:80]}").encode())
        except MessageError:
            pass
