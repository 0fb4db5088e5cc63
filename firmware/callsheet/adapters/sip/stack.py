# SPDX-License-Identifier: GPL-3.0-or-later
"""The pjsua2 endpoint: one thread creates it, runs it and destroys it.

`threadCnt = 0` and `mainThreadOnly`: SIP runs inside `run`, on the caller's
thread. Callbacks only append facts to `inbox`; whoever calls `run` reads them
when it has returned, so that nothing calls back into the stack from within it.

Garbage collection: pj objects are never part of a reference cycle (handles know
the inbox and plain values only), so their last reference is always dropped by
the owner thread and a collector run on another thread finds none of them. Keep
it so; a destructor on a foreign thread aborts the process.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import socket
import ssl
import time
from collections import deque
from typing import Any

import pjsua2 as pj

from callsheet import __version__
from callsheet.adapters.sip import lowlevel, stun
from callsheet.adapters.sip.facts import ConnectionLost, DeviceFailed, Fact
from callsheet.adapters.sip.logs import MAX_LEVEL, Writer, log
from callsheet.formats.settings import SipSettings
from callsheet.ports import SipError

MAX_CALLS = 8
"""A call hung up before any response keeps its slot for 64*T1 = 32 s (RFC 3261 timer B)."""
CLOCK_RATE = 16000
_KEEP_ALIVE = b"\r\n"
"""What RFC 5626 §4.4.1 calls a pong; the stack drops it."""
_SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_NO_NETWORK = 3
"""PJSUA_DESTROY_NO_NETWORK: hang-up and unregistering have been seen to; the library would wait a second more."""


def explain(error: pj.Error) -> str:
    """Text of a stack error; `str()` of it is empty in some versions."""
    return f"{error.reason or error.title} ({error.status})"


class _Endpoint(pj.Endpoint):
    """Callbacks of the endpoint."""

    inbox: deque[Fact]
    connections: set[int]
    """Addresses of the TCP and TLS connections that are up."""

    def onTransportState(self, prm: pj.OnTransportStateParam) -> None:  # noqa: N802
        """A connection came or went."""
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED:
            self.connections.add(int(prm.hnd))
        elif int(prm.hnd) in self.connections:
            self.connections.discard(int(prm.hnd))
            if prm.state == pj.PJSIP_TP_STATE_DISCONNECTED:
                self.inbox.append(ConnectionLost())

    def onMediaEvent(self, prm: pj.OnMediaEventParam) -> None:  # noqa: N802
        """A sound device failed: unplugged, most likely."""
        if prm.ev.type == getattr(pj, "PJMEDIA_EVENT_AUD_DEV_ERROR", -1):
            self.inbox.append(DeviceFailed())


@functools.cache
def _endpoint() -> _Endpoint:
    """The one endpoint a process may have. It is created and destroyed again and again, but never freed:

    an exception or a frame that somebody keeps could hold the old one, and a second one aborts the process.
    """
    return _Endpoint()


class Stack:
    """The endpoint and its transports. All methods but `wake` belong to the owner thread."""

    def __init__(self, sip: SipSettings, log_level: int = 1) -> None:
        """Raises SipError if the stack cannot start."""
        if sip.transport == "tls" and sip.ca_file:
            _check_authorities(sip.ca_file)
        self.inbox: deque[Fact] = deque()
        self._sip = sip
        self._waker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stun = bool(sip.stun) and stun.answers(sip.stun)
        if sip.stun and not self.stun:
            log.warning("the STUN server does not answer; going on without, so audio may not pass a NAT")
        self.endpoint = _endpoint()
        self.endpoint.inbox, self.endpoint.connections = self.inbox, set()
        problem = ""
        try:
            self._start(log_level)
        except pj.Error as error:
            problem = explain(error)
        if problem:
            self.close()
            raise SipError(f"the SIP stack did not start: {problem}; look at [sip] transport, local_address, "
                           "local_port and ca_file")

    def _start(self, log_level: int) -> None:
        lowlevel.silence_log()
        # `Sound` looks for devices when it opens one.
        with lowlevel.hushed(1, 2), lowlevel.no_sound_devices():
            self.endpoint.libCreate()
            self.endpoint.libInit(self._config(min(log_level, MAX_LEVEL)))
        self.transport = self._open_transport()
        self._open_wake()
        self.endpoint.libStart()
        self.codecs = self._order_codecs()

    def run(self, timeout: float) -> None:
        """Handle SIP for at most `timeout` seconds; returns earlier when something came in."""
        self.endpoint.libHandleEvents(max(0, int(timeout * 1000)))

    def wake(self) -> None:
        """Make `run` return. Safe from any thread, also while the stack is being closed."""
        with contextlib.suppress(OSError):
            self._waker.send(_KEEP_ALIVE)

    def drop_connections(self) -> None:
        """Use the present TCP or TLS connections no more: the far end of them may be gone without a word."""
        for connection in list(self.endpoint.connections):
            lowlevel.shut_down_connection(connection)

    def close(self) -> None:
        """Free everything; the caller has dropped its own pj objects before."""
        self._waker.close()
        self.inbox.clear()
        gc.collect()
        with contextlib.suppress(pj.Error):
            self.endpoint.libDestroy(_NO_NETWORK)
        self.endpoint.inbox = deque()

    def _config(self, log_level: int) -> pj.EpConfig:
        config = pj.EpConfig()
        ua, media, logs = config.uaConfig, config.medConfig, config.logConfig
        ua.threadCnt = 0
        ua.mainThreadOnly = True
        ua.maxCalls = MAX_CALLS
        ua.natTypeInSdp = 0
        ua.userAgent = f"Callsheet/{__version__}"
        if self.stun:
            ua.stunServer.append(self._sip.stun)
            ua.stunIgnoreFailure = True
        media.noVad = True
        # A headset has no acoustic path to cancel; the canceller only costs voice.
        media.ecTailLen = 0
        media.clockRate = CLOCK_RATE
        media.sndClockRate = 0
        media.channelCount = 1
        media.audioFramePtime = 10
        media.sndRecLatency = 20
        media.sndPlayLatency = 30
        # Open and closed by `Sound` alone.
        media.sndAutoCloseTime = -1
        # 3 and 4: the resampler's filter of 128 taps. That of 256 delays voice by 8 ms more each way
        # (Speex quality 10 instead of 7), and costs twice as much, for what telephone speech does not hold.
        media.quality = 4
        logs.msgLogging = 0
        # The writer gets what would go to the console, and nothing goes there then.
        logs.level = logs.consoleLevel = log_level
        logs.decor = 0
        writer = Writer()
        logs.writer = writer
        # The endpoint deletes it.
        writer.__disown__()
        return config

    def _open_transport(self) -> int:
        kind = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
        config = pj.TransportConfig()
        config.port = self._sip.local_port
        config.boundAddress = self._sip.local_address
        config.publicAddress = self._sip.local_address
        set_dscp(config, self._sip.dscp_sip)
        if self._sip.transport == "tls":
            self._secure(config.tlsConfig)
        return int(self.endpoint.transportCreate(kind[self._sip.transport], config))

    def _secure(self, tls: Any) -> None:
        tls.CaListFile = self._sip.ca_file or ssl.get_default_verify_paths().cafile or _SYSTEM_AUTHORITIES
        tls.verifyServer = self._sip.verify_tls
        tls.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | getattr(pj, "PJ_SSL_SOCK_PROTO_TLS1_3", 0)

    def _open_wake(self) -> None:
        """A transport for nothing but waking: a datagram to it ends the wait in the stack's event loop."""
        config = pj.TransportConfig()
        # A public address of its own keeps STUN away from it.
        config.boundAddress = config.publicAddress = "127.0.0.1"
        handle = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, config)
        address = self.endpoint.transportGetInfo(handle).localAddress
        host, _, port = address.rpartition(":")
        self._waker.connect((host, int(port)))

    def _order_codecs(self) -> list[str]:
        """Those of the settings that this build has, in order; all others are switched off."""
        available = [info.codecId for info in self.endpoint.codecEnum2()]
        chosen: list[str] = []
        for wanted in self._sip.codecs:
            chosen += [id for id in available if id.split("/")[0].lower() == wanted.lower()][:1]
        for id in available:
            self.endpoint.codecSetPriority(id, 255 - chosen.index(id) if id in chosen else 0)
        if any(id.startswith("opus/") for id in chosen):
            self._narrow_opus()
        missing = len(self._sip.codecs) - len(chosen)
        if missing:
            log.info("%d of the codecs set are not in this build of the SIP stack", missing)
        return chosen

    def _narrow_opus(self) -> None:
        """Have Opus run at the bridge's own rate: nothing is resampled, and nothing coded that no headset hears.

        The far end learns of it by maxplaybackrate and sprop-maxcapturerate (RFC 7587 §6.1).
        """
        config = self.endpoint.getCodecOpusConfig()
        config.sample_rate = CLOCK_RATE
        self.endpoint.setCodecOpusConfig(config)


def _check_authorities(file: str) -> None:
    """The stack would read the file only at the first connection. Raises SipError if it is of no use."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except (OSError, ssl.SSLError) as error:
        raise SipError(f"[sip] ca_file {file!r} holds no certificate that can be read: {error.strerror or error}; "
                       "PEM is expected") from None


def set_dscp(config: pj.TransportConfig, dscp: int) -> None:
    """Differentiated services code point of a transport's packets (RFC 2474 §3)."""
    config.qosParams.flags = 1  # PJ_QOS_PARAM_HAS_DSCP
    config.qosParams.dscp_val = dscp


def monotonic() -> float:
    """Seconds; for the adapter's own time-outs."""
    return time.monotonic()
