# SPDX-License-Identifier: GPL-3.0-or-later
"""From a finger on a key to what the agent sees."""

from __future__ import annotations

import json
import sys

from callsheet.formats.sheet import write_sheet
from callsheet.simulator.fileserver import FileServer
from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import AGENT, PIN, settings, sheet
from tests.bench.process import run


def measure(bench: Bench) -> list[Figure]:
    """The phone runs with all its parts in one process with the finger; only pins are simulated."""
    folder = bench.place("keys")
    (folder / "files" / "sheets").mkdir(parents=True)
    (folder / "files" / "sheets" / f"{AGENT}.json").write_bytes(write_sheet(sheet(200, mode="preview")))
    bench.say("keys")
    files = FileServer(folder / "files", {AGENT: PIN}).start()
    try:
        with Callee() as callee:
            config = settings(folder, callee, files, microphone=None, auto_ready=False)
            done = run([sys.executable, "-m", "tests.bench.finger", str(config), str(bench.count(60, 20))], bench.folder)
    finally:
        files.close()
    seen = json.loads(done.output.splitlines()[-1])
    return [
        Figure("key-to-display", "contact closes to changed frame on the display", "ms", Sample.of(seen["frame"]), {},
               "≤ 60 ms", "simulated handset: the display's bus is not in it"),
        Figure("key-to-lamp", "contact closes to changed lamp", "ms", Sample.of(seen["lamps"]), {}, "≤ 20 ms",
               "simulated handset"),
    ]
