# SPDX-License-Identifier: GPL-3.0-or-later
"""One call in the stack: its handle, whose callbacks record facts, and what the adapter knows of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pjsua2 as pj

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.facts import Fact, MediaChanged, MediaLine, Source, StateChanged, Transferring
from callsheet.adapters.sip.listen import Listener
from callsheet.adapters.sip.logs import log
from callsheet.core.events import CallMedia

_STATES = {
    pj.PJSIP_INV_STATE_CALLING: "calling", pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "early", pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "confirmed", pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}
_MEDIA = {
    pj.PJSUA_CALL_MEDIA_NONE: "none", pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "local-hold", pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "remote-hold",
    pj.PJSUA_CALL_MEDIA_ERROR: "failed",
}
_SOURCES: dict[int, Source] = {
    pj.PJSIP_EVENT_RX_MSG: "received", pj.PJSIP_EVENT_TIMER: "time-out", pj.PJSIP_EVENT_TRANSPORT_ERROR: "transport",
}


def media_only_audio(setting: pj.CallSetting) -> None:
    """One audio m-line and nothing else; 2.17 would offer T.140 text as well."""
    setting.audioCount = 1
    setting.videoCount = 0
    if hasattr(setting, "textCount"):
        setting.textCount = 0


def guarded(callback: Any) -> Any:
    """Logs what a callback raises: the binding would print it and go on."""

    def wrapped(self: Any, prm: Any) -> None:
        try:
            callback(self, prm)
        except Exception:  # noqa: BLE001 - an exception cannot pass through the C stack
            log.exception("SIP callback %s failed", callback.__name__)

    wrapped.__name__ = callback.__name__
    return wrapped


def transaction_source(event: Any) -> tuple[Source, str]:
    """What made the transaction of a SipEvent change, and the message if one came in."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE:
        return "own", ""
    change = event.body.tsxState
    source = _SOURCES.get(change.type, "own")
    return source, change.src.rdata.wholeMsg if source == "received" else ""


class Handle(pj.Call):
    """pjsua2's call object. Knows the inbox and its number only, so that it is in no reference cycle."""

    def __init__(self, account: pj.Account, inbox: deque[Fact], number: int,
                 id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, id)
        self._inbox = inbox
        self.number = number
        self.session = 0
        """Address of the INVITE session while there is one."""
        self.transports: dict[int, int] = {}
        """Addresses of the UDP transports that carry RTP, by m-line; 0 if it is another kind."""

    @guarded
    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802
        """The session changed its state."""
        info = self.getInfo()
        source, message = transaction_source(prm.e)
        state = _STATES.get(info.state, "")
        self._remember_session(prm.e, state)
        self._inbox.append(StateChanged(
            self.number, state, int(info.lastStatusCode), info.lastReason, source, message,  # type: ignore[arg-type]
            prm.e.body.tsxState.tsx.method if prm.e.type == pj.PJSIP_EVENT_TSX_STATE else ""))

    @guarded
    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:  # noqa: N802
        """A transaction of the session changed: answers to CANCEL, and 100, which is no state of a session."""
        tsx = prm.e.body.tsxState.tsx
        code = int(tsx.statusCode)
        if tsx.role == pj.PJSIP_ROLE_UAC and (
                (tsx.method == "CANCEL" and code >= 200) or (tsx.method == "INVITE" and code == 100)):
            source, message = transaction_source(prm.e)
            self._inbox.append(StateChanged(self.number, "", code, tsx.statusText, source, message, tsx.method))

    @guarded
    def onCreateMediaTransport(self, prm: pj.OnCreateMediaTransportParam) -> None:  # noqa: N802
        """There is a socket for RTP. It is read from now on, when nobody can know its port yet.

        The stack would begin when it has the SDP answer, and marks the transport as started only after that
        (transport_media_start in pjmedia/transport_udp.c, 2.17). A packet that is there already, since callees
        speak as soon as they answer, may be taken in by the stack's media thread between the two. It then finds
        the transport not started, and never reads again: the agent is heard, and hears nothing.
        """
        transport = lowlevel.udp_transport(prm.mediaTp)
        self.transports[int(prm.mediaIdx)] = transport
        lowlevel.read_rtp(transport)

    @guarded
    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        """Media was negotiated or torn down."""
        info = self.getInfo()
        lines = tuple(MediaLine(int(media.index), _MEDIA.get(media.status, "none"))  # type: ignore[arg-type]
                      for media in info.media if media.type == pj.PJMEDIA_TYPE_AUDIO)
        self._inbox.append(MediaChanged(self.number, lines))

    @guarded
    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:  # noqa: N802
        """A NOTIFY told how our REFER gets on."""
        self._inbox.append(Transferring(self.number, int(prm.statusCode), bool(prm.finalNotify)))

    def _remember_session(self, event: Any, state: str) -> None:
        if state == "disconnected":
            self.session = 0
        elif not self.session and event.type == pj.PJSIP_EVENT_TSX_STATE:
            self.session = lowlevel.session(event.body.tsxState.tsx.pjTransaction)


@dataclass(slots=True)
class Line:
    """A call as the adapter sees it."""

    number: int
    handle: Handle
    incoming: bool
    began: float
    """Monotonic seconds."""
    ringing: bool = False
    """180 was received and no media came with it: ring-back is made here."""
    provisional: bool = False
    answered: bool = False
    code: int = 200
    """Of the 2xx that answered the call; one of ours is 200."""
    phrase: str = ""
    cancelling: bool = False
    cancel_answered: bool = False
    """CANCEL was received over there, whatever becomes of the INVITE."""
    reported: bool = False
    """CallEnded was posted; the stack may still be busy with the call."""
    ended_by: str = ""
    """"near" once we have hung up an answered call."""
    early_sdp: bool = False
    sound_index: int = -1
    """m-line that carries sound now, or -1."""
    media: pj.AudioMedia | None = None
    last_media: CallMedia | None = None
    listener: Listener | None = None
    tones: list[str] = field(default_factory=list)
