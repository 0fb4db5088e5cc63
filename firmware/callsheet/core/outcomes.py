# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call's end means: SIP status, Q.850 cause, our own faults and tones -> outcome."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """Every way an attempt can end."""

    ANSWERED = "answered"
    EMPTY = "empty"
    SUSPECTED_EMPTY = "suspected-empty"
    BAD_NUMBER = "bad-number"
    CHANGED = "changed"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    NO_RESPONSE = "no-response"
    NO_ANSWER = "no-answer"
    SKIPPED = "skipped"
    OUR_FAULT = "our-fault"
    DECLINED = "declined"
    CALLER_BLOCKED = "caller-blocked"
    UNWANTED = "unwanted"
    REFUSED = "refused"
    MEDIA_MISMATCH = "media-mismatch"
    NETWORK_TROUBLE = "network-trouble"
    OUT_OF_ORDER = "out-of-order"
    MOVED = "moved"
    ALTERNATIVE_SERVICE = "alternative-service"
    FAILED_UNKNOWN = "failed-unknown"
    UNKNOWN = "unknown"
    """Power failed between intention and result: the call may have gone out."""


class Reason(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One value of a Reason header (RFC 3326; in responses RFC 6432)."""

    protocol: str
    cause: int | None = None
    text: str = ""


class CallEnd(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The end of a call as the SIP stack saw it, before any judgement."""

    code: int = 0
    """SIP status of the final response; 0: none came."""
    phrase: str = ""
    reasons: tuple[Reason, ...] = ()
    retry_after: float | None = None
    """Seconds, from the Retry-After header."""
    local: bool = False
    """Made up on this side: time-out, transport error, no sound device, bad URI, no free call slot."""
    cancelled: str = ""
    """"agent" or "ring-timeout" if we sent CANCEL, else empty."""
    by: str = ""
    """Who sent BYE on an answered call: "near" or "far"."""
    tones: tuple[str, ...] = ()
    """Tones heard in early media: "sit", "busy", "congestion", "ring-back"."""
    detail: str = ""
    """Our own words about a local fault, for the technician."""
