# SPDX-License-Identifier: GPL-3.0-or-later
"""The few functions of the C stack that its Python binding leaves out, called through the binding's own library.

`pjsua_call_hangup` cannot be used to CANCEL: it takes the media down at once and,
if a 200 OK crosses the CANCEL, answers it with ACK and BYE: the callee who has just
lifted would be dropped. The layer below sends a CANCEL and nothing else; a crossing
200 OK then goes its normal way to an established call (RFC 3261 §9.1).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pjsua2

_NEEDED = (
    "pj_log_set_level", "pjsip_tsx_get_dlg", "pjsip_dlg_get_inv_session", "pjsip_inv_end_session",
    "pjsip_inv_send_msg", "pjsip_transport_shutdown",
)
_REQUEST_TERMINATED = 487
_UDP = 0
"""PJMEDIA_TRANSPORT_TYPE_UDP."""
_ALSA_CONFIG = "ALSA_CONFIG_PATH"
"""The environment's word on where ALSA's configuration is; read anew at each look for devices."""
_ALSA_BARE = """
ctl.hw { @args [ CARD ] @args.CARD { type string } type hw card $CARD }
pcm.none { type null }
"""
"""Cards can be asked for their names, which alsa-lib insists on where there are any, but nothing can be played on."""


class _TransportCalls(ctypes.Structure):
    """Beginning of `struct pjmedia_transport_op` (pjmedia/transport.h)."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("get_info", "attach", "detach", "send_rtp", "send_rtcp", "send_rtcp2",
                                               "media_create", "encode_sdp")),
        ("media_start", ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                                          ctypes.c_void_p, ctypes.c_uint)),
        ("media_stop", ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)),
    ]


class _Transport(ctypes.Structure):
    """Beginning of `struct pjmedia_transport`."""

    _fields_ = [("name", ctypes.c_char * 32), ("type", ctypes.c_int), ("calls", ctypes.POINTER(_TransportCalls))]


@functools.cache
def _library() -> ctypes.CDLL | None:
    """The loaded extension module as a C library; None if its build hides the functions."""
    module = getattr(pjsua2, "_pjsua2", None)
    try:
        # PyDLL keeps the GIL: nobody else may run while the stack changes a session, and the
        # binding's callbacks, which take it again, do so on this very thread.
        library = ctypes.PyDLL(module.__file__)  # type: ignore[union-attr]
        for name in _NEEDED:
            getattr(library, name)
    except (OSError, AttributeError, TypeError):
        return None
    library.pj_log_set_level.argtypes = [ctypes.c_int]
    library.pj_log_set_level.restype = None
    for name in ("pjsip_tsx_get_dlg", "pjsip_dlg_get_inv_session"):
        function = getattr(library, name)
        function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
    library.pjsip_inv_end_session.argtypes = [
        ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    library.pjsip_transport_shutdown.argtypes = [ctypes.c_void_p]
    library.pjsip_inv_send_msg.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    if hasattr(library, "pjmedia_transport_srtp_get_member"):
        member = library.pjmedia_transport_srtp_get_member
        member.argtypes, member.restype = [ctypes.c_void_p], ctypes.c_void_p
    return library


def can_cancel() -> bool:
    """Whether `cancel` works with this build; if not, only pjsua's hang-up is left."""
    return _library() is not None


def has_alsa() -> bool:
    """Whether this build can open sound devices at all; a published wheel cannot."""
    library = _library()
    return library is None or hasattr(library, "pjmedia_alsa_factory")


def session(transaction: object) -> int:
    """Address of the INVITE session a transaction belongs to, from pjsua2's `pjTransaction`; 0 if there is none.

    Valid until the call's DISCONNECTED.
    """
    library = _library()
    if library is None or not transaction:
        return 0
    dialog = library.pjsip_tsx_get_dlg(int(transaction))  # type: ignore[call-overload]
    return (library.pjsip_dlg_get_inv_session(dialog) or 0) if dialog else 0


def cancel(session: int) -> bool:
    """Send CANCEL, or have it sent after the first provisional response (RFC 3261 §9.1).

    The call then ends by 487, or is answered after all. False if nothing could be sent.
    """
    library = _library()
    if library is None or not session:
        return False
    message = ctypes.c_void_p()
    if library.pjsip_inv_end_session(session, _REQUEST_TERMINATED, None, ctypes.byref(message)):
        return False
    return not message.value or library.pjsip_inv_send_msg(session, message) == 0


def shut_down_connection(transport: int) -> None:
    """Let no new request use a connection; the binding has this call, but cannot be given what it hands out."""
    if (library := _library()) is not None:
        library.pjsip_transport_shutdown(transport)


def udp_transport(transport: object) -> int:
    """Address of the UDP transport that is, or is beneath, a media transport of pjsua2; 0 if there is none.

    Valid as long as the call has that media.
    """
    library = _library()
    if library is None or not transport:
        return 0
    address = int(transport)  # type: ignore[call-overload]
    # SRTP's takes the type of the one beneath it.
    if _Transport.from_address(address).name.startswith(b"srtp"):
        if not hasattr(library, "pjmedia_transport_srtp_get_member"):
            return 0
        address = library.pjmedia_transport_srtp_get_member(address) or 0
    if not address:
        return 0
    transport = _Transport.from_address(address)
    # The name as well: it shows that the structure is the one known here.
    return address if transport.type == _UDP and transport.name.startswith(b"udp") else 0


def read_rtp(transport: int) -> bool:
    """Have RTP taken from the socket of a UDP transport; nothing happens if it is. False if that is not possible."""
    if not transport:
        return False
    # Its `media_start` looks at nothing but the transport.
    return _Transport.from_address(transport).calls.contents.media_start(transport, None, None, None, 0) == 0


def stop_reading_rtp(transport: int) -> None:
    """Leave RTP in the socket of a UDP transport, and send none, until `read_rtp`."""
    if transport:
        _Transport.from_address(transport).calls.contents.media_stop(transport)


@contextlib.contextmanager
def hushed(*descriptors: int) -> Iterator[None]:
    """Nothing reaches these file descriptors meanwhile.

    Others print there without asking: the stack's library its banner on 1, before
    its log settings apply; ALSA's plug-ins for sound servers that do not run, on 2.
    """
    kept = {number: os.dup(number) for number in descriptors}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stdout.flush()
        for number in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


@contextlib.contextmanager
def no_sound_devices() -> Iterator[None]:
    """ALSA finds no devices meanwhile.

    To look for them it opens each, and with them loads the plug-ins for sound servers: 5 MB and
    a tenth of a second that a phone need not spend before its headset is opened.
    """
    kept = os.environ.get(_ALSA_CONFIG)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(_ALSA_BARE)
        config.flush()
        os.environ[_ALSA_CONFIG] = config.name
        try:
            yield
        finally:
            del os.environ[_ALSA_CONFIG]
            if kept is not None:
                os.environ[_ALSA_CONFIG] = kept


def silence_log() -> None:
    """Have the stack print nothing before its log settings apply, if this build lets us."""
    if (library := _library()) is not None:
        library.pj_log_set_level(0)


def release(*things: Any) -> None:
    """Destroy C++ objects now, whoever still holds their Python side.

    A traceback that somebody keeps may do so. Destroyed later, an account or call of an earlier
    session would take the present one with the same index along.
    """
    for thing in things:
        # SWIG's own destructor; it disowns the Python side, so that nothing is freed twice.
        type(thing).__swig_destroy__(thing)
