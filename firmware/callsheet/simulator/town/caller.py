# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody in town rings the phone."""

from __future__ import annotations

import secrets
import time

from callsheet.simulator.town.behaviours import Behaviour
from callsheet.simulator.town.client import ClientTransaction
from callsheet.simulator.town.context import Context
from callsheet.simulator.town.dialog import ALLOW, Dialog, contact, new_tag, next_hop
from callsheet.simulator.town.leg import SDP, Leg
from callsheet.simulator.town.log import CallRecord
from callsheet.simulator.town.message import Headers, Request, Response
from callsheet.simulator.town.sdp import SdpError
from callsheet.simulator.town.transport import Flow
from callsheet.simulator.town.uri import MessageError, bracketed


class Caller(Leg):
    """One INVITE to a registered phone. `record` says how it goes; so do the ledger's events.

    Raises OSError if there are no ports for its audio.
    """

    def __init__(
        self,
        context: Context,
        target: str,
        user: str,
        number: str,
        name: str,
        flow: Flow,
        behaviour: Behaviour,
    ) -> None:
        record = CallRecord(
            call_id=f"{secrets.token_hex(10)}@town",
            number=number,
            direction="to-phone",
            at=time.time(),
            behaviour="caller",
        )
        way = next_hop(target, flow)
        super().__init__(context, record, behaviour, way.local[0])
        self.user = user
        self._way = way
        self._request = self._invite(target, user, number, name)
        self._transaction: ClientTransaction | None = None
        self._cancelled = False

    def begin(self) -> None:
        """Send the INVITE."""
        self.note("ring-phone", user=self.user)
        self._transaction = self.context.layer.request(
            self._request, self._way, self._response, self._timeout
        )

    def cancel(self) -> None:
        """Give up ringing: CANCEL; an answer that crosses it is hung up on."""
        if not self.over and self._transaction and self.record.answered_at is None:
            self._cancelled = True
            self.note("cancel", by="callee")
            self._transaction.cancel()

    def close(self) -> None:
        """The town closes in the middle of it."""
        if self.record.answered_at is not None:
            self.hang_up("town")
        else:
            self.cancel()
            self.finish("town-closed", "town")

    def _invite(self, target: str, user: str, number: str, name: str) -> Request:
        host = bracketed(self._way.local[0])
        display = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '" ' if name else ""
        headers = Headers([("Max-Forwards", "70")])
        headers.add("From", f"{display}<sip:{number}@{host}>;tag={new_tag()}")
        headers.add("To", f"<sip:{user}@{host}>")
        headers.add("Call-ID", self.record.call_id)
        headers.add("CSeq", f"{secrets.randbelow(1000) + 1} INVITE")
        headers.add("Contact", contact(number, self._way))
        headers.add("Allow", ALLOW)
        headers.add("Content-Type", SDP)
        return Request(headers, self.audio.offer(), "INVITE", target)

    def _response(self, response: Response) -> None:
        if response.status < 200:
            self._progress(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            self.record.code = response.status
            self.note("final", status=response.status, phrase=response.phrase)
            self.finish(
                "cancelled" if self._cancelled else "rejected", "callee" if self._cancelled else "phone"
            )

    def _progress(self, response: Response) -> None:
        if response.status > 100 and self._rang is None:
            self._rang = self.context.loop.time()
            self.note("ringing", status=response.status)

    def _accepted(self, response: Response) -> None:
        if self.dialog is not None:
            # A retransmitted 200 wants its ACK again (RFC 3261 §13.2.2.4).
            self.dialog.acknowledge(self._request.cseq[0])
            return
        try:
            self.dialog = Dialog.of_caller(self._request, response, self._way)
            self.audio.accept(response.body)
        except (MessageError, SdpError) as error:
            self.note("bad-answer", why=str(error))
            self.finish("rejected", "town")
            return
        self.context.legs.pop((self.record.call_id, ""), None)
        self.context.legs[self.record.call_id, self.dialog.local_tag] = self
        self.dialog.acknowledge(self._request.cseq[0])
        self.answered()
        self.confirmed()
        if self._cancelled or self.over:
            self.hang_up()

    def _timeout(self) -> None:
        self.note("timeout", method="INVITE")
        self.finish("given-up", "town")
