# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls: what the phone wants of them, and what becomes of them, as events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pjsua2 as pj

from callsheet.adapters.sip import addresses, headers, lowlevel
from callsheet.adapters.sip.account import Account
from callsheet.adapters.sip.call import Handle, Line, media_only_audio
from callsheet.adapters.sip.ending import of_answered, of_unanswered
from callsheet.adapters.sip.facts import Arrived, MediaChanged, StateChanged, Transferring
from callsheet.adapters.sip.logs import log
from callsheet.adapters.sip.media import Media
from callsheet.adapters.sip.stack import Stack, explain
from callsheet.adapters.sip.timers import Timers
from callsheet.adapters.sip.tones import Tones
from callsheet.core.events import (
    AnyEvent,
    CallAnswered,
    CallEnded,
    CallIncoming,
    CallProgress,
    TransferProgress,
)
from callsheet.core.outcomes import CallEnd

TRYING_GRACE = 2.0
"""Seconds from INVITE to the first response during which a hang-up waits for one: without it no CANCEL
may be sent (RFC 3261 §9.1)."""
CANCEL_GRACE = 5.0
"""Seconds from CANCEL to the final response, which a server in order sends at once."""
_DIGIT_MS = 160
_TOO_MANY = 70010
"""PJ_ETOOMANY."""


