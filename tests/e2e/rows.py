# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the outcome table, and every alternative inside a row, as something a peer does to the phone.

The rows that a response alone decides are made from the table itself, so that a
row, status or cause that is added there is tried as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from callsheet.core.outcomes import SILENT_CAUSES, TABLE, Row
from callsheet.simulator.town.phrases import PHRASES

# What gateways send with a cause (RFC 3398 §7.2.4.1 and §8.2.6.1); the second time a cause comes with a 500.
_PARTNERS = {
    1: 404, 8: 503, 9: 503, 17: 486, 18: 504, 19: 480, 20: 480, 21: 403, 22: 410, 23: 410, 27: 502, 28: 484,
    34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 65: 488, 70: 488, 102: 504,
}
_ANY_FAILURE = 500
_SAMPLES = {"answered": (200, 202, 299), "moved": (300, 301, 302, 305, 399)}
"""Of rows that take a whole class of statuses."""
_BY_HAND = frozenset({"caller-blocked-608", "caller-blocked-603", "else"})
"""Rows whose cases are written out below, or played by the town."""
_IN_NO_ROW = (400, 413, 481, 487, 580, 699)


class Case(Struct, frozen=True):
    """One call and how it ends; what `callsheet explain` is asked about it."""

    id: str
    row: str
    status: int = 0
    phrase: str = ""
    reason: tuple[str, ...] = ()
    retry_after: int | None = None
    local: bool = False
    cancelled: str = ""
    tones: tuple[str, ...] = ()

    def question(self) -> list[str]:
        """Arguments of `callsheet explain`."""
        words = ["explain", str(self.status), "--json"]
        words += ["--phrase", self.phrase] if self.phrase else []
        for value in self.reason:
            words += ["--reason", value]
        words += ["--retry-after", str(self.retry_after)] if self.retry_after is not None else []
        words += ["--local"] if self.local else []
        words += ["--cancelled", self.cancelled] if self.cancelled else []
        for tone in self.tones:
            words += ["--tone", tone]
        return words


def phrase_of(status: int) -> str:
    """The usual reason phrase."""
    return PHRASES.get(status, "Because")


def _case(id: str, row: str, status: int, *reason: str, phrase: str = "", retry_after: int | None = None) -> Case:
    return Case(id, row, status, phrase or phrase_of(status), reason, retry_after)


def _of_row(row: Row) -> Iterator[Case]:
    if row.protocol:
        for status in (480, 503):
            yield _case(f"{row.id}-{status}", row.id, status, f'{row.protocol};cause=1;text="UA Preemption"')
    elif row.codes and row.causes:
        for status in sorted(row.codes):
            for cause in sorted(row.causes):
                yield _case(f"{row.id}-{status}-{cause}", row.id, status, f"Q.850;cause={cause}")
    elif row.causes:
        for cause in sorted(row.causes):
            for status in (_PARTNERS[cause], _ANY_FAILURE):
                yield _case(f"{row.id}-{status}-{cause}", row.id, status, f'Q.850;cause={cause};text="as said"')
    else:
        for status in _SAMPLES.get(row.id, sorted(row.codes)):
            yield _case(f"{row.id}-{status}", row.id, status)


def _of_responses() -> Iterator[Case]:
    """Rows that depend on nothing but the final response."""
    for row in TABLE:
        if not (row.local or row.cancelled or row.tone or row.id in _BY_HAND):
            yield from _of_row(row)
    for status in _IN_NO_ROW:
        yield _case(f"else-{status}", "else", status)


