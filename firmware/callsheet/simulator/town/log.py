# SPDX-License-Identifier: GPL-3.0-or-later
"""The callees' own ledger: one JSON line per event, flushed, to hold against the phone's."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct, field

EVENTS_KEPT = 20_000
"""Events in memory; the file has all."""


class RtpReport(Struct):
    """What a callee heard and said."""

    rx: int = 0
    """Packets received."""
    tx: int = 0
    lost: int = 0
    """Missing among the received sequence numbers."""
    foreign: int = 0
    """Datagrams that were no RTP of an agreed payload type."""
    codec: str = ""
    dominant_hz: float | None = None
    """Strongest frequency of the last two seconds heard after the answer; None: silence."""
    dominant_share: float | None = None
    """Its part of the energy, 0–1."""
    first_ms: float | None = None
    """Milliseconds from the ACK to the first RTP after our 200; below 0 if RTP overtook the ACK."""
    first_voice_ms: float | None = None
    """The same to the first packet that is not silence."""
    spoken_hz: int | None = None
    """Frequency of the callee's own voice."""


class CallRecord(Struct, kw_only=True):
    """One call, as its "end" line says it."""

    call_id: str
    number: str
    attempt: int = 1
    behaviour: str = ""
    direction: str = "to-town"
    """"to-town", or "to-phone" for a call the town made."""
    at: float = 0.0
    """Wall time of the INVITE, seconds since the epoch; "invite_at" in the line."""
    answered_at: float | None = None
    """Wall time at which the 200 left (or came, to-phone)."""
    acked_at: float | None = None
    ended_at: float | None = None
    """Wall time of the BYE or of the last failing response."""
    rang_seconds: float = 0.0
    talk_seconds: float = 0.0
    code: int = 0
    """Final response to the INVITE; 0: none."""
    result: str = ""
    """"answered", "cancelled", "rejected", "unacknowledged", "given-up" or "town-closed"; empty while it lives."""
    ended_by: str = ""
    """"phone", "callee" or "town"."""
    transferred_to: str = ""
    rtp: RtpReport | None = None
    dtmf: str = ""


class Totals(Struct):
    """Sums over the calls that have ended."""

    calls: int = 0
    numbers: int = 0
    answered: int = 0
    cancelled: int = 0
    rejected: int = 0
    other: int = 0
    talk_seconds: float = 0.0
    by_code: dict[int, int] = field(default_factory=dict)
    by_behaviour: dict[str, int] = field(default_factory=dict)
    open: int = 0
    """Calls still alive; they are in no other figure."""


class Ledger:
    """Events in memory and, if wished, in a file. Safe to read and wait on from any thread."""

    def __init__(self, path: Path | str | None = None, fsync: bool = False) -> None:
        self.calls: list[CallRecord] = []
        self.events: deque[dict[str, Any]] = deque(maxlen=EVENTS_KEPT)
        self._file: BinaryIO | None = None
        if path:
            self._file = Path(path).open("ab", buffering=0)  # noqa: SIM115 - lives as long as the town
        self._fsync = fsync
        self._news = threading.Condition()
        self._attempts: Counter[str] = Counter()

    def write(self, event: str, **fields: Any) -> None:
        """Note an event: `at` is wall time, `clock` the machine's monotonic clock, both in seconds."""
        line = {"at": round(time.time(), 6), "clock": round(time.monotonic(), 6), "event": event, **fields}
        if self._file:
            self._file.write(msgspec.json.encode(line) + b"\n")
            if self._fsync:
                os.fsync(self._file.fileno())
        with self._news:
            self.events.append(line)
            self._news.notify_all()

    def next_attempt(self, number: str) -> int:
        """The number of a new call to a number, from 1."""
        self._attempts[number] += 1
        return self._attempts[number]

    def ended(self, record: CallRecord) -> None:
        """Write the "end" line of a call."""
        fields = msgspec.to_builtins(record)
        self.write("end", **{"invite_at" if name == "at" else name: value for name, value in fields.items()})

    def wait(
        self, wanted: Callable[[dict[str, Any]], bool], timeout: float, count: int = 1
    ) -> list[dict[str, Any]]:
        """Block until `count` events satisfy `wanted`, past ones included. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = [event for event in self.events if wanted(event)]
                if len(found) >= count:
                    return found
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(
                        f"{len(found)} of {count} events within {timeout} s; last: {list(self.events)[-3:]}"
                    )

    def totals(self) -> Totals:
        """Sums over the calls so far (calls to the town)."""
        calls = [call for call in list(self.calls) if call.direction == "to-town"]
        done = [call for call in calls if call.result]
        named = ("answered", "cancelled", "rejected")
        results = Counter(call.result if call.result in named else "other" for call in done)
        return Totals(
            calls=len(done),
            numbers=len({call.number for call in done}),
            answered=results["answered"],
            cancelled=results["cancelled"],
            rejected=results["rejected"],
            other=results["other"],
            talk_seconds=round(sum(call.talk_seconds for call in done), 3),
            by_code=dict(sorted(Counter(call.code for call in done).items())),
            by_behaviour=dict(sorted(Counter(call.behaviour for call in done).items())),
            open=len(calls) - len(done),
        )

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None
