# SPDX-License-Identifier: GPL-3.0-or-later
"""One call's dialog with the phone: what callee and caller do alike once it exists."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from callsheet.simulator.town.audio import Audio
from callsheet.simulator.town.behaviours import Behaviour, own_hz
from callsheet.simulator.town.context import Context
from callsheet.simulator.town.dialog import ALLOW, Dialog
from callsheet.simulator.town.goertzel import dominant_in_idle_time
from callsheet.simulator.town.log import CallRecord
from callsheet.simulator.town.message import Request, Response
from callsheet.simulator.town.script import run_step
from callsheet.simulator.town.sdp import SdpError
from callsheet.simulator.town.transaction import ServerTransaction
from callsheet.simulator.town.transfer import transfer

SDP = "application/sdp"


class Leg:
    """From the INVITE to the "end" line in the ledger."""

    def __init__(self, context: Context, record: CallRecord, behaviour: Behaviour, host: str) -> None:
        self.context = context
        self.record = record
        self.behaviour = behaviour
        self.dialog: Dialog | None = None
        self.hz = behaviour.hz or own_hz(record.number)
        self.audio = Audio(context.loop, host, context.config.codecs, self._digit)
        self.vanished = False
        self.offering = False
        """A re-INVITE of ours is under way."""
        self.over = False
        self._began = context.loop.time()
        self._rang: float | None = None
        self._acked: float | None = None
        self._answered: float | None = None
        self._unacked: dict[int, tuple[asyncio.TimerHandle, asyncio.TimerHandle]] = {}
        self._late_answers: set[int] = set()
        self._timers: list[asyncio.TimerHandle] = []

    def close(self) -> None:
        """The town closes in the middle of it."""
        raise NotImplementedError

    # Time and notes

    def after(self, seconds: float, call: Callable[..., None], *args: object) -> None:
        """Do something later, unless the call is over by then."""
        self._timers.append(self.context.layer.later(seconds, call, *args))

    def note(self, event: str, **fields: object) -> None:
        """A line in the ledger about this call."""
        record = self.record
        self.context.ledger.write(
            event, call_id=record.call_id, number=record.number, attempt=record.attempt, **fields
        )

    def _digit(self, digit: str) -> None:
        self.record.dtmf += digit
        self.note("dtmf", digit=digit)

    # Accepting INVITEs

    def accept(self, request: Request, transaction: ServerTransaction, body: bytes) -> None:
        """200 to an INVITE, repeated until its ACK comes (RFC 3261 §13.3.1.4)."""
        response = self.ok(request, body)
        number = request.cseq[0]
        if not request.body:
            self._late_answers.add(number)
        transaction.respond(response)
        t1 = self.context.config.timers.t1
        layer = self.context.layer
        self._unacked[number] = (
            layer.later(t1, self._repeat_200, number, transaction, t1),
            layer.later(64 * t1, self._no_ack, number),
        )

    def ok(self, request: Request, body: bytes = b"") -> Response:
        """A 200 with what a dialog needs, and session timers left to the phone (RFC 4028 §9)."""
        assert self.dialog is not None
        response = request.reply(200, tag=self.dialog.local_tag)
        response.headers.add("Contact", self.dialog.contact)
        response.headers.add("Allow", ALLOW)
        response.headers.add("Supported", "timer")
        interval = request.headers.get("Session-Expires")
        if interval and "timer" in request.headers.all("Supported") and "refresher=uas" not in interval:
            response.headers.add("Require", "timer")
            response.headers.add("Session-Expires", f"{interval.partition(';')[0].strip()};refresher=uac")
        if body:
            response.headers.add("Content-Type", SDP)
            response.body = body
        return response

    def on_ack(self, request: Request) -> None:
        """ACK to a 2xx."""
        timers = self._unacked.pop(request.cseq[0], None)
        if timers is None:
            return
        for timer in timers:
            timer.cancel()
        if request.cseq[0] in self._late_answers:
            try:
                self.audio.accept(request.body)
            except SdpError as error:
                self.note("bad-answer", why=str(error))
                self.hang_up("town")
                return
        if self._acked is None:
            self.confirmed()

    def _repeat_200(self, number: int, transaction: ServerTransaction, interval: float) -> None:
        if not self.vanished:
            transaction.send_again()
        longer = min(2 * interval, self.context.config.timers.t2)
        end = self._unacked[number][1]
        again = self.context.layer.later(longer, self._repeat_200, number, transaction, longer)
        self._unacked[number] = (again, end)

    def _no_ack(self, number: int) -> None:
        self._unacked.pop(number)[0].cancel()
        self.note("no-ack")
        self.hang_up("town")

    # An answered call

    def answered(self) -> None:
        """The 200 has left or come: speak, and count what is heard from now on."""
        self._answered = self.context.loop.time()
        self.record.answered_at = time.time()
        self.record.rang_seconds = round(self._answered - (self._rang or self._answered), 3)
        self.record.code = 200
        media = self.audio.open()
        media.play(self.behaviour.voice, self.hz)
        media.receiver.listen_from_now()
        self.note("answered")

    def confirmed(self) -> None:
        """The ACK has come or gone: the callee's own plans begin."""
        self._acked = self.context.loop.time()
        self.record.acked_at = time.time()
        self.note("ack")
        for step in self.behaviour.script:
            self.after(step.after, run_step, self, step)
        self._watch_rtp(self._acked)

    def _watch_rtp(self, since: float) -> None:
        """Hang up on a phone that has fallen silent; one that is on hold, or holds, may be."""
        limit, now = self.context.config.timers.rtp_silence, self.context.loop.time()
        if not limit:
            return
        media, agreed = self.audio.media, self.audio.agreed
        if agreed and agreed.direction == "sendrecv":
            since = max(since, (media.receiver.last if media else None) or 0.0)
        else:
            since = now
        if now - since >= limit:
            self.note("rtp-silence", seconds=round(now - since, 1))
            self.hang_up("town")
        else:
            self.after(limit / 4, self._watch_rtp, since)

    # Requests within the dialog

    def handle(self, request: Request, transaction: ServerTransaction) -> None:
        """Any request with our tag but ACK and CANCEL."""
        if self.vanished or self.dialog is None:
            return
        if self.over:
            transaction.respond(request.reply(200 if request.method == "BYE" else 481))
        elif not self.dialog.in_order(request):
            transaction.respond(request.reply(500, "CSeq Out of Order"))
        elif request.method == "BYE":
            self._bye(request, transaction)
        elif request.method in ("INVITE", "UPDATE"):
            self._new_offer(request, transaction)
        elif request.method == "REFER":
            transfer(self, request, transaction)
        elif request.method in ("INFO", "OPTIONS", "NOTIFY"):
            self.note(request.method.lower())
            transaction.respond(self.ok(request))
        else:
            response = request.reply(405)
            response.headers.add("Allow", ALLOW)
            transaction.respond(response)

    def _bye(self, request: Request, transaction: ServerTransaction) -> None:
        self.note("bye", by="phone", reason=request.headers.all("Reason"))
        if self.behaviour.on_bye == "silent":
            self.vanished = True
        else:
            if self.behaviour.on_bye == "glare":
                self.send("BYE")
            transaction.respond(request.reply(200))
        self.finish("answered", "phone")

    def _new_offer(self, request: Request, transaction: ServerTransaction) -> None:
        invite = request.method == "INVITE"
        if self.offering or (invite and self._unacked):
            transaction.respond(request.reply(491))
            return
        try:
            if request.body:
                body = self.audio.answer(request.body)
            else:
                body = self.audio.offer() if invite else b""
        except SdpError:
            transaction.respond(request.reply(488))
            return
        assert self.dialog is not None
        self.dialog.retarget(request)
        agreed = self.audio.agreed
        self.note(
            "reinvite" if invite else "update", by="phone", direction=agreed.direction if agreed else ""
        )
        if invite:
            self.accept(request, transaction, body)
        else:
            transaction.respond(self.ok(request, body))

    # Requests of our own

    def send(self, method: str, body: bytes = b"", kind: str = SDP, **headers: str) -> None:
        """A request whose response does not matter; header names with `_` for `-`."""
        assert self.dialog is not None
        request = self.dialog.request(method)
        for name, value in headers.items():
            request.headers.add(name.replace("_", "-"), value)
        if body:
            request.headers.add("Content-Type", kind)
            request.body = body
        self.context.layer.request(
            request, self.dialog.way(), self._heard, lambda: self.note("timeout", method=method)
        )

    def _heard(self, response: Response) -> None:
        if response.status >= 300:
            self.note("response", method=response.cseq[1], status=response.status)

    def hang_up(self, by: str = "callee") -> None:
        """BYE."""
        if self.over or self.dialog is None:
            return
        self.note("bye", by=by)
        request = self.dialog.request("BYE")
        for reason in self.behaviour.reason:
            request.headers.add("Reason", reason)
        timeout = lambda: self.note("timeout", method="BYE")  # noqa: E731
        self.context.layer.request(request, self.dialog.way(), self._heard, timeout)
        self.finish("answered" if self._acked is not None else "unacknowledged", by)

    # The end

    def finish(self, result: str, by: str) -> None:
        """Close the record; the "end" line follows when what was heard has been looked through."""
        if self.over:
            return
        self.over = True
        loop, record = self.context.loop, self.record
        for timer in [*self._timers, *(t for pair in self._unacked.values() for t in pair)]:
            timer.cancel()
        self._timers.clear()
        self._unacked.clear()
        if self._answered is None:
            record.rang_seconds = round(loop.time() - self._rang, 3) if self._rang is not None else 0.0
        else:
            record.talk_seconds = round(loop.time() - self._answered, 3)
        record.ended_at = time.time()
        record.ended_by, record.rtp = by, self.audio.report(self._acked, self.hz)
        self.audio.close()
        self.context.layer.later(64 * self.context.config.timers.t1, self._forget)
        self.context.spawn(self._listen_through(result))

    async def _listen_through(self, result: str) -> None:
        media, report = self.audio.media, self.record.rtp
        try:
            if media and report and self._answered is not None:
                found = await dominant_in_idle_time(media.receiver.samples())
                if found:
                    report.dominant_hz, report.dominant_share = found.hz, round(found.share, 3)
        finally:
            self.record.result = result
            self.context.ledger.ended(self.record)

    def _forget(self) -> None:
        # Who has vanished stays so: a forgotten dialog would be answered with 481.
        if not self.vanished:
            tag = self.dialog.local_tag if self.dialog else ""
            self.context.legs.pop((self.record.call_id, tag), None)