class Calls:
    """All calls there are. Everything here runs on the owner thread."""

    def __init__(self, stack: Stack, media: Media, tones: Tones, timers: Timers,
                 report: Callable[[AnyEvent], None]) -> None:
        self._stack = stack
        self._media = media
        self._tones = tones
        self._timers = timers
        self._report = report
        self._lines: dict[int, Line] = {}
        self._spent: list[Line] = []

    @property
    def any(self) -> bool:
        """Whether a call is up or being placed, as far as the phone was told."""
        return any(not line.reported for line in self._lines.values())

    def dial(self, number: int, account: Account | None, uri: str, caller_id: str) -> None:
        """Send an INVITE; whatever hinders that is posted as the call's end."""
        if account is None:
            self._fail(number, "no SIP server is set")
            return
        handle = Handle(account, self._stack.inbox, number)
        param = pj.CallOpParam(True)
        media_only_audio(param.opt)
        for name in ("P-Preferred-Identity", "P-Asserted-Identity") if caller_id else ():
            header = pj.SipHeader()
            header.hName, header.hValue = name, f"<{caller_id}>"
            param.txOption.headers.append(header)
        line = Line(number, handle, incoming=False, began=time.monotonic())
        self._lines[number] = line
        try:
            handle.makeCall(uri, param)
        except pj.Error as error:
            self._drop(line)
            busy = error.status == _TOO_MANY
            self._fail(number, "all call slots of the SIP stack are taken" if busy else explain(error))

    def hang_up(self, number: int, code: int) -> None:
        """BYE, CANCEL or refusal, as the state demands."""
        line = self._lines.get(number)
        if line is None or line.reported or line.cancelling:
            return
        if not line.incoming and not line.answered and self._cancel(line):
            return
        if line.answered:
            line.ended_by = "near"
        line.cancelling = not line.answered
        param = pj.CallOpParam()
        param.statusCode = code if line.incoming and not line.answered else 0
        with contextlib.suppress(pj.Error):
            line.handle.hangup(param)

    def answer(self, number: int, code: int) -> None:
        """180 or 200 to an incoming call."""
        line = self._lines.get(number)
        if line is None or not line.incoming or line.answered:
            return
        param = pj.CallOpParam(True)
        media_only_audio(param.opt)
        param.statusCode = code
        with contextlib.suppress(pj.Error):
            line.handle.answer(param)

    def hold(self, number: int, on: bool) -> None:
        """Re-INVITE with sendonly, or with sendrecv."""
        line = self._established(number)
        if line is None:
            return
        param = pj.CallOpParam(True)
        media_only_audio(param.opt)
        try:
            if on:
                line.handle.setHold(param)
            else:
                param.opt.flag = pj.PJSUA_CALL_UNHOLD
                line.handle.reinvite(param)
        except pj.Error as error:
            log.warning("hold was not possible: %s", explain(error))

    def dtmf(self, number: int, digits: str) -> None:
        """RFC 4733 events, or SIP INFO if the far end takes none; what is no digit is left out."""
        line = self._established(number)
        digits = "".join(c for c in digits.upper() if c in "0123456789*#ABCD")
        if line is None or not digits:
            return
        try:
            line.handle.dialDtmf(digits)
        except pj.Error:
            self._dtmf_by_info(line, digits)

    def _dtmf_by_info(self, line: Line, digits: str) -> None:
        param = pj.CallSendDtmfParam()
        param.method = pj.PJSUA_DTMF_METHOD_SIP_INFO
        param.digits = digits
        param.duration = _DIGIT_MS
        try:
            line.handle.sendDtmf(param)
        except pj.Error as error:
            log.warning("digits could not be sent: %s", explain(error))

    def transfer(self, number: int, uri: str) -> None:
        """REFER; that it could not be sent is a final progress of 503."""
        line = self._established(number)
        if line is None:
            return
        try:
            line.handle.xfer(uri, pj.CallOpParam(True))
        except pj.Error as error:
            log.warning("REFER could not be sent: %s", explain(error))
            self._report(TransferProgress(number, 503, True))

    def arrived(self, fact: Arrived, handle: Handle) -> None:
        """An INVITE came in."""
        if fact.call in self._lines:
            return
        self._lines[fact.call] = Line(fact.call, handle, incoming=True, began=time.monotonic())
        party = addresses.party(fact.message)
        self._report(CallIncoming(fact.call, party.number, party.name))

    def state_changed(self, fact: StateChanged) -> None:
        """A session went on."""
        line = self._lines.get(fact.call)
        if line is None:
            return
        if not fact.state:
            received = fact.source == "received"
            line.provisional |= received and fact.method == "INVITE"
            line.cancel_answered |= received and fact.method == "CANCEL" and fact.code < 300
        elif fact.state in ("calling", "early") and not line.incoming:
            self._progress(line, fact)
        elif fact.state == "connecting" and not line.incoming and fact.source == "received":
            response = headers.read(fact.message)
            line.code, line.phrase = response.code or line.code, response.phrase
        elif fact.state == "confirmed":
            self._answered(line)
        elif fact.state == "disconnected":
            self._disconnected(line, fact)

    def media_changed(self, fact: MediaChanged) -> None:
        """Media was negotiated."""
        line = self._lines.get(fact.call)
        if line is None or line.reported:
            return
        self._media.changed(line, fact)
        if line.media is not None and not line.answered:
            self._tones.stop("ring-back")

    def transferring(self, fact: Transferring) -> None:
        """NOTIFY about a transfer."""
        if fact.call in self._lines:
            self._report(TransferProgress(fact.call, fact.code, fact.final))

    def reap(self) -> None:
        """Free the calls that are over; never from within a callback."""
        for line in self._spent:
            line.media = None
        self._spent.clear()

    def close(self) -> None:
        """Hang up everything."""
        for line in self._lines.values():
            param = pj.CallOpParam()
            with contextlib.suppress(pj.Error):
                line.handle.hangup(param)

    def free(self) -> None:
        """Let go of all of them, before the stack goes."""
        for line in (*self._lines.values(), *self._spent):
            self._media.ended(line, gone=True)
            lowlevel.release(line.handle)
        self._lines.clear()
        self._spent.clear()

    def _established(self, number: int) -> Line | None:
        line = self._lines.get(number)
        return line if line is not None and line.answered and not line.reported else None

    def _cancel(self, line: Line) -> bool:
        if not lowlevel.cancel(line.handle.session):
            return False
        line.cancelling = True
        self._tones.stop("ring-back")
        sent = line.provisional
        wait = CANCEL_GRACE if sent else max(0.0, line.began + TRYING_GRACE - time.monotonic())
        self._timers.after(wait, lambda: self._give_up(line, sent))
        return True

    def _give_up(self, line: Line, waited_for_final: bool) -> None:
        """Nothing came of the CANCEL; the core does not wait for what the stack still waits for."""
        if line.answered or line.reported:
            return
        if line.provisional and not waited_for_final:
            self._timers.after(CANCEL_GRACE, lambda: self._give_up(line, True))
        elif line.provisional:
            self._end(line, CallEnd(local=not line.cancel_answered,
                                    detail="CANCEL was not followed by a final response"))
        else:
            self._end(line, CallEnd(local=True, detail="no response to the INVITE"))

    def _progress(self, line: Line, fact: StateChanged) -> None:
        if fact.source != "received" or line.answered:
            return
        line.provisional = True
        if fact.code <= 100 or line.reported or line.cancelling:
            return
        response = headers.read(fact.message)
        line.early_sdp |= response.has_sdp
        if line.early_sdp:
            self._tones.stop("ring-back")
        elif fact.code == 180:
            self._tones.loop("ring-back")
        self._report(CallProgress(line.number, fact.code, response.phrase, line.early_sdp))

    def _answered(self, line: Line) -> None:
        if line.answered:
            return
        line.answered = True
        self._tones.stop("ring-back")
        self._media.answered(line)
        if line.reported:
            # The core was told long ago that this call is over.
            log.warning("a call was answered after it had been given up; it is released")
            with contextlib.suppress(pj.Error):
                line.handle.hangup(pj.CallOpParam())
        else:
            line.cancelling = False
            self._report(CallAnswered(line.number))

    def _disconnected(self, line: Line, fact: StateChanged) -> None:
        self._drop(line)
        self._end(line, of_answered(line, fact) if line.answered else of_unanswered(line, fact))

    def _end(self, line: Line, end: CallEnd) -> None:
        if line.reported:
            return
        line.reported = True
        self._tones.stop("ring-back")
        self._media.ended(line, gone=line.number not in self._lines)
        self._report(CallEnded(line.number, end))

    def _fail(self, number: int, detail: str) -> None:
        self._report(CallEnded(number, CallEnd(local=True, detail=detail)))

    def _drop(self, line: Line) -> None:
        self._lines.pop(line.number, None)
        self._spent.append(line)