def _traps() -> Iterator[Case]:
    """What real networks do to the pair of status and cause."""
    for cause in sorted(SILENT_CAUSES):
        yield _case(f"silent-cause-{cause}", "busy", 486, f"Q.850;cause={cause}")
    yield _case("unheard-of-cause-busy", "busy", 486, "Q.850;cause=99")
    yield _case("unheard-of-cause-else", "else", 400, "Q.850;cause=99")
    yield _case("two-reasons", "cause-busy", 480, "SIP;cause=600", 'Q.850;cause=17;text="User busy"')
    yield _case("silent-then-telling", "cause-empty", 404, "Q.850;cause=16", "Q.850;cause=1")
    for status in (480, 500, 503, 504):
        yield _case(f"folded-{status}", "busy", status, 'SIP;cause=486;text="Busy Here"')
    yield _case("folded-by-nobody", "not-found", 404, "SIP;cause=486")
    yield _case("moved-with-cause", "moved", 302, "Q.850;cause=23")
    yield _case("603-as-asterisk-403", "cause-declined", 403, "Q.850;cause=21", phrase="Forbidden")
    yield _case("603-not-blocked", "declined", 603, phrase="Network Block")
    for row, status, seconds in (("busy", 486, 120), ("busy", 600, 700), ("unavailable", 480, 5400),
                                 ("declined", 603, 3600), ("network", 503, 30), ("network", 500, 240),
                                 ("not-found", 404, 60), ("no-response", 408, 60)):
        yield _case(f"retry-after-{status}", row, status, retry_after=seconds)
    yield _case("retry-after-403-21", "cause-declined", 403, "Q.850;cause=21", retry_after=1800)


BY_RESPONSE = (*_of_responses(), *_traps())
"""SIPp plays these."""

_CANCEL = {"status": 487, "phrase": phrase_of(487), "cancelled": "ring-timeout"}
BY_TOWN: tuple[Case, ...] = (
    Case("rings-out", "ring-timeout", **_CANCEL),
    *(Case(f"{row}-and-on", row, cancelled="ring-timeout", tones=tones) for row, tones in (
        ("ring-timeout", ()), ("ring-timeout-sit", ("sit",)), ("ring-timeout-busy", ("busy",)),
        ("ring-timeout-congestion", ("congestion",)))),
    Case("ring-back-then-nothing", "ring-timeout", tones=("ring-back",), **_CANCEL),
    Case("announcement-for-ever", "ring-timeout-sit", tones=("sit",), **_CANCEL),
    Case("cn-busy-for-ever", "ring-timeout-busy", tones=("busy",), **_CANCEL),
    Case("us-busy-for-ever", "ring-timeout-busy", tones=("busy",), **_CANCEL),
    Case("congestion-for-ever", "ring-timeout-congestion", tones=("congestion",), **_CANCEL),
    Case("announcement-then-487", "tone-sit", 487, phrase_of(487), tones=("sit",)),
    Case("busy-tone-then-487", "tone-busy", 487, phrase_of(487), tones=("busy",)),
    Case("congestion-then-487", "tone-congestion", 487, phrase_of(487), tones=("congestion",)),
    Case("announcement-then-404", "not-found", 404, phrase_of(404), tones=("sit",)),
    Case("agent-ends-it", "agent-cancelled", 487, phrase_of(487), cancelled="agent"),
    Case("agent-ends-it-unheard", "agent-cancelled", cancelled="agent"),
    Case("nobody-there", "our-fault", local=True),
    Case("blocked-608", "caller-blocked-608", 608, phrase_of(608), ("Q.850;cause=21",)),
    Case("blocked-603", "caller-blocked-603", 603, "Network Blocked", ("Q.850;cause=21",)),
    Case("challenged-401", "refused", 401, phrase_of(401)),
    Case("challenged-407", "refused", 407, phrase_of(407)),
    Case("answers", "answered", 200, phrase_of(200)),
    Case("answers-and-ends-it", "answered", 200, phrase_of(200), ('Q.850;cause=16;text="Normal call clearing"',)),
    Case("answers-and-is-cut-off", "answered", 200, phrase_of(200), ("Q.850;cause=41",)),
    Case("answers-and-is-preempted", "answered", 200, phrase_of(200), ('preemption;cause=5;text="Network Preemption"',)),
)
"""The town plays these; how, stands in `test_outcomes.py`."""
CASES = (*BY_RESPONSE, *BY_TOWN)
