# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight hours of work, seven of them without file server, name server and DHCP: nothing is lost, nothing comes twice.

`pytest tests/contract/transport/test_shift.py -s` prints the shift as a table.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from callsheet.core.behaviour import Mode
from callsheet.core.model import OrderKey, Sheet, Task
from callsheet.core.screen import Screen
from callsheet.formats.names import parsed_name
from callsheet.formats.results import read_results
from callsheet.formats.settings import SheetSettings
from callsheet.formats.sheet import read_sheet, write_sheet
from callsheet.formats.status import read_status
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.servers import Nginx
from tests.contract.transport.shift import Network, Shift

HOST, AGENT, PIN = "files.office.test", "101", "4711"
GONE, CUT, BACK, END = 0.25, 3.0, 7.25, 8.0
"""Hours: the network goes, the power fails in the middle of it, the network is back, the agent leaves."""
TASKS = 220
LONGEST_CALL = 480.0
"""Seconds, with ringing and wrap-up."""
PUT = re.compile(r'"PUT /private/(\S+) HTTP/1.1" (\d+)')


class Report(NamedTuple):
    """What is left when all is over."""

    shift: Shift
    sheet: Sheet
    puts: list[tuple[str, int]]
    """Name and status of every PUT, as nginx logged them."""
    files: dict[str, bytes]
    before: int
    """Uploads delivered when the network went."""
    peak: int
    """Uploads waiting when it came back, and what the agent's screen said then."""
    seen: Screen
    delivered: float
    """Seconds from the network's return until nothing waited any more."""
    revision: int
    keys: list[str]
    left: bytes
    """All bytes of the data directory at the end."""


def sheet() -> Sheet:
    tasks = tuple(Task(f"t{n:03}", f"+4420794{60000 + n}", name=f"Callee {n:03}") for n in range(TASKS))
    return Sheet(id="day", agent=AGENT, revision=1, tasks=tasks, max_attempts=2, order=(OrderKey("priority"),))


def revised(before: Sheet) -> Sheet:
    """While nobody could fetch it: some callees gone, some given to another agent, one changed, five more."""
    kept = [task for task in before.tasks if not task.id.endswith("7")]
    kept[-1] = replace(kept[-1], name="Changed", priority=9)
    away = tuple(replace(task, withdrawn=True) for task in before.tasks if task.id.endswith("7"))
    more = tuple(Task(f"n{n}", f"+4420794{70000 + n}", name=f"New {n}", priority=5) for n in range(5))
    return replace(before, revision=2, tasks=(*kept, *away, *more))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, office: Certificates) -> Iterator[Report]:
    base = tmp_path_factory.mktemp("shift")
    (base / "nginx").mkdir()
    nginx = Nginx(base / "nginx", office.issue("shift", HOST))
    nginx.user(AGENT, PIN)
    network = Network(f"https://{HOST}:{nginx.port}/private/{{agent}}.json", HOST, "127.0.0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", network.getaddrinfo)
        nginx.start()
        try:
            yield work(base / "data", nginx, network, office.ca_file)
        finally:
            nginx.stop()


def publish(nginx: Nginx, sheet: Sheet) -> None:
    part = nginx.root / "private" / ".part"
    part.write_bytes(write_sheet(sheet))
    part.rename(nginx.root / "private" / f"{AGENT}.json")


