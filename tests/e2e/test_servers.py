# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP servers that refuse, fall silent, vanish and come back: the queue waits, says why, and goes on."""

from __future__ import annotations

from collections.abc import Callable

from callsheet.core.model import Task
from callsheet.core.screen import Screen
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.e2e.conftest import address
from tests.sip.peers.process import LOOPBACK, free_port
from tests.support.workplace import Workplace, number, sheet_of

FIRST, NEXT = Task("first", number(1), name="Ada"), Task("next", number(2), name="Zoë")
IMPATIENT = {"wrap_up_failed": 0.0, "answer_timeout": 1.0}


def waits(why: str) -> Callable[[Screen], bool]:
    """Of a screen: it says that it is not dialling, and why."""

    def shown(screen: Screen) -> bool:
        return why in screen.alert and "unregistered" in screen.icons

    return shown


def invites(town: TownServer) -> list[str]:
    return [call.number for call in town.calls if call.direction == "to-town"]


def test_a_silent_server_is_our_fault_and_costs_the_callee_nothing(place: Workplace, town: TownServer) -> None:
    town.assign(FIRST.number, "hangs-up-first")
    place.publish(sheet_of(FIRST, mode="preview", max_attempts=1))
    phone = place.phone(address(town), sip={"register": True}, calls=IMPATIENT)
    phone.until("preview")
    town.cut(True)
    phone.press("#")
    paused = phone.until("paused")
    assert (paused.headline, paused.alert) == ("Our own fault, no call lost", "no response to the INVITE")
    attempt = place.wait_attempt("first")
    assert (attempt.outcome, attempt.counted, attempt.action, attempt.end.local) == ("our-fault", False, "pause", True)
    assert not invites(town)
    town.cut(False)
    phone.press("A")
    phone.until("preview")
    phone.press("#")
    phone.until("talking")
    phone.until("wrap-up")
    phone.press("1")
    again = place.wait_attempt("first", 2)
    assert (again.outcome, again.counted, again.action) == ("answered", True, "done"), "the one attempt was not used up"
    phone.until("finished")


def test_a_broken_connection_is_our_fault(place: Workplace) -> None:
    """TCP, and nobody listens: the 503 is made up on this side, and says so."""
    place.publish(sheet_of(FIRST))
    phone = place.phone(f"{LOOPBACK}:{free_port()}", sip={"transport": "tcp"})
    assert phone.until("paused").headline == "Our own fault, no call lost"
    attempt = place.wait_attempt("first")
    assert (attempt.outcome, attempt.counted, attempt.end.local) == ("our-fault", False, True)
    assert attempt.end.code == 503
    assert attempt.end.detail


def test_a_registrar_that_refuses(place: Workplace, start_town: Callable[..., TownServer]) -> None:
    town = start_town(registrar={"users": {"101": "secret-101"}, "mode": "refuse"})
    town.assign(FIRST.number, "busy")
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town), sip={"register": True})
    phone.until("waiting", true=waits("Not registered: 403 Forbidden"))
    assert phone.state()["lamps"]["attention"] == "fast"
    town.wait("register", count=3, status=403)
    assert not invites(town)
    town.set_registrar("normal")
    assert place.wait_attempt("first").outcome == "busy"


def test_a_registrar_that_vanishes_in_the_middle_of_the_sheet(
    place: Workplace, start_town: Callable[..., TownServer]
) -> None:
    """The call that is up goes on; the next one waits until the registrar is back."""
    town = start_town(registrar={"users": {"101": "secret-101"}, "expires": 10})
    town.assign(FIRST.number, Behaviour(ring=0.1))
    town.assign(NEXT.number, "busy")
    place.publish(sheet_of(FIRST, NEXT))
    phone = place.phone(address(town), sip={"register": True, "register_expires": 10})
    phone.until("talking")
    town.cut(True)
    phone.until("talking", true=lambda screen: "unregistered" in screen.icons)
    assert not town.calls[0].result
    phone.press("D")
    phone.until("wrap-up")
    phone.press("1")
    phone.until("waiting", true=waits("Not registered: 408 no answer"))
    town.cut(False)
    assert place.wait_attempt("next").outcome == "busy"
    assert invites(town) == [FIRST.number, NEXT.number]


def test_a_registrar_that_is_silent_from_the_start(place: Workplace, start_town: Callable[..., TownServer]) -> None:
    """It is told once and in plain words, however often the phone tries again."""
    town = start_town()
    town.cut(True)
    town.assign(FIRST.number, "busy")
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town), sip={"register": True})
    phone.until("waiting", true=waits("Not registered: 408 no answer"))
    # REGISTER is repeated after 0.5, 1.5, 3.5, 7.5 s (RFC 3261 timer E); by then it was tried anew several times.
    town.cut(False)
    assert place.wait_attempt("first").outcome == "busy"
    told = {screen.alert for screen in phone.screens if "Not registered" in screen.alert}
    assert told <= {"Not registered: ", "Not registered: 408 no answer"}


def test_a_wrong_password_is_told_and_nothing_is_dialled(place: Workplace, town: TownServer) -> None:
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town), sip={"register": True, "password": "wrong"})
    phone.until("waiting", true=waits("Not registered: 40"))
    assert not invites(town)


def test_the_second_server_takes_over_and_hands_back(place: Workplace, start_town: Callable[..., TownServer]) -> None:
    first, second = start_town(), start_town()
    first.set_registrar("unavailable")
    for town in (first, second):
        for task in (FIRST, NEXT):
            town.assign(task.number, "busy")
    place.publish(sheet_of(FIRST, NEXT, mode="preview"))
    phone = place.phone(address(first), sip={"register": True, "fallback": address(second)})
    phone.until("preview")
    phone.press("#")
    assert place.wait_attempt("first").outcome == "busy"
    assert (invites(first), invites(second)) == ([], [FIRST.number])
    first.set_registrar("normal")
    first.wait("register", status=200)
    phone.until("preview", true=lambda screen: screen.headline == NEXT.name)
    phone.press("#")
    assert place.wait_attempt("next").outcome == "busy"
    assert (invites(first), invites(second)) == ([NEXT.number], [FIRST.number])


def test_without_a_headset_nothing_is_dialled(place: Workplace, town: TownServer) -> None:
    town.assign(FIRST.number, "busy")
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town), simulator={"enabled": True, "headset": False})
    phone.until("waiting", true=lambda screen: screen.alert == "Plug in the headset" and "no-headset" in screen.icons)
    assert not invites(town)
    phone.plug(True)
    assert place.wait_attempt("first").outcome == "busy"
