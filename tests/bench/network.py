# SPDX-License-Identifier: GPL-3.0-or-later
"""From the network's return to the REGISTER, in a network namespace where a default route can come and go."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.callee import Callee
from tests.bench.figures import Figure, Sample
from tests.bench.office import Office, sheet
from tests.bench.process import run

_ENTER = ["unshare", "--net"]
_ENTER_USER = ["unshare", "--user", "--map-root-user", "--net"]
_SETUP = ("link set lo up", "link add d0 type veth peer name d1", "address add 192.0.2.2/24 dev d0", "link set d0 up", "link set d1 up",
          "route add default via 192.0.2.1")
_ROUTE = "route {} default via 192.0.2.1"
REST = 1.5


def measure(bench: Bench) -> list[Figure]:
    """The registrar is on loopback; only the default route goes and returns."""
    enter = next((way for way in (_ENTER, _ENTER_USER) if _works(way)), None)
    what, target = "default route back to REGISTER", "at once"
    if enter is None:
        return [Figure("network-return", what, "ms", None, {}, target, "not measured: no network namespaces here")]
    bench.say("network return")
    count = bench.count(10, 4)
    done = run([*enter, sys.executable, "-m", "tests.bench.network", str(bench.folder), str(count)], Path.cwd())
    times = json.loads(done.output.splitlines()[-1])
    return [Figure("network-return", what, "ms", Sample.of(times), {}, target,
                   "0.3 s of it is the pause in which a burst of route changes settles; pjsua's own retry is 300 s")]


def _works(enter: list[str]) -> bool:
    if not (shutil.which("unshare") and shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")):
        return False
    return subprocess.run([*enter, "true"], capture_output=True, check=False).returncode == 0


def _ip(words: str) -> None:
    program = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") or "ip"
    subprocess.run([program, *words.split()], check=True)


def main(folder: Path, count: int) -> None:
    """Inside the namespace."""
    for words in _SETUP:
        _ip(words)
    times = []
    with tempfile.TemporaryDirectory(dir=folder) as place, Callee() as callee, \
            Office(Path(place) / "net", callee, sheet(10), auto_ready=False):
        for _ in range(count):
            time.sleep(REST)
            _ip(_ROUTE.format("del"))
            time.sleep(REST)
            before = len(callee.registrations)
            began = time.time()
            _ip(_ROUTE.format("add"))
            callee.wait(lambda before=before: len(callee.registrations) > before, 60)  # type: ignore[misc]
            times.append(1000 * (callee.registrations[before] - began))
    print(json.dumps(times))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
