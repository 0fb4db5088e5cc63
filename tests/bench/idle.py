# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone that does nothing: CPU, wake-ups, memory; and how soon it is registered."""

from __future__ import annotations

import sys
import time

from tests.bench import baresip
from tests.bench.bare import Bare
from tests.bench.baresip import Baresip
from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet
from tests.bench.process import Usage, watch

SETTLE = 4.0
BIG = 10_000


def measure(bench: Bench) -> list[Figure]:
    """Paused with a sheet of 10,000 tasks, and signed out; beside peers that are registered and idle."""
    seconds = bench.count(30, 8)
    bench.say(f"idle, {seconds} s each")
    with Callee() as callee, Office(bench.place("idle"), callee, sheet(BIG), auto_ready=False) as office:
        time.sleep(SETTLE)
        paused = watch(office.pid, seconds)
    with Callee() as callee, Office(bench.place("idle-off"), callee, sheet(1), auto_ready=False,
                                    signed_in=False) as office:
        time.sleep(SETTLE)
        off = watch(office.pid, seconds)
    peers = _peers(bench, seconds)
    return [
        _cpu("idle-cpu", "CPU, registered, signed out", off, peers),
        _cpu("idle-cpu-paused", "CPU, registered, paused over a sheet (the clock on the screen runs)", paused, peers),
        Figure("memory", f"resident, sheet of {BIG:,} tasks", "MiB", _one(paused.rss),
               {name: _one(usage.rss) for name, usage in peers.items()}, "≤ 80 MiB", "no page open; peers have no sheet"),
    ]


def start(bench: Bench) -> list[Figure]:
    """From the process's first instruction to the 200 OK on its REGISTER."""
    count = bench.count(7, 3)
    bench.say("start-up")
    ours, theirs, bare = [], [], []
    with Callee() as callee:
        with Office(bench.place("start"), callee, sheet(200), auto_ready=False) as office:
            for _ in range(count):
                ours.append(callee.registrations[-1] - office.started)
                office.stop()
                office.start()
        for index in range(count):
            if baresip.installed():
                with Baresip(bench.place(f"start-baresip-{index}"), callee, bench.voice(8000)) as peer:
                    theirs.append(callee.registrations[-1] - peer.started)
            with Bare(callee) as plain:
                bare.append(callee.registrations[-1] - plain.started)
    peers = {"bare pjsua2": Sample.of(bare)}
    if theirs:
        peers["baresip"] = Sample.of(theirs)
    return [Figure("start", "process begun to registered", "s", Sample.of(ours[1:] or ours), peers,
                   "power on to registered 20 s (Pi 4)", "the store holds a session of 200 tasks; the first start is left out")]


def _peers(bench: Bench, seconds: float) -> dict[str, Usage]:
    found = {}
    with Callee() as callee:
        if baresip.installed():
            with Baresip(bench.place("idle-baresip"), callee, bench.voice(8000)) as peer:
                time.sleep(SETTLE)
                found["baresip"] = watch(peer.pid, seconds)
        with Bare(callee) as plain:
            time.sleep(SETTLE)
            found["bare pjsua2"] = watch(plain.pid, seconds)
    return found


def _cpu(name: str, what: str, usage: Usage, peers: dict[str, Usage]) -> Figure:
    return Figure(name, what, "%", _one(usage.cpu), {peer: _one(u.cpu) for peer, u in peers.items()},
                  "< 0.5 % (desktop), < 2 % (Pi 4)", f"of one core; Python {sys.version.split()[0]}",
                  {"wake-ups a second": round(usage.wake_ups, 1),
                   **{f"wake-ups a second, {peer}": round(u.wake_ups, 1) for peer, u in peers.items()}})


def _one(value: float) -> Sample:
    return Sample.of([value])
