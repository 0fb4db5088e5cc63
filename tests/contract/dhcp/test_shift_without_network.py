# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone that really runs works on while its file server, name server and DHCP server are stopped; then all arrives.

`pytest tests/contract/dhcp/test_shift_without_network.py -s` prints the figures.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from callsheet.core.model import Sheet, Task
from callsheet.formats.results import read_results
from callsheet.formats.sheet import write_sheet
from tests.contract.dhcp.office import SERVER, Office
from tests.support.running import toml

pytest.importorskip("pjsua2")
pytestmark = pytest.mark.timeout(420)
ROOT = Path(__file__).parents[3]
HOST, PORT, TOWN = "files.office.test", 8081, "127.0.0.1:5070"
LINK = f"http://{HOST}:{PORT}/"
TASKS, CALLS = 70, 50
"""Callees on the sheet; calls that must be made while nothing is there."""
PATIENCE = 120.0
BEHAVIOURS = {
    "answer": {"share": 0}, "hangs-up-first": {"share": 40, "ring": [0.1, 0.3], "talk": [0.1, 0.4]},
    "busy-then-answer": {"share": 30}, "unallocated": {"share": 20}, "declines": {"share": 10, "ring": [0.1, 0.3]},
}
PUT = re.compile(r"^PUT /results/(\S+) (\d+)$", re.MULTILINE)


class Report(NamedTuple):
    """What is left when all is over."""

    rung: Counter[str]
    """Calls per number, as the callees saw them."""
    puts: list[tuple[str, int]]
    files: dict[str, bytes]
    before: int
    away: int
    """Calls that ended while the servers were stopped."""
    seconds: float
    """How long they were."""
    arrived: int
    """Files that came meanwhile: none can."""
    delivered: float
    """Seconds from the servers' return to the report on the finished sheet."""
    log: str


class Rooms:
    """The office, the phone in it, and whom it calls."""

    def __init__(self, office: Office, base: Path) -> None:
        self.office, self.base = office, base
        self.files = base / "files"
        (self.files / "results").mkdir(parents=True)
        (self.files / "sheets").mkdir()
        tasks = tuple(Task(f"t{n:02}", f"+44207946{n:04}", name=f"Callee {n}") for n in range(TASKS))
        sheet = Sheet("day", "101", 1, tasks, mode="progressive", gap=0.0, preview=0.0, wrap_up=5.0, max_attempts=1)
        (self.files / "sheets" / "101.json").write_bytes(write_sheet(sheet))
        (office.base / "resolv.conf").write_text(f"nameserver {SERVER}\noptions timeout:1 attempts:1\n")
        (base / "town.toml").write_text('seed = "shift"\n' + toml({"behaviours": BEHAVIOURS}))
        (base / "phone.toml").write_text(toml(self._settings()))
        self._python(office.phone, "town.log", "-m", "callsheet.simulator.town", "--config", str(base / "town.toml"),
                     "--listen", TOWN, "--log", str(base / "town.jsonl"))
        self.open()

    def _settings(self) -> dict[str, dict[str, object]]:
        return {
            "phone": {"id": "shift", "zone": "Europe/London", "agent": "101", "pin": "4711", "auto_ready": True},
            "sheet": {"upload": f"{LINK}results/", "retry_min": 0.5, "retry_max": 4.0, "poll": 5.0,
                      "connect_timeout": 2.0},
            "calls": {"wrap_up_failed": 0.0},
            "sip": {"server": TOWN, "user": "101", "password": "none", "register": False, "codecs": ["PCMU"],
                    "rtp_port": 0, "local_address": "127.0.0.1"},
            "audio": {"device": "null"},
            "dhcp": {"hosts": [HOST]},
            "simulator": {"enabled": True, "autopilot": True, "agent": "101", "pin": "4711", "talk": [0.1, 0.3]},
        }

    def _python(self, space: str, log: str, *words: str) -> subprocess.Popen[bytes]:
        path = f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"
        return self.office.run(space, log, sys.executable, *words, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT)

    def open(self) -> None:
        """The file server."""
        self._server = self._python(self.office.server, "requests.log", str(Path(__file__).with_name("file_server.py")),
                                    SERVER, str(PORT), str(self.files))

    def close(self) -> None:
        """File server, name server and DHCP server are stopped."""
        for process in (self._server, self.office._server):
            process.send_signal(signal.SIGTERM)
            process.wait(10)

    def switch_on(self) -> subprocess.Popen[bytes]:
        """The phone, where dhcpcd has its network, its /run and its resolver."""
        return self._python(self.office.phone, "phone.log", "-c", _ENTER, str(self.office._client.pid),
                            str(self.base / "phone.toml"))

    def ended(self) -> list[str]:
        """Numbers of the calls that are over, as the town tells."""
        path = self.base / "town.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        told = (json.loads(line) for line in lines if line.endswith("}"))
        return [one["number"] for one in told if one.get("event") == "end"]

    def results(self) -> list[Path]:
        """What has arrived."""
        return [path for path in (self.files / "results").glob("*.json") if not path.name.startswith("lease-")]

    def wait(self, true: Callable[[], object], what: str) -> None:
        """Until something has come about."""
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                logs = "\n".join(self.office.log(name)[-2500:] for name in ("phone.log", "town.log", "requests.log"))
                raise AssertionError(f"{what}: {len(self.ended())} calls, {len(self.results())} files\n{logs}")
            time.sleep(0.1)


