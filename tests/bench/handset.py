# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's drivers, their parts modelled: what the drivers add between a finger and what the agent sees."""

from __future__ import annotations

import json
import sys

from callsheet.formats.sheet import write_sheet
from callsheet.simulator.fileserver import FileServer
from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.drivers import THREADS
from tests.bench.figures import Figure, Sample
from tests.bench.office import AGENT, PIN, settings, sheet
from tests.bench.process import run


def measure(bench: Bench) -> list[Figure]:
    """The shipped phone on its drivers; electricity, glass and USB are models."""
    folder = bench.place("handset")
    (folder / "files" / "sheets").mkdir(parents=True)
    (folder / "files" / "sheets" / f"{AGENT}.json").write_bytes(write_sheet(sheet(200, mode="preview")))
    bench.say("the handset's drivers")
    files = FileServer(folder / "files", {AGENT: PIN}).start()
    try:
        with Callee() as callee:
            config = settings(folder, callee, files, microphone=None, auto_ready=False)
            done = run([sys.executable, "-m", "tests.bench.drivers", str(config), str(bench.count(40, 10)),
                        str(bench.count(30, 8))], bench.folder)
    finally:
        files.close()
    seen = json.loads(done.output.splitlines()[-1])
    idle = seen["idle"]
    drivers = sum(idle[name] for name in THREADS if name in idle)
    return [
        Figure("drivers-key-to-lamp", "contact closes to changed lamp, over RPi.GPIO and gpiozero", "ms",
               Sample.of(seen["lamp"]), {}, "≤ 20 ms", "modelled lines"),
        Figure("drivers-key-to-display", "contact closes to last byte of the changed frame on the bus", "ms",
               Sample.of(seen["frame"]), {}, "≤ 60 ms", "modelled SSD1306; its bus takes as long as at 400 kHz"),
        Figure("drivers-bytes", "bytes on the bus for that frame", "bytes", Sample.of(seen["bytes"]), {},
               "less than a whole frame: 1,034", "address and control bytes included"),
        Figure("drivers-idle-cpu", "CPU of the five driver threads, phone paused", "%", Sample.of([drivers]), {},
               "< 0.5 % (desktop), < 2 % (Pi 4), with the rest of the phone", "of one core; lamps blink",
               {name: round(value, 3) for name, value in idle.items()}),
    ]
