# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets and results over HTTP and HTTPS that do not come, come late, come wrong: what a running phone makes of it."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from callsheet.adapters.store import SqliteStore
from callsheet.core.model import Task
from callsheet.core.numbers import canonical
from callsheet.core.queue.memory import counts
from callsheet.core.screen import Screen
from callsheet.formats.sheet import write_sheet
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.contract.transport.servers import Handler
from tests.e2e.conftest import address
from tests.e2e.site import Site
from tests.sip.peers.certs import Identity, issue
from tests.support.running import RunningPhone
from tests.support.workplace import AGENT, PIN, Workplace, number, revised, sheet_of

FIRST, NEXT = Task("first", number(1), name="Ada"), Task("next", number(2), name="Zoë")
LATE = Task("late", number(3), name="Omar")
RESULTS_ONLY = {"status_records": False, "lease_mode": "off"}
"""[sheet]: so that files can be counted."""
OFTEN = {"poll": 5.0}
"""[sheet]: the shortest there is."""


def says(*words: str) -> Callable[[Screen], bool]:
    """Of a screen: that its one line of trouble has these words."""
    return lambda screen: all(word in screen.alert for word in words)


@pytest.fixture
def start_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def start(identity: Identity | None = None) -> Site:
        context = None
        if identity is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
        made.append(Site(tmp_path / f"site-{len(made)}", context))
        return made[-1]

    yield start
    for site in made:
        site.close()


@pytest.fixture
def site(start_site: Callable[..., Site]) -> Site:
    return start_site()


