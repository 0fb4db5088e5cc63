# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that cross, repeat themselves or get lost: what the agent sees, and what the results say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callsheet.core.model import Task
from callsheet.core.screen import Screen
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.e2e.conftest import address
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp
from tests.support.running import RunningPhone
from tests.support.workplace import Workplace, number, sheet_of

FIRST, NEXT = Task("first", number(1), name="Ada"), Task("next", number(2), name="Zoë")


def who(task: Task) -> Callable[[Screen], bool]:
    """Of a screen: whether it shows this callee."""

    def shown(screen: Screen) -> bool:
        return screen.headline == task.name

    return shown


def wrapped_up(phone: RunningPhone) -> Screen:
    """Wait for the end of the call, then press the first disposition's key."""
    screen = phone.until("wrap-up")
    phone.press("1")
    return screen


@pytest.mark.parametrize("by", ["agent", "ring-timeout"])
def test_an_answer_that_crosses_our_cancel_is_a_call(place: Workplace, town: TownServer, by: str) -> None:
    town.assign(FIRST.number, "answers-the-cancel")
    place.publish(sheet_of(FIRST, ring_timeout=1.0 if by == "ring-timeout" else 30.0))
    phone = place.phone(address(town))
    phone.until("ringing")
    if by == "agent":
        phone.press("D")
    phone.until("talking", true=who(FIRST))
    town.wait("ack")
    (call,) = town.calls
    assert not call.result, "whoever has just lifted is not dropped"
    phone.press("D")
    wrapped_up(phone)
    attempt = place.wait_attempt("first")
    assert (attempt.outcome, attempt.action, attempt.end.code, attempt.end.cancelled) == ("answered", "done", 200, "")
    assert (attempt.end.by, attempt.talk_seconds > 0) == ("near", True)
    town.wait("end")
    assert (town.calls[0].result, town.calls[0].ended_by) == ("answered", "phone")


def test_an_answer_that_crosses_our_cancel_at_another_make(place: Workplace) -> None:
    """SIPp refuses the CANCEL, because it has answered already; then it hangs up by itself."""
    scenario = (Scenario("PCMU").invite().respond(180).expect("CANCEL").respond(481, "Gone", retransmit=False)
                .respond(200, to_invite=True, sdp=True).ack().pause(600)
                .request("BYE", headers=("Reason: Q.850;cause=16",)).response(200))
    with Sipp(scenario, place.folder / "sipp") as callee:
        place.publish(sheet_of(FIRST))
        phone = place.phone(callee.address)
        phone.until("ringing")
        phone.press("D")
        phone.until("talking")
        wrapped_up(phone)
        attempt = place.wait_attempt("first")
        assert (attempt.outcome, attempt.end.by, attempt.end.cancelled) == ("answered", "far", "")
        assert callee.finish() == 0


def test_the_other_side_holds_and_takes_back(place: Workplace, town: TownServer) -> None:
    town.assign(FIRST.number, "holds")
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town))
    phone.until("talking", true=lambda screen: "on hold" in screen.alert and "held" in screen.icons)
    assert phone.state()["lamps"]["line"] == "on", "the agent has not held"
    phone.until("talking", true=lambda screen: not screen.alert and "held" not in screen.icons)
    phone.press("D")
    wrapped_up(phone)
    assert place.wait_attempt("first").outcome == "answered"
    directions = [event["direction"] for event in town.town.ledger.events if event["event"] == "reinvited"]
    assert directions == ["sendonly", "sendrecv"]


def test_the_agent_holds_and_takes_back(place: Workplace, town: TownServer) -> None:
    town.assign(FIRST.number, Behaviour(ring=0.1))
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town))
    phone.until("talking")
    phone.press("C", hold=0.8)
    phone.until("held")
    assert town.wait("reinvite", by="phone")[-1]["direction"] == "recvonly"
    assert phone.state()["lamps"]["line"] == "slow"
    phone.press("C")
    phone.until("talking")
    assert town.wait("reinvite", by="phone", count=2)[-1]["direction"] == "sendrecv"
    phone.press("D")
    wrapped_up(phone)
    assert place.wait_attempt("first").outcome == "answered"


def test_both_hang_up_at_once(place: Workplace, town: TownServer) -> None:
    town.assign(FIRST.number, "bye-glare")
    town.assign(NEXT.number, "busy")
    place.publish(sheet_of(FIRST, NEXT))
    phone = place.phone(address(town))
    phone.until("talking")
    phone.press("D")
    wrapped_up(phone)
    assert place.wait_attempt("next").outcome == "busy"
    (attempt,) = place.attempts()["first"]
    assert (attempt.outcome, attempt.disposition) == ("answered", "done")
    assert len(place.result_files()) == 2


def test_acks_get_lost_and_the_answer_is_repeated(place: Workplace, town: TownServer) -> None:
    """Two copies of the 200 come at once, two more because their ACKs are not heard: one call, one talk."""
    town.assign(FIRST.number, "repeats-200")
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town))
    phone.until("talking")
    town.wait("ack")
    assert len([e for e in town.town.ledger.events if e["event"] == "ack-ignored"]) == 2
    assert phone.screen is not None and phone.screen.mode == "talking"
    phone.press("D")
    wrapped_up(phone)
    assert place.wait_attempt("first").outcome == "answered"
    assert len(town.calls) == 1
    town.wait("end")
    assert town.calls[0].result == "answered"
    modes = [screen.mode for screen in phone.screens]
    assert modes.count("wrap-up") and "talking" not in modes[modes.index("wrap-up"):]


def test_an_ack_that_never_arrives(place: Workplace, start_town: Callable[..., TownServer]) -> None:
    """The callee hears none of our ACKs and gives up; for the agent it was an answered call."""
    town = start_town(timers={"t1": 0.05})
    town.assign(FIRST.number, Behaviour(ring=0.1, deaf_to_acks=20))
    place.publish(sheet_of(FIRST))
    phone = place.phone(address(town))
    phone.until("talking")
    wrapped_up(phone)
    attempt = place.wait_attempt("first")
    assert (attempt.outcome, attempt.end.by) == ("answered", "far")
    (call,) = town.calls
    assert (call.result, call.ended_by) == ("unacknowledged", "town")


def test_a_callee_who_vanishes_does_not_hold_the_phone(place: Workplace, town: TownServer) -> None:
    """No answer to our BYE: the agent is not kept waiting for SIP's 32 seconds."""
    town.assign(FIRST.number, "silent-to-bye")
    town.assign(NEXT.number, "busy")
    place.publish(sheet_of(FIRST, NEXT))
    phone = place.phone(address(town))
    phone.until("talking")
    phone.press("D")
    wrapped_up(phone)
    assert place.wait_attempt("first").outcome == "answered"
    assert place.wait_attempt("next", patience=15.0).outcome == "busy"
