# SPDX-License-Identifier: GPL-3.0-or-later
"""A callee: from the phone's INVITE to a final response, by behaviour."""

from __future__ import annotations

import time

from callsheet.simulator.town.behaviours import Behaviour, chance, draw
from callsheet.simulator.town.context import Context
from callsheet.simulator.town.dialog import Dialog, contact, new_tag
from callsheet.simulator.town.leg import SDP, Leg
from callsheet.simulator.town.log import CallRecord
from callsheet.simulator.town.message import Request
from callsheet.simulator.town.sdp import SdpError
from callsheet.simulator.town.transaction import ServerTransaction


class Callee(Leg):
    """One INVITE of the phone."""

    def __init__(
        self,
        context: Context,
        record: CallRecord,
        behaviour: Behaviour,
        request: Request,
        transaction: ServerTransaction,
    ) -> None:
        """Raises MessageError if the request's Contact is unusable."""
        super().__init__(context, record, behaviour, transaction.flow.local[0])
        own = contact(record.number, transaction.flow)
        self.dialog: Dialog = Dialog.of_callee(request, new_tag(), transaction.flow, own)
        self._request = request
        self._transaction = transaction
        self._sdp: bytes | None = None
        self._ignored_acks = 0
        self._chance = chance(context.config.seed, record.number, record.attempt)

    @property
    def invite_key(self) -> tuple[str, int, str]:
        """As invite_key of its INVITE."""
        return invite_key(self._request)

    def begin(self) -> None:
        """The INVITE is here."""
        behaviour = self.behaviour
        if behaviour.trying:
            self._transaction.respond(self._request.reply(100))
        self.after(self.context.config.timers.longest_ring, self._nobody_cancels)
        # A delay of 0 must not wait for a turn of the loop: "at once" is measured by others.
        delay = draw(behaviour.delay, self._chance)
        if delay:
            self.after(delay, self._ring)
        else:
            self._ring()

    def cancelled(self, cancel: Request, transaction: ServerTransaction) -> None:
        """CANCEL (RFC 3261 §9.2)."""
        self.note("cancel", reason=cancel.headers.all("Reason"))
        mode = self.behaviour.on_cancel if self._alive else "ignore"
        if mode == "silent":
            return
        if mode == "answer":
            self._answer()
        transaction.respond(cancel.reply(200, tag=self.dialog.local_tag))
        if mode == "487":
            self._fail(487, "cancelled", "phone")

    def close(self) -> None:
        """The town closes in the middle of it."""
        if self._alive:
            self._fail(503, "town-closed", "town")
        elif not self.over:
            self.hang_up("town")

    @property
    def _alive(self) -> bool:
        return not self.over and self._transaction.status < 200

    def _ring(self) -> None:
        behaviour = self.behaviour
        self._rang = self.context.loop.time()
        # Who would answer refuses a description he cannot follow before he rings.
        if behaviour.status < 300 and not self._describe():
            return
        if behaviour.early and self._request.body:
            if not self._early():
                return
        elif behaviour.ringing:
            response = self._request.reply(behaviour.ringing, tag=self.dialog.local_tag)
            response.headers.add("Contact", self.dialog.contact)
            self._transaction.respond(response)
            self.note("ringing", status=behaviour.ringing)
        if behaviour.status < 300:
            # Made now, a first frame costs the answered call no time.
            self.audio.prepare(behaviour.voice, self.hz)
        if isinstance(behaviour.ring, str):
            return
        seconds = draw(behaviour.ring, self._chance)
        if seconds:
            self.after(seconds, self._final)
        else:
            self._final()

    def _early(self) -> bool:
        if not self._describe():
            return False
        response = self._request.reply(183, tag=self.dialog.local_tag)
        response.headers.add("Contact", self.dialog.contact)
        response.headers.add("Content-Type", SDP)
        response.body = self._sdp or b""
        self._transaction.respond(response)
        self.audio.open().play(self.behaviour.early, self.hz)
        self.note("early-media", status=183, sound=self.behaviour.early)
        return True

    def _describe(self) -> bool:
        """Answer the phone's offer, once; without one make our own. False: no common codec, and 488 has gone."""
        if self._sdp is not None:
            return True
        try:
            self._sdp = self.audio.answer(self._request.body) if self._request.body else self.audio.offer()
        except SdpError as error:
            self.note("bad-offer", why=str(error))
            self._fail(488, "rejected", "callee")
            return False
        except OSError as error:
            self.note("no-ports", why=str(error))
            self._fail(503, "rejected", "town")
            return False
        return True

    def _final(self) -> None:
        if not self._alive:
            return
        if self.behaviour.status < 300:
            self._answer()
        else:
            self._fail(self.behaviour.status, "rejected", "callee")

    def _answer(self) -> None:
        if not self._describe():
            return
        self.accept(self._request, self._transaction, self._sdp or b"")
        self.answered()
        for _ in range(self.behaviour.copies_of_200):
            self._transaction.send_again()

    def on_ack(self, request: Request) -> None:
        """ACK; a deaf callee lets the first ones pass by."""
        if self.behaviour.deaf_to_acks > self._ignored_acks:
            self._ignored_acks += 1
            self.note("ack-ignored")
            return
        super().on_ack(request)

    def confirmed(self) -> None:
        """The ACK has come: now it is known when he will hang up."""
        super().confirmed()
        if self.behaviour.talk is not None:
            self.after(draw(self.behaviour.talk, self._chance), self.hang_up)

    def _forget(self) -> None:
        super()._forget()
        self.context.invites.pop(self.invite_key, None)

    def _fail(self, status: int, result: str, by: str) -> None:
        behaviour = self.behaviour
        own = status == behaviour.status
        response = self._request.reply(status, behaviour.phrase if own else "", self.dialog.local_tag)
        if own:
            for reason in behaviour.reason:
                response.headers.add("Reason", reason)
            for name, value in behaviour.headers.items():
                response.headers.add(name, value)
        self._transaction.respond(response)
        self.record.code = status
        self.note("final", status=status, phrase=response.phrase)
        self.finish(result, by)

    def _nobody_cancels(self) -> None:
        if not self._alive:
            return
        if self.behaviour.trying or self.behaviour.ringing:
            self._fail(480, "given-up", "town")
        else:
            self.finish("given-up", "town")


def invite_key(request: Request) -> tuple[str, int, str]:
    """What an INVITE shares with its CANCEL, and with itself come by another way (RFC 3261 §8.2.2.2, §9.1)."""
    return request.call_id, request.cseq[0], request.sender.tag


def new_record(request: Request, number: str, attempt: int, behaviour: str) -> CallRecord:
    """The record of a call to the town."""
    return CallRecord(
        call_id=request.call_id, number=number, attempt=attempt, behaviour=behaviour, at=time.time()
    )
