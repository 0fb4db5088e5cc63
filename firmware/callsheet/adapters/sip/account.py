# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP accounts: one for each server, both alike but for where they send."""

from __future__ import annotations

from collections import deque
from itertools import count

import pjsua2 as pj

from callsheet.adapters.sip import addresses
from callsheet.adapters.sip.call import Handle, guarded
from callsheet.adapters.sip.facts import Arrived, Fact, Registered
from callsheet.adapters.sip.stack import Stack, set_dscp
from callsheet.formats.settings import SipSettings

_SRTP = {"off": pj.PJMEDIA_SRTP_DISABLED, "optional": pj.PJMEDIA_SRTP_OPTIONAL, "required": pj.PJMEDIA_SRTP_MANDATORY}
_TIMERS = {"off": pj.PJSUA_SIP_TIMER_INACTIVE, "optional": pj.PJSUA_SIP_TIMER_OPTIONAL,
           "required": pj.PJSUA_SIP_TIMER_REQUIRED}
_RTP_RANGE = 200
_KEYING_SDES = pj.PJMEDIA_SRTP_KEYING_SDES


class Account(pj.Account):
    """pjsua2's account; incoming calls get negative numbers."""

    _numbers = count(1)

    def __init__(self, inbox: deque[Fact], server: int, domain: str) -> None:
        super().__init__()
        self._inbox = inbox
        self.server = server
        self.domain = domain
        self.arrivals: dict[int, Handle] = {}

    @guarded
    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        """An INVITE came in. The handle must exist before this returns, or the stack refuses the call."""
        number = -next(self._numbers)
        self.arrivals[number] = Handle(self, self._inbox, number, prm.callId)
        self._inbox.append(Arrived(number, prm.rdata.wholeMsg))

    @guarded
    def onRegState(self, prm: pj.OnRegStateParam) -> None:  # noqa: N802
        """REGISTER was answered, or its transaction timed out."""
        active = bool(self.getInfo().regIsActive)
        self._inbox.append(Registered(self.server, active, int(prm.code), prm.reason, int(prm.expiration),
                                      bool(prm.rdata.wholeMsg)))


def domain_of(sip: SipSettings, server: str) -> str:
    """What stands after the "@": the domain set, else the server."""
    return addresses.check_server(sip.domain or server)


def config(sip: SipSettings, server: str, stack: Stack) -> pj.AccountConfig:
    """The stack's settings for one server. ValueError if server or domain is malformed."""
    result = pj.AccountConfig()
    domain = domain_of(sip, addresses.check_server(server))
    user = addresses.escape_user(sip.user or "callsheet")
    name = addresses.quoted(sip.display_name) + " " if sip.display_name else ""
    result.idUri = f"{name}<sip:{user}@{domain}>"
    result.sipConfig.transportId = stack.transport
    # "hide": the route decides where requests go, but is not written into them. Servers do
    # not expect a Route header that names themselves.
    result.sipConfig.proxies.append(f"<sip:{server};transport={sip.transport};lr;hide>")
    if sip.password:
        credentials = pj.AuthCredInfo("digest", "*", sip.auth_user or sip.user, 0, sip.password)
        result.sipConfig.authCreds.append(credentials)
    _registration(result.regConfig, sip, domain)
    _nat(result.natConfig, sip, stack.stun)
    _media(result.mediaConfig, sip)
    result.callConfig.timerUse = _TIMERS[sip.session_timers]
    result.presConfig.publishEnabled = False
    result.mwiConfig.enabled = False
    return result


def _registration(reg: pj.AccountRegConfig, sip: SipSettings, domain: str) -> None:
    if sip.register:
        reg.registrarUri = f"sip:{domain}"
    reg.registerOnAdd = False
    reg.timeoutSec = sip.register_expires
    # The stack's own retries are off: `Registrar` has a schedule of its own.
    reg.retryIntervalSec = 0
    reg.firstRetryIntervalSec = 0
    reg.randomRetryIntervalSec = 0
    reg.delayBeforeRefreshSec = max(5, min(30, sip.register_expires // 4))
    reg.dropCallsOnFail = False
    reg.unregWaitMsec = 1000


def _nat(nat: pj.AccountNatConfig, sip: SipSettings, stun: bool) -> None:
    nat.udpKaIntervalSec = round(sip.keep_alive)
    nat.iceEnabled = False
    # Not PJSUA_STUN_RETRY_ON_FAILURE, the default: each call would wait for a server that is down.
    nat.sipStunUse = nat.mediaStunUse = pj.PJSUA_STUN_USE_DEFAULT if stun else pj.PJSUA_STUN_USE_DISABLED


def _media(media: pj.AccountMediaConfig, sip: SipSettings) -> None:
    rtp = media.transportConfig
    rtp.port = sip.rtp_port
    rtp.portRange = _RTP_RANGE if sip.rtp_port else 0
    rtp.boundAddress = sip.local_address
    rtp.publicAddress = sip.local_address
    set_dscp(rtp, sip.dscp_rtp)
    media.srtpUse = _SRTP[sip.srtp]
    # Keys travel in SDP (SDES, RFC 4568): whether signalling is secret is the admin's choice of transport.
    media.srtpSecureSignaling = 0
    media.srtpOpt.keyings.append(_KEYING_SDES)
    media.lockCodecEnabled = True
    media.rtcpMuxEnabled = False
    if hasattr(media, "streamKaEnabled"):
        media.streamKaEnabled = False
