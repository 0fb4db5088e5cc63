# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call costs."""

from __future__ import annotations

import time
from typing import Literal

from tests.bench import baresip
from tests.bench.baresip import Baresip
from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet
from tests.bench.process import Usage, watch

SETTLE = 2.0
Codec = Literal["PCMU", "opus"]


def measure(bench: Bench) -> list[Figure]:
    """G.711 and Opus; the callee sends back what it hears."""
    seconds = bench.count(20, 8)
    return [_figure(bench, "call-g711", "PCMU", 8000, 1, seconds), _figure(bench, "call-opus", "opus", 48000, 2, seconds)]


def _figure(bench: Bench, name: str, codec: Codec, rate: int, channels: int, seconds: float) -> Figure:
    bench.say(f"{codec} call, {seconds} s each")
    ours = _ours(bench, codec, seconds)
    peers = {}
    if baresip.installed():
        peers["baresip"] = _peer(bench, codec, rate, channels, seconds)
    return Figure(name, f"CPU in {'a G.711' if codec == 'PCMU' else 'an Opus'} call", "%", Sample.of([ours.cpu]),
                  {peer: Sample.of([usage.cpu]) for peer, usage in peers.items()}, "≤ 1.3 × baresip",
                  "of one core; microphone is a file, ear piece a file (ours) or nothing (baresip); 20 ms packets both ways",
                  {"wake-ups a second": round(ours.wake_ups, 1),
                   **{f"wake-ups a second, {peer}": round(usage.wake_ups, 1) for peer, usage in peers.items()}})


def _ours(bench: Bench, codec: Codec, seconds: float) -> Usage:
    with Callee(codec=codec, echo=True) as callee, \
            Office(bench.place(f"talk-{codec}"), callee, sheet(200), microphone=bench.voice(16000), codec=codec) as office:
        callee.wait(lambda: callee.calls and callee.calls[0].first_voice, 20)
        time.sleep(SETTLE)
        return watch(office.pid, seconds)


def _peer(bench: Bench, codec: Codec, rate: int, channels: int, seconds: float) -> Usage:
    with Callee(codec=codec, echo=True) as callee, \
            Baresip(bench.place(f"talk-baresip-{codec}"), callee, bench.voice(rate, channels), codec) as peer:
        peer.dial("99900000000")
        callee.wait(lambda: callee.calls and callee.calls[0].first_voice, 20)
        time.sleep(SETTLE)
        return watch(peer.pid, seconds)
