# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call's end means: SIP status, Q.850 cause, our own faults and tones -> outcome.

`TABLE` is the only place that knows it: `classify`, `explain` and the table in
the manual are made from it. It is read from the top, the first row that fits
wins; so the order of the rows is the order of the evidence: what we know of
ourselves, then statuses no cause can overrule, then the Q.850 cause, then the
status alone, then tones.
"""

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


class Row(Struct, frozen=True, kw_only=True):
    """One row of the table. It fits if every condition that is given holds."""

    id: str
    outcome: Outcome
    signal: str
    """The condition in words, for the manual."""
    why: str
    """What it means, for whoever asks `callsheet explain`."""
    codes: frozenset[int] = frozenset()
    causes: frozenset[int] = frozenset()
    """Q.850 causes that say something; empty: whatever the cause."""
    phrase: str = ""
    """In the reason phrase, whatever its case."""
    protocol: str = ""
    """A Reason header of this protocol, whatever its cause."""
    local: bool = False
    cancelled: str = ""
    tone: str = ""


class Explanation(Struct, frozen=True):
    """An outcome and how it was arrived at."""

    outcome: Outcome
    row: str
    """`Row.id`."""
    why: str
    cause: int | None = None
    """The Q.850 cause that was used, if one was."""
    status: int = 0
    """The status that was used: the response's own, or that of a `Reason: SIP;cause=`."""


SILENT_CAUSES = frozenset({0, 16, 31, 127})
"""They say nothing on a failed call: unspecified, normal clearing, normal unspecified, interworking."""

COLLAPSED = frozenset({480, 487, 500, 503, 504})
"""Statuses that a proxy makes up when it folds several answers into one, so that
a `Reason: SIP;cause=` (RFC 3326 §1, the heterogeneous error response forking
problem) may know better."""


def _codes(*items: int | range) -> frozenset[int]:
    return frozenset(code for item in items for code in (item if isinstance(item, range) else (item,)))


O = Outcome  # noqa: E741 - the table reads as a table