def work(data: Path, nginx: Nginx, network: Network, ca_file: Path) -> Report:
    first = sheet()
    publish(nginx, first)
    settings = SheetSettings(auth="agent-pin", ca_file=str(ca_file), connect_timeout=5.0, read_timeout=5.0)
    shift = Shift(data, settings, network)
    try:
        shift.press(f"{AGENT}#{PIN}#")
        shift.until(GONE)
        before = len(delivered(nginx))
        nginx.stop()
        network.up = False
        shift.until(CUT)
        while shift.mode is not Mode.TALKING:
            shift.until(shift.hour + 1 / 3600)
        shift.cut()
        shift.boot()
        shift.until(3.5)
        lunch(shift, until=4.0)
        publish(nginx, revised(first))
        shift.until(BACK)
        peak, seen = len(shift.store.waiting()), shift.screen
        network.up = True
        nginx.start()
        back = shift.mono
        shift.link_is_back()
        while shift.store.waiting():
            shift.until(shift.hour + 1 / 3600)
        took = shift.mono - back
        shift.until(END)
        revision = go_home(shift)
        files = {path.name: path.read_bytes() for path in (nginx.root / "private").glob("*-*.json")}
        log = (nginx.base / "access.log").read_text()
        puts = [(name, int(status)) for name, status in PUT.findall(log)]
        shift.store.waiting()
        return Report(shift, first, puts, files, before, peak, seen, took, revision,
                      [path.name for path in data.glob("session-*")],
                      b"".join(path.read_bytes() for path in data.iterdir()))
    finally:
        shift.close()


def delivered(nginx: Nginx) -> list[Path]:
    return list((nginx.root / "private").glob("*-*.json"))


def lunch(shift: Shift, until: float) -> None:
    shift.at_ease = True
    while shift.mode is not Mode.PAUSED:
        if shift.mode in (Mode.PREVIEW, Mode.COUNTDOWN, Mode.WAITING):
            shift.press("A2")
        shift.until(shift.hour + 2 / 3600)
    shift.until(until)
    shift.at_ease = False


def go_home(shift: Shift) -> int:
    """Sign out, and wait until the phone has nothing left of the day; the revision that was worked."""
    shift.at_ease = True
    while shift.mode is not Mode.PAUSED:
        if shift.mode in (Mode.PREVIEW, Mode.COUNTDOWN, Mode.WAITING):
            shift.press("A1")
        shift.until(shift.hour + 2 / 3600)
    queue = shift.processor.state.queue
    assert queue is not None
    shift.choose("sign-out")
    shift.until(shift.hour + 5 / 3600)
    assert shift.mode is Mode.OFF, shift.screen
    return queue.sheet.revision


def test_the_shift_was_worked_through(report: Report) -> None:
    during = [made for made in results(report) if GONE < hour(report, made) < BACK]
    assert len(report.shift.calls) >= 90
    assert len(during) >= 80
    assert report.shift.typed_again == 1, "the PIN went with the power, and was typed again"
    show(report)


def results(report: Report) -> list[str]:
    """Names of the results in the order in which they were stored."""
    return [name for _, (name, _) in sorted(report.shift.queued.items()) if name.startswith("result-")]


def hour(report: Report, name: str) -> float:
    (task,) = read_results(report.files[name]).tasks
    return (task.attempts[0].ended.timestamp() - 1795424400.0) / 3600.0


def test_everything_arrived_once_in_order_to_the_byte(report: Report) -> None:
    queued = [made for _, made in sorted(report.shift.queued.items())]
    assert [name for name, status in report.puts if status == 201] == [name for name, _ in queued]
    assert report.files == dict(queued)
    assert all(status == 201 for _, status in report.puts), "nothing was sent twice"
    assert len({name for name, _ in queued}) == len(queued)
    assert wrong(report) == (0, 0, 0)


def test_nothing_arrived_while_the_network_was_away_and_the_agent_saw_how_much_waits(report: Report) -> None:
    kinds = Counter(name.partition("-")[0] for name, _ in report.puts[report.before:report.before + report.peak])
    assert report.peak >= 80
    assert kinds["result"] >= 80
    assert report.shift.queued.keys() >= set(range(1, report.before + report.peak + 1))
    assert "upload" in report.seen.icons


def test_it_tried_on_and_on_without_haste_and_out_of_step(report: Report) -> None:
    tries = [at * 3600.0 for at in report.shift.tries if GONE + 0.5 < at < BACK]
    idle = [later - earlier for earlier, later in pairwise(tries)]
    longest = SheetSettings().retry_max * 1.2
    assert max(idle) <= longest + 1.0, "never longer than the settings say"
    assert report.delivered <= longest + LONGEST_CALL, "the PIN is asked for between two calls"
    assert len({round(one) for one in idle}) > 5, "jittered"


