# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet called without a pause: answer to voice, and hang-up to the next INVITE."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import baresip
from tests.bench.baresip import Baresip
from tests.bench.bench import Bench
from tests.bench.callee import Callee, Times
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet

TALK = 0.3
"""Seconds of the agent's voice before the callee hangs up."""


def measure(bench: Bench) -> list[Figure]:
    """Both from the same calls."""
    count = bench.count(60, 12)
    ours = _ours(bench, count)
    peer = _peer(bench, count) if baresip.installed() else []
    return [_voice(ours, peer), _from_answer(ours, peer), _next(ours, peer, _flushes(bench.folder))]


def _ours(bench: Bench, count: int) -> list[Times]:
    bench.say(f"{count} calls of ours")
    with Callee(talk=TALK) as callee, \
            Office(bench.place("calls"), callee, sheet(count), microphone=bench.voice(16000)):
        callee.wait(lambda: callee.ended() >= count, 30 + 5 * count)
        return callee.calls


def _peer(bench: Bench, count: int) -> list[Times]:
    bench.say(f"{count} calls of baresip's")
    with Callee(talk=TALK) as callee, Baresip(bench.place("calls-baresip"), callee, bench.voice(8000)) as peer:
        for index in range(count):
            peer.dial(f"999{index:08d}")
            peer.wait("CALL_CLOSED")
        callee.wait(lambda: callee.ended() >= count, 10)
        return callee.calls


def _voice(ours: list[Times], peer: list[Times]) -> Figure:
    return Figure(
        "answer-to-voice", "our ACK to the agent's first voice, at the callee", "ms", _spans(ours, "ack", "first_voice"),
        _peers(peer, "ack", "first_voice"), "≤ 40 ms",
        "microphone and ear piece are files; the callee decodes each packet; kernel time stamps",
        {"ours": _each(ours, "ack", "first_voice")})


def _from_answer(ours: list[Times], peer: list[Times]) -> Figure:
    return Figure(
        "answer-to-voice-all", "callee's 200 OK to the agent's first voice", "ms", _spans(ours, "answered", "first_voice"),
        _peers(peer, "answered", "first_voice"), "", "the same calls, from the moment the callee lifts")


def _next(ours: list[Times], peer: list[Times], flush: Sample) -> Figure:
    return Figure(
        "next-call", "callee's BYE to the next INVITE, gap 0", "ms", Sample.of(_pauses(ours)),
        ({"baresip, redialled by a script": Sample.of(_pauses(peer))} if peer else {}) | {"one flush of this disk": flush}, "≤ 5 ms (desktop), ≤ 25 ms (Pi 4)",
        "result and next intention are on disk (SQLite, WAL, synchronous=FULL) before the INVITE; sound device closed "
        "and opened in between; results uploaded meanwhile", {"ours": [round(v, 2) for v in _pauses(ours)]})


def _flushes(folder: Path, count: int = 50) -> Sample:
    """Milliseconds that a page added to a file takes to be on the disk: what no phone that stores before it acts can beat."""
    times = []
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(count):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return Sample.of(times)


def _pauses(calls: Sequence[Times]) -> list[float]:
    return [1000 * (later.invite - call.bye) for call, later in itertools.pairwise(calls)]


def _each(calls: Sequence[Times], begin: str, end: str) -> list[float]:
    return [round(1000 * (getattr(c, end) - getattr(c, begin)), 2) for c in calls if getattr(c, begin) and getattr(c, end)]


def _spans(calls: Sequence[Times], begin: str, end: str) -> Sample:
    return Sample.of(_each(calls, begin, end))


def _peers(calls: Sequence[Times], begin: str, end: str) -> dict[str, Sample]:
    return {"baresip": _spans(calls, begin, end)} if calls else {}