TABLE: tuple[Row, ...] = (
    Row(id="answered", outcome=O.ANSWERED, signal="2xx", codes=_codes(range(200, 300)),
        why="The callee answered. Only a 2xx means that, and it stands even if it crossed our CANCEL."),
    Row(id="our-fault", outcome=O.OUR_FAULT, signal="time-out, transport error or 408/503 made up on this phone",
        local=True, why="The fault is on our side; the callee's network said nothing."),
    Row(id="ring-timeout-sit", outcome=O.SUSPECTED_EMPTY, signal="487 after our ring time-out, information tone heard",
        codes=_codes(0, 487), cancelled="ring-timeout", tone="sit",
        why="An announcement was played until we gave up: the number may not exist, or there was no circuit."),
    Row(id="ring-timeout-busy", outcome=O.BUSY, signal="487 after our ring time-out, busy tone heard",
        codes=_codes(0, 487), cancelled="ring-timeout", tone="busy",
        why="The network played the busy tone instead of sending a status."),
    Row(id="ring-timeout-congestion", outcome=O.NETWORK_TROUBLE,
        signal="487 after our ring time-out, congestion tone heard",
        codes=_codes(0, 487), cancelled="ring-timeout", tone="congestion",
        why="The network played the congestion tone instead of sending a status."),
    Row(id="ring-timeout", outcome=O.NO_ANSWER, signal="487 after our ring time-out",
        codes=_codes(0, 487), cancelled="ring-timeout", why="It rang for as long as the ring time-out allows."),
    Row(id="agent-cancelled", outcome=O.SKIPPED, signal="487, the agent cancelled",
        codes=_codes(0, 487), cancelled="agent", why="The agent gave up the call before it was answered."),
    # Statuses that mean one thing only, whatever cause a gateway adds.
    Row(id="caller-blocked-608", outcome=O.CALLER_BLOCKED, signal="608 (RFC 8688)", codes=_codes(608),
        why="An analytics engine in the network rejects calls from our number."),
    Row(id="caller-blocked-603", outcome=O.CALLER_BLOCKED, signal='603 "Network Blocked" (ATIS-1000099)',
        codes=_codes(603), phrase="network blocked", why="The callee's network blocks calls from our number."),
    Row(id="unwanted", outcome=O.UNWANTED, signal="607 (RFC 8197)", codes=_codes(607),
        why="The callee marked the call as unwanted: do not call this number again."),
    Row(id="alternative-service", outcome=O.ALTERNATIVE_SERVICE, signal="380", codes=_codes(380),
        why="The network offers another service instead of the call."),
    Row(id="moved", outcome=O.MOVED, signal="3xx, with or without cause 23", codes=_codes(range(300, 400)),
        why="The callee can be reached elsewhere; a redirection is reported, never followed."),
    Row(id="empty-604", outcome=O.EMPTY, signal="604", codes=_codes(604),
        why="The number does not exist anywhere."),
    Row(id="preempted", outcome=O.NETWORK_TROUBLE, signal="Reason: preemption (RFC 4411)", protocol="preemption",
        why="The network took the line for a call of higher precedence."),
    # Pairs whose cause means something else than elsewhere.
    Row(id="ambiguous-cause-1", outcome=O.BAD_NUMBER, signal="485 with cause 1", codes=_codes(485),
        causes=_codes(1), why="The number is ambiguous; gateways translate that to cause 1."),
    Row(id="not-found-route", outcome=O.SUSPECTED_EMPTY, signal="404 with cause 2, 3 or 26", codes=_codes(404),
        causes=_codes(2, 3, 26), why="Not found, but for want of a route: the number may exist."),
    # A cause that says something refines any other status.
    Row(id="cause-empty", outcome=O.EMPTY, signal="404 (or any other failure) with cause 1", causes=_codes(1),
        why="Unallocated number."),
    Row(id="cause-changed", outcome=O.CHANGED, signal="cause 22, 23", causes=_codes(22, 23),
        why="The callee's number has changed."),
    Row(id="cause-bad-number", outcome=O.BAD_NUMBER, signal="cause 28", causes=_codes(28),
        why="The number is incomplete or has a wrong format."),
    Row(id="cause-busy", outcome=O.BUSY, signal="cause 17", causes=_codes(17), why="The callee is busy."),
    Row(id="cause-unavailable", outcome=O.UNAVAILABLE, signal="cause 19, 20", causes=_codes(19, 20),
        why="The callee did not answer or is not connected to the network."),
    Row(id="cause-no-response", outcome=O.NO_RESPONSE, signal="504 (or any other failure) with cause 18",
        causes=_codes(18), why="The callee's equipment did not respond."),
    Row(id="cause-declined", outcome=O.DECLINED, signal="403 (or any other failure) with cause 21",
        causes=_codes(21), why="The callee declined the call."),
    Row(id="cause-refused", outcome=O.REFUSED, signal="cause 55, 57", causes=_codes(55, 57),
        why="Our account or route may not make this call."),
    Row(id="cause-media", outcome=O.MEDIA_MISMATCH, signal="cause 65, 70", causes=_codes(65, 70),
        why="No common codec or bearer with the callee."),
    Row(id="cause-preempted", outcome=O.NETWORK_TROUBLE, signal="cause 8, 9", causes=_codes(8, 9),
        why="The network took the line for a call of higher precedence."),
    Row(id="cause-network", outcome=O.NETWORK_TROUBLE, signal="cause 34, 38, 41, 42, 47, 102",
        causes=_codes(34, 38, 41, 42, 47, 102), why="No circuit, congestion or a failure in the network."),
    Row(id="cause-out-of-order", outcome=O.OUT_OF_ORDER, signal="cause 27", causes=_codes(27),
        why="The callee's line is out of order."),
    # The status alone.
    Row(id="not-found", outcome=O.SUSPECTED_EMPTY, signal="404 without a cause", codes=_codes(404),
        why="Not found, without a cause: an unallocated number, or a route that is missing."),
    Row(id="bad-number", outcome=O.BAD_NUMBER, signal="484, 485", codes=_codes(484, 485),
        why="The number is incomplete or ambiguous."),
    Row(id="changed", outcome=O.CHANGED, signal="410", codes=_codes(410), why="The number is no longer in use."),
    Row(id="busy", outcome=O.BUSY, signal="486, 600", codes=_codes(486, 600), why="The callee is busy."),
    Row(id="unavailable", outcome=O.UNAVAILABLE, signal="480", codes=_codes(480),
        why="The callee cannot be reached at the moment."),
    Row(id="no-response", outcome=O.NO_RESPONSE, signal="408 from the network", codes=_codes(408),
        why="The callee's equipment did not respond in time."),
    Row(id="declined", outcome=O.DECLINED, signal="603", codes=_codes(603), why="The callee declined the call."),
    Row(id="refused", outcome=O.REFUSED, signal="401, 403, 407 without cause 21", codes=_codes(401, 403, 407),
        why="Our account or route may not make this call."),
    Row(id="media", outcome=O.MEDIA_MISMATCH, signal="415, 488, 606", codes=_codes(415, 488, 606),
        why="No common codec or media setting with the callee."),
    Row(id="network", outcome=O.NETWORK_TROUBLE, signal="500, 503, 504", codes=_codes(500, 503, 504),
        why="The network or a server on the way failed."),
    Row(id="out-of-order", outcome=O.OUT_OF_ORDER, signal="502", codes=_codes(502),
        why="The callee's line is out of order."),
    # Tones, where no status says anything.
    Row(id="tone-sit", outcome=O.SUSPECTED_EMPTY, signal="special information tone (ITU-T E.180)", tone="sit",
        why="An information tone was heard: the number may not exist, or there was no circuit."),
    Row(id="tone-busy", outcome=O.BUSY, signal="busy tone", tone="busy", why="The busy tone was heard."),
    Row(id="tone-congestion", outcome=O.NETWORK_TROUBLE, signal="congestion tone", tone="congestion",
        why="The congestion tone was heard."),
    Row(id="else", outcome=O.FAILED_UNKNOWN, signal="anything else",
        why="No row of the table fits: kept and reported with its raw status and Reason."),
)