def test_every_call_has_one_result(report: Report) -> None:
    attempts = [made for name in results(report) for made in read_results(report.files[name]).tasks[0].attempts]
    by_id = {attempt.id: attempt for attempt in attempts}
    assert len(by_id) == len(report.shift.calls)
    assert Counter(attempt.number for attempt in by_id.values()) == Counter(report.shift.calls)
    assert sum(attempt.outcome == "unknown" for attempt in by_id.values()) == 1, "the call that the power cut took"


def test_the_revision_of_the_afternoon_was_worked(report: Report) -> None:
    assert report.revision == 2
    new = {f"+4420794{70000 + n}" for n in range(5)}
    assert new <= set(report.shift.calls)
    (remaining,) = (read_sheet(body).sheet for name, body in report.files.items() if name.startswith("remaining-"))
    left = {task.id for task in remaining.tasks}
    made = {read_results(report.files[name]).tasks[0].id for name in results(report)}
    assert not [id for id in left if id.endswith("7") and id.startswith("t")]
    final = {task.id for name in results(report) for task in read_results(report.files[name]).tasks if task.final}
    assert left | final >= {task.id for task in report.sheet.tasks if not task.id.endswith("7")}
    assert not left & final
    assert any(id.endswith("7") for id in made), "some had been called before they were taken away, and keep their result"


def test_the_day_can_be_added_up(report: Report) -> None:
    told = sorted((read_status(body) for name, body in report.files.items() if name.startswith("status-")),
                  key=lambda one: one.at)
    assert [(one.work, one.reason) for one in told] == [
        ("paused", "pause.signed-in"), ("ready", ""), ("paused", "pause.power"), ("ready", ""),
        ("paused", "pause.lunch"), ("ready", ""), ("paused", "pause.break"), ("signing-out", "")]
    spent = Counter[str]()
    for one, after in pairwise(told):
        spent[one.reason or one.work] += round((after.at - one.at).total_seconds())
    assert spent["pause.lunch"] > 1500
    assert spent["ready"] > 7 * 3600


def test_nothing_of_a_callee_is_left(report: Report) -> None:
    assert report.keys == []
    assert b"Callee" not in report.left
    assert not any(task.number.encode() in report.left for task in report.sheet.tasks)


def wrong(report: Report) -> tuple[int, int, int]:
    """Uploads that overtook another, that were sent more than once, that did not arrive."""
    numbers = {name: number for number, (name, _) in report.shift.queued.items()}
    arrived = [numbers[name] for name, _ in report.puts]
    late = sum(later < earlier for earlier, later in pairwise(arrived))
    return late, len(arrived) - len(set(arrived)), len(numbers.keys() - report.files.keys())


def show(report: Report) -> None:
    kinds = Counter(parsed_name(name)["kind"] for name, _ in report.puts)  # type: ignore[index]
    outcomes = Counter(read_results(report.files[name]).tasks[0].outcome for name in results(report))
    away = [at for at in report.shift.tries if GONE < at < BACK]
    rows = {
        "shift": f"{END:g} h; no file server, name server, DHCP for {BACK - GONE:g} h; one power cut in a call",
        "calls": f"{len(report.shift.calls)}: " + ", ".join(f"{n} {what}" for what, n in outcomes.most_common()),
        "delivered before": report.before,
        "waiting when the network came back": report.peak,
        "tries while it was away": f"{len(away)} (results and timer)",
        "from its return to the last upload": f"{report.delivered:.0f} s",
        "delivered": ", ".join(f"{n} {kind}" for kind, n in kinds.items()),
        "out of order, twice, lost": ", ".join(map(str, wrong(report))),
    }
    print("\n" + "\n".join(f"{name:36} {value}" for name, value in rows.items()))


def test_the_search_for_what_is_left_would_find_it(report: Report, tmp_path: Path) -> None:
    """Against a search that finds nothing because it cannot."""
    path = tmp_path / "sheet.json"
    path.write_bytes(write_sheet(report.sheet))
    assert b"Callee" in path.read_bytes()
    shutil.rmtree(tmp_path)