_ENTER = """
import os, sys
os.execvp("nsenter", ["nsenter", "-t", sys.argv[1], "-m", "-n", sys.executable, "-m", "callsheet", "phone",
                      "--config", sys.argv[2], "--verbose"])
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    base = tmp_path_factory.mktemp("shift")
    (base / "office").mkdir()
    office = Office(base / "office")
    names = ("--port=53", f"--address=/{HOST}/{SERVER}", "--no-resolv", "--no-hosts")
    try:
        office.start(f'160,"{LINK}sheets/{{agent}}.json"', dnsmasq=names)
        yield work(Rooms(office, base), names)
    finally:
        office.stop()


def work(rooms: Rooms, names: tuple[str, ...]) -> Report:
    office = rooms.office
    rooms.switch_on()
    rooms.wait(lambda: len(rooms.results()) >= 5, "the phone does not work at all")
    rooms.close()
    before, made, began = len(rooms.results()), len(rooms.ended()), time.monotonic()
    rooms.wait(lambda: len(rooms.ended()) >= made + CALLS, "the phone does not work on")
    time.sleep(2.0)
    seconds, away, arrived = time.monotonic() - began, len(rooms.ended()) - made, len(rooms.results()) - before
    began = time.monotonic()
    office._dnsmasq((f'160,"{LINK}sheets/{{agent}}.json"',), names)
    rooms.open()
    rooms.wait(lambda: list((rooms.files / "results").glob("complete-*")), "the report does not come")
    delivered = time.monotonic() - began
    files = {path.name: path.read_bytes() for path in rooms.results()}
    puts = [(name, int(status)) for name, status in PUT.findall(office.log("requests.log")) if "lease-" not in name]
    return Report(Counter(rooms.ended()), puts, files, before, away, seconds, arrived, delivered, office.log("phone.log"))


def results(report: Report) -> list[str]:
    """Names in the order of arrival."""
    return [name for name, status in report.puts if name.startswith("result-") and status == 201]


def test_it_worked_on_without_any_of_them(report: Report) -> None:
    assert report.away >= CALLS
    assert report.arrived == 0
    assert f"the name {HOST} cannot be found (DNS)" in report.log
    kinds = Counter(name.partition("-")[0] for name in report.files)
    print(f"\ncalls while file server, name server and DHCP server were stopped: {report.away} in {report.seconds:.0f} s"
          f"\nfiles before: {report.before}, meanwhile: {report.arrived}, in the end: "
          + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
          + f"\nfrom their return to the last file: {report.delivered:.1f} s")


def test_everything_arrived_in_order_and_once(report: Report) -> None:
    made = [int(name.removesuffix(".json").rpartition("-")[2]) for name in results(report)]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert len(made) == TASKS
    sent = Counter(name for name, status in report.puts if status in (201, 204))
    assert set(sent.values()) == {1}, "no file was written twice"
    assert sent.keys() == report.files.keys()


def test_each_call_is_one_result_and_each_result_one_call(report: Report) -> None:
    told = Counter(read_results(report.files[name]).tasks[0].attempts[0].number for name in results(report))
    digits = {number.lstrip("+"): count for number, count in report.rung.items()}
    assert {number.lstrip("+"): count for number, count in told.items()} == digits
    (complete,) = (read_results(body) for name, body in report.files.items() if name.startswith("complete-"))
    assert all(task.final for task in complete.tasks)
    assert len(complete.tasks) == TASKS