def _truncated(handler: Handler) -> None:
    body = write_sheet(sheet_of(FIRST))
    handler.reply(200, body[: len(body) // 2], Content_Length=str(len(body)))
    handler.close_connection = True


def _half(handler: Handler) -> None:
    """Half a sheet that calls itself whole: the server's own copy is broken."""
    body = write_sheet(sheet_of(FIRST))
    handler.reply(200, body[: len(body) // 2])


def _circle(handler: Handler) -> None:
    handler.reply(302, Location=handler.path)


ILLNESSES = {
    "500": (lambda handler: handler.reply(500), ("Server not reached", "HTTP 500")),
    "truncated": (_truncated, ("Server not reached", "ended early")),
    "silent": (Handler.stall, ("Server not reached", "no answer", "in time")),
    "hangs-up": (lambda handler: handler.raw(b""), ("Server not reached", "hung up")),
    "not-there": (lambda handler: handler.reply(404), ("No sheet there", "HTTP 404")),
    "half-a-sheet": (_half, ("Bad sheet", "line 1")),
    "redirected-in-a-circle": (_circle, ("No sheet", "redirect")),
}


@pytest.mark.parametrize("illness", ["500", "truncated", "silent", "hangs-up", "not-there"])
def test_a_bound_phone_says_what_is_wrong_and_goes_on_trying(site: Site, town: TownServer, illness: str) -> None:
    act, words = ILLNESSES[illness]
    town.assign(FIRST.number, "busy")
    site.place.publish(sheet_of(FIRST, max_attempts=1))
    site.ail("GET", act)
    phone = site.place.phone(address(town), sheet={**OFTEN, "read_timeout": 0.5})
    phone.until("off", true=says(*words))
    assert not town.calls
    site.recover()
    assert site.place.wait_attempt("first").outcome == "busy"
    assert not phone.until("finished").alert


@pytest.mark.parametrize("illness", ["500", "half-a-sheet", "redirected-in-a-circle"])
def test_an_agent_signs_in_at_a_sick_server_and_tries_again(site: Site, town: TownServer, illness: str) -> None:
    act, words = ILLNESSES[illness]
    site.place.publish(sheet_of(FIRST))
    site.ail("GET", act)
    phone = site.place.phone(address(town), phone={"agent": "", "pin": "", "auto_ready": False})
    phone.until("off")
    phone.press(f"{AGENT}#{PIN}#")
    phone.until("off", true=says(*words))
    site.recover()
    phone.press(f"{AGENT}#{PIN}#")
    assert phone.until("paused").headline == "Signed in"
    assert not town.calls, "nobody has said ready"


def test_a_revised_sheet_is_merged_in_the_middle_of_a_call(site: Site, town: TownServer) -> None:
    """Withdrawn is not dialled, added is, changed is dialled as it is now; the call that is up goes on."""
    town.assign(FIRST.number, Behaviour(ring=0.1))
    town.assign(number(4), "busy")
    town.assign(LATE.number, "busy")
    changed = Task("changed", number(5), name="Grace")
    sheet = sheet_of(FIRST, NEXT, changed, max_attempts=1)
    site.place.publish(sheet)
    phone = site.place.phone(address(town), sheet=OFTEN)
    phone.until("talking")
    site.place.publish(revised(sheet, FIRST, replace(changed, number=number(4)), LATE))
    phone.until("talking", true=says("Sheet revised: +1 ~1 -1"))
    assert not town.calls[0].result
    phone.press("D")
    phone.until("wrap-up")
    phone.press("1")
    complete = site.place.wait(site.place.complete)
    assert [call.number for call in town.calls] == [FIRST.number, number(4), LATE.number]
    assert complete.revision == 2
    assert {task.id: task.outcome for task in complete.tasks} == {
        "first": "answered", "changed": "busy", "late": "busy"}


def test_a_sheet_for_somebody_else_is_refused_and_the_old_one_goes_on(site: Site, town: TownServer) -> None:
    for task in (FIRST, NEXT, LATE):
        town.assign(task.number, "busy")
    sheet = sheet_of(FIRST, NEXT, mode="preview")
    site.place.publish(sheet)
    phone = site.place.phone(address(town), sheet=OFTEN)
    phone.until("preview")
    site.place.publish(revised(sheet, LATE, agent="102"))
    phone.until("preview", true=says("for agent", "102"))
    for task in (FIRST, NEXT):
        phone.until("preview", true=lambda screen, name=task.name: screen.headline == name)  # type: ignore[misc]
        phone.press("#")
        assert site.place.wait_attempt(task.id).outcome == "busy"
    assert [call.number for call in town.calls] == [FIRST.number, NEXT.number]
    assert {results.agent for results in site.place.result_files()} == {AGENT}


def test_a_sheet_for_somebody_else_at_sign_in(site: Site, town: TownServer) -> None:
    site.place.publish(sheet_of(FIRST, agent="102"))
    phone = site.place.phone(address(town))
    phone.until("off", true=says("for agent", "102"))
    assert not town.calls


def _waiting(phone: RunningPhone, copy: Path) -> list[tuple[str, bytes]]:
    """Name and body of what a phone that was cut off has not been able to send, oldest first."""
    shutil.copytree(phone.folder / "data", copy, ignore=shutil.ignore_patterns("control"))
    store = SqliteStore(copy, "", canonical, counts)
    store.start(lambda event: None)
    try:
        return [(item.name, store.body(item.id)) for item in store.waiting()]
    finally:
        store.close()


def test_no_file_server_for_the_whole_sheet(place: Workplace, town: TownServer, tmp_path: Path) -> None:
    """All calls are made, the power fails on top of it; then everything arrives, in order, to the byte."""
    tasks = [Task(f"t{n}", number(10 + n)) for n in range(6)]
    for task in tasks:
        town.assign(task.number, "busy")
    place.publish(sheet_of(*tasks, mode="preview", max_attempts=1))
    phone = place.phone(address(town), sheet=RESULTS_ONLY)
    phone.until("preview")
    place.close()
    for n, _ in enumerate(tasks):
        phone.until("preview")
        phone.press("#")
        town.wait("end", count=n + 1)
    phone.until("finished", true=lambda screen: screen.lines == (f"{len(tasks) + 1} to send",))
    phone.cut()
    waiting = _waiting(phone, tmp_path / "copy")
    assert [name.partition("-")[0] for name, _ in waiting] == ["result"] * len(tasks) + ["complete"]
    phone.start()
    phone.until("finished")
    assert not place.names()
    place.open()
    place.wait(lambda: len(place.names()) == len(waiting))
    assert place.uploads() == dict(waiting)
    written = [(place.results / name).stat().st_mtime_ns for name, _ in waiting]
    assert all(earlier <= later for earlier, later in pairwise(written))
    phone.until("finished", true=lambda screen: screen.lines == ("All sent",))
    assert len(town.calls) == len(tasks), "nobody was called again"


def test_uploads_that_are_refused_or_lost_on_the_way_come_in_the_end(site: Site, town: TownServer) -> None:
    """500, then a server that keeps the file but hangs up before it says so: once each, in order."""
    for task in (FIRST, NEXT):
        town.assign(task.number, "busy")
    site.place.publish(sheet_of(FIRST, NEXT, max_attempts=1))
    site.ail("PUT", lambda handler: handler.reply(500))
    phone = site.place.phone(address(town), sheet=RESULTS_ONLY)
    phone.until("finished", true=lambda screen: screen.lines == ("3 to send",))
    site.ail("PUT", site.keep_and_hang_up)
    site.place.wait(site.place.complete)
    site.recover()
    phone.until("finished", true=lambda screen: screen.lines == ("All sent",))
    assert len(site.place.names()) == 3
    assert site.place.attempts().keys() == {"first", "next"}


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_server_with_a_bad_certificate_gets_nothing(
    start_site: Callable[..., Site], town: TownServer, tmp_path: Path, wrong: str
) -> None:
    identity = issue(tmp_path / "ca", "elsewhere.example" if wrong == "name" else "localhost")
    site = start_site(identity)
    town.assign(FIRST.number, "busy")
    site.place.publish(sheet_of(FIRST))
    trusted = {"ca_file": str(identity.ca)} if wrong == "name" else {}
    phone = site.place.phone(address(town), sheet=trusted)
    phone.until("off", true=says("Server not trusted", "certificate"))
    assert not site.server.seen, "no request, and so no PIN, has reached it"
    assert not town.calls


def test_a_private_authority_is_trusted_where_the_admin_says_so(
    start_site: Callable[..., Site], town: TownServer, tmp_path: Path
) -> None:
    identity = issue(tmp_path / "ca", "localhost")
    site = start_site(identity)
    town.assign(FIRST.number, "busy")
    site.place.publish(sheet_of(FIRST, max_attempts=1))
    phone = site.place.phone(address(town), sheet={"ca_file": str(identity.ca)})
    assert site.place.wait_attempt("first").outcome == "busy"
    site.place.wait(site.place.complete)
    phone.until("finished", true=lambda screen: screen.lines == ("All sent",))
    assert site.place.files.startswith("https://")