def _is_status_row(row: Row) -> bool:
    return bool(row.codes) and not (row.causes or row.cancelled or row.phrase)


_STATUSES = frozenset(code for row in TABLE if _is_status_row(row) for code in row.codes if code >= 300)
_CAUSES = frozenset(cause for row in TABLE if not row.codes for cause in row.causes)


def _cause_of(end: CallEnd) -> int | None:
    """The first Q.850 cause that says something; one in the table before one that is not."""
    found: int | None = None
    for reason in end.reasons:
        if reason.protocol.casefold() != "q.850" or reason.cause is None or reason.cause in SILENT_CAUSES:
            continue
        if reason.cause in _CAUSES:
            return reason.cause
        found = reason.cause if found is None else found
    return found


def _status_of(end: CallEnd) -> int:
    """The response's own status, or that of `Reason: SIP;cause=` where it tells more."""
    if (end.code in _STATUSES and end.code not in COLLAPSED) or 200 <= end.code < 300:
        return end.code
    for reason in end.reasons:
        if reason.protocol.casefold() == "sip" and reason.cause in _STATUSES and not end.cancelled:
            return reason.cause
    return end.code


def _fits(row: Row, end: CallEnd, status: int, cause: int | None) -> bool:
    return (
        (not row.codes or status in row.codes)
        and (not row.causes or cause in row.causes)
        and (not row.local or end.local)
        and (not row.cancelled or end.cancelled == row.cancelled)
        and (not row.tone or row.tone in end.tones)
        and (not row.phrase or row.phrase in end.phrase.casefold())
        and (not row.protocol or any(reason.protocol.casefold() == row.protocol for reason in end.reasons))
    )


def explain(end: CallEnd) -> Explanation:
    """The outcome of a call that ended so, with the row of `TABLE` that decided."""
    cause = _cause_of(end)
    status = _status_of(end)
    row = next(row for row in TABLE if _fits(row, end, status, cause))
    return Explanation(row.outcome, row.id, row.why, cause if row.causes else None, status)


def classify(end: CallEnd) -> Outcome:
    """The outcome of a call that ended so. Never raises: what is in no row is failed-unknown."""
    return explain(end).outcome
