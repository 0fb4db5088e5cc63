# SPDX-License-Identifier: GPL-3.0-or-later
"""Client transactions (RFC 3261 §17.1, RFC 6026 §8.4)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from callsheet.simulator.town.message import Headers, Request, Response
from callsheet.simulator.town.transport import Flow, via_value

if TYPE_CHECKING:
    from callsheet.simulator.town.transaction import TransactionLayer


class ClientTransaction:
    """One request of ours until its last response."""

    def __init__(
        self,
        layer: TransactionLayer,
        request: Request,
        flow: Flow,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
        branch: str = "",
    ) -> None:
        self.request = request
        self.state = "calling"
        self._layer = layer
        self._flow = flow
        self._on_response = on_response
        self._on_timeout = on_timeout
        self._timers: list[asyncio.TimerHandle] = []
        self._cancel_wanted = False
        branch = branch or f"z9hG4bK{secrets.token_hex(10)}"
        self.key = (branch, request.method)
        fields = [
            ("Via", via_value(flow, branch)),
            *((k, v) for k, v in request.headers if k.lower() != "via"),
        ]
        request.headers = Headers(fields)

    @property
    def is_invite(self) -> bool:
        """INVITE transactions send the ACK to failing responses themselves."""
        return self.request.method == "INVITE"

    def start(self) -> None:
        """Send, and retransmit over UDP (timers A and E) until 64 × T1 (B and F)."""
        self._data = self.request.encode()
        self._flow.send(self._data)
        t1 = self._layer.timers.t1
        if not self._flow.reliable:
            self._timers.append(self._layer.later(t1, self._retransmit, t1))
        self._timers.append(self._layer.later(64 * t1, self._timeout))

    def cancel(self) -> None:
        """CANCEL an INVITE; held back until a provisional response came (§9.1)."""
        self._cancel_wanted = True
        if self.state == "proceeding":
            self._send_cancel()

    def receive(self, response: Response) -> None:
        """A response with our branch."""
        if response.status < 200:
            if self.state == "calling":
                self.state = "proceeding"
                if self.is_invite:
                    self._stop_timers()
                if self._cancel_wanted:
                    self._send_cancel()
            if self.state == "proceeding":
                self._on_response(response)
            return
        if self.is_invite and response.status >= 300:
            self._acknowledge(response)
        first = self.state in ("calling", "proceeding")
        if first:
            self._stop_timers()
            self.state = "completed"
            # Timers D, K and M: long enough to meet retransmitted responses.
            wait = 64 * self._layer.timers.t1 if self.is_invite else self._layer.timers.t4
            self._timers.append(self._layer.later(wait, self._finish))
        if first or (self.is_invite and response.status < 300):
            self._on_response(response)

    def _retransmit(self, interval: float) -> None:
        self._flow.send(self._data)
        longer = 2 * interval if self.is_invite else min(2 * interval, self._layer.timers.t2)
        self._timers.append(self._layer.later(longer, self._retransmit, longer))

    def _timeout(self) -> None:
        self._finish()
        self._on_timeout()

    def _send_cancel(self) -> None:
        self._cancel_wanted = False
        cancel = self._same_transaction("CANCEL")
        self._layer.request(cancel, self._flow, lambda _: None, lambda: None, self.key[0])

    def _acknowledge(self, response: Response) -> None:
        ack = self._same_transaction("ACK")
        ack.headers.set("To", response.headers.get("To"))
        self._flow.send(ack.encode())

    def _same_transaction(self, method: str) -> Request:
        """CANCEL and the ACK to a failure carry the INVITE's Via, Route and numbers (§9.1, §17.1.1.3)."""
        source = self.request.headers
        headers = Headers([("Via", source.get("Via")), ("Max-Forwards", "70")])
        for name in ("From", "To", "Call-ID"):
            headers.add(name, source.get(name))
        headers.add("CSeq", f"{self.request.cseq[0]} {method}")
        for route in source.all("Route"):
            headers.add("Route", route)
        return Request(headers, b"", method, self.request.uri)

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _finish(self) -> None:
        self._stop_timers()
        self.state = "terminated"
        self._layer.forget_client(self.key)
