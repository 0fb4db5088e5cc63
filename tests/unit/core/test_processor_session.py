# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in and out, sheets, power cuts, calls from outside and by hand."""

from __future__ import annotations

import pytest

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core import pin
from callsheet.core.behaviour import Mode
from callsheet.core.ledger import (
    Adopted,
    Decided,
    Ended,
    Intention,
    PinFailed,
    SignedIn,
    SignedOut,
    Snapshot,
    Upload,
)
from callsheet.core.outcomes import Outcome
from callsheet.core.settings import PhoneTraits
from callsheet.core.state import Work
from tests.support.desk import Desk, sheet_of, tasks


def test_sign_in_fetches_the_agents_sheet() -> None:
    desk = Desk(sheet_of(*tasks(3)))
    assert desk.mode is Mode.OFF
    desk.press("101#")
    assert desk.mode is Mode.PIN
    desk.press("12")
    assert desk.screen.number == "••_"
    desk.press("34#")
    assert desk.last(ef.SignIn) == ef.SignIn("101", "1234")
    assert desk.last(ef.Fetch).agent == "101"
    assert [type(e) for e in desk.entries] == [SignedIn, Adopted]
    assert desk.mode is Mode.PAUSED
    assert "3 of 3 open" in desk.screen.lines


def test_a_sheet_for_another_agent_is_refused() -> None:
    desk = Desk(sheet_of(*tasks(1), agent="102"))
    desk.sign_in()
    assert desk.state.work is Work.OFF
    assert "102" in desk.screen.alert
    assert not desk.saved(Adopted)


def test_a_wrong_pin_is_refused_and_rate_limited() -> None:
    desk = Desk(sheet_of(*tasks(1), pin=pin.make("4711", b"0123456789abcdef")))
    desk.sign_in()
    assert desk.screen.alert == "Wrong number or PIN"
    for _ in range(2):
        desk.press("1111#")
    fetches = len(desk.all(ef.Fetch))
    desk.press("4711#")
    assert len(desk.all(ef.Fetch)) == fetches
    desk.wait(61)
    desk.press("#")
    assert desk.state.work is Work.PAUSED


def test_a_revision_merges_into_the_running_queue() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.sheet = sheet_of(*tasks(4), revision=2)
    desk.event(ev.FetchDue())
    assert desk.state.queue is not None
    assert desk.state.queue.counts().total == 4
    desk.sheet = sheet_of(*tasks(1), revision=1)
    desk.event(ev.FetchDue())
    assert desk.state.queue.counts().total == 4
    assert "Older" in desk.screen.alert


def test_power_cut_in_a_call_asks_the_agent() -> None:
    sheet = sheet_of(*tasks(2))
    at = Desk().now
    first = Desk(sheet)
    first.ready()
    first.press("#")
    first.rings()
    kept = tuple(e for e in first.entries if not isinstance(e, SignedIn | Adopted | Upload))
    assert isinstance(kept[-1], Intention)
    desk = Desk(sheet, snapshot=Snapshot("101", sheet, kept, next_attempt=2))
    assert at.wall < desk.now.wall + 1
    assert desk.mode is Mode.UNKNOWN
    assert desk.screen.headline == "Callee 0"
    desk.wait(3600)
    assert not desk.all(ef.Dial)
    desk.press("1")
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.UNKNOWN
    assert desk.saved(Decided)[0].disposition == "done"
    assert desk.mode is Mode.PAUSED
    desk.press("A")
    assert desk.screen.headline == "Callee 1"


def test_power_cut_in_a_call_may_be_called_again_by_the_agents_word() -> None:
    sheet = sheet_of(*tasks(2))
    first = Desk(sheet)
    first.ready()
    first.press("#")
    kept = tuple(e for e in first.entries if not isinstance(e, SignedIn | Adopted | Upload))
    desk = Desk(sheet, snapshot=Snapshot("101", sheet, kept, next_attempt=2))
    desk.press("#")
    desk.press("A")
    assert desk.screen.headline == "Callee 0"
    desk.press("#")
    assert desk.last(ef.Dial).number == "+442079460000"
    assert desk.saved(Intention)[-1].attempt == "desk-000000-2"


def test_power_cut_in_wrap_up_keeps_the_result_and_asks_for_the_disposition() -> None:
    sheet = sheet_of(*tasks(2))
    first = Desk(sheet)
    first.ready()
    first.press("#")
    first.answers()
    first.ends(200, by="far")
    kept = tuple(e for e in first.entries if not isinstance(e, SignedIn | Adopted | Upload))
    desk = Desk(sheet, snapshot=Snapshot("101", sheet, kept, next_attempt=2))
    assert desk.mode is Mode.WRAP_UP
    desk.press("3")
    assert desk.saved(Decided)[0].disposition == "not-interested"


def test_sign_out_hands_back_what_is_unfinished() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.press("*")
    while desk.screen.lines[desk.screen.cursor or 0] != "Sign out":
        desk.press("8")
    desk.press("#")
    assert [type(e) for e in desk.entries[-2:]] == [Upload, SignedOut]
    assert desk.saved(Upload)[-1].kind == "remaining"
    assert desk.mode is Mode.SIGNING_OUT
    desk.event(ev.OutboxChanged(0))
    assert desk.mode is Mode.OFF
    assert desk.state.queue is None


@pytest.mark.parametrize("working", [True, False])
def test_an_incoming_call_is_answered_and_the_queue_goes_on(working: bool) -> None:
    desk = Desk(sheet_of(*tasks(2)))
    if working:
        desk.ready()
    desk.event(ev.CallIncoming(-1, "+44123", "A friend"))
    assert desk.mode is Mode.INCOMING
    assert desk.lamps.line == "fast"
    assert desk.lamps.buzzer == "ring"
    desk.press("D")
    assert desk.last(ef.Answer).call == -1
    desk.event(ev.CallAnswered(-1))
    assert desk.mode is Mode.TALKING
    desk.press("D")
    desk.event(ev.CallEnded(-1, desk_end()))
    assert desk.mode is (Mode.PREVIEW if working else Mode.OFF)
    assert not desk.saved(Ended)


def desk_end():
    from callsheet.core.outcomes import CallEnd

    return CallEnd(200, "OK", by="near")


def test_a_second_call_holds_the_first_and_gives_it_back() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.press("#")
    desk.answers()
    first = desk.call()
    desk.event(ev.CallIncoming(-1, "+44123"))
    assert desk.mode is Mode.CALL_WAITING
    desk.press("A")
    assert desk.last(ef.Hold) == ef.Hold(first, True)
    assert desk.last(ef.Answer).call == -1
    desk.event(ev.CallAnswered(-1))
    desk.event(ev.CallEnded(-1, desk_end()))
    assert desk.last(ef.Hold) == ef.Hold(first, False)
    assert desk.mode is Mode.TALKING
    assert desk.state.call is not None
    assert desk.state.call.number == first


def test_a_declined_call_does_not_disturb_the_countdown() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.event(ev.CallIncoming(-1, "+44123"))
    desk.press("B")
    assert desk.last(ef.HangUp) == ef.HangUp(-1, 603)
    assert desk.mode is Mode.PREVIEW


def test_a_call_by_hand() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.sign_in()
    desk.press("D+1002".replace("+", "") + "#")
    assert desk.last(ef.Dial).number == "1002"
    desk.answers()
    assert desk.mode is Mode.TALKING
    desk.press("D")
    desk.ends(200, by="near")
    assert desk.mode is Mode.PAUSED


def test_signed_out_only_emergency_calls_go_out() -> None:
    desk = Desk()
    desk.press("D1002#")
    assert not desk.all(ef.Dial)
    assert desk.screen.alert == "Only emergency calls"
    desk.press("****112#")
    assert desk.last(ef.Dial).number == "112"


def test_the_hook_switch_answers_and_hangs_up() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.event(ev.HookChanged(True))
    assert desk.all(ef.Dial)
    desk.answers()
    desk.event(ev.HookChanged(False))
    assert desk.last(ef.HangUp).call == desk.call()


def test_three_by_four_keypad_reaches_everything() -> None:
    desk = Desk(sheet_of(*tasks(2)), traits=PhoneTraits(id="desk", keypad="3x4"))
    desk.sign_in()
    desk.press("#")
    assert desk.mode is Mode.PREVIEW
    desk.press("#")
    desk.answers()
    desk.press("*", hold=0.8)
    assert desk.mode is Mode.MENU
    assert desk.screen.lines[:3] == ("End", "Mute", "Hold")
    desk.press("8#")
    assert desk.last(ef.Mute).on


def test_a_sheet_that_comes_after_sign_out_is_not_adopted() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.auto = frozenset({"Save"})
    desk.event(ev.FetchDue())
    late = desk.last(ef.Fetch)
    desk.press("*")
    while desk.screen.lines[desk.screen.cursor or 0] != "Sign out":
        desk.press("8")
    desk.press("#")
    desk.event(ev.SheetArrived(late.id, sheet_of(*tasks(3), revision=2)))
    assert len(desk.saved(Adopted)) == 1
    assert desk.mode is Mode.SIGNING_OUT


@pytest.mark.parametrize("where", ["wrap-up", "unknown", "signing-in", "signing-out", "off", "waiting", "paused"])
def test_an_emergency_call_is_possible_in_every_state(where: str) -> None:
    sheet = sheet_of(*tasks(2))
    first = Desk(sheet)
    first.ready()
    first.press("#")
    kept = tuple(e for e in first.entries if not isinstance(e, SignedIn | Adopted | Upload))
    desk = Desk(sheet, snapshot=Snapshot("101", sheet, kept, next_attempt=2) if where == "unknown" else None)
    if where == "signing-in":
        desk.auto = frozenset({"Save", "OpenHeadset"})
    if where not in ("unknown", "off"):
        desk.sign_in()
    if where in ("wrap-up", "waiting", "signing-out"):
        desk.press("A")
    if where == "wrap-up":
        desk.press("#")
        desk.ends(486)
    if where in ("wrap-up", "unknown", "signing-out", "waiting"):
        desk.press("*", hold=0.8 if where == "wrap-up" else 0.05)
        wanted = "Sign out" if where == "signing-out" else "Dial"
        while desk.screen.lines[desk.screen.cursor or 0] != wanted:
            desk.press("8")
        desk.press("#")
    if where not in ("wrap-up", "unknown", "waiting"):
        desk.press("D")
    assert desk.mode is Mode.DIALPAD
    desk.press("112#")
    assert desk.last(ef.Dial).number == "112"
    desk.answers()
    desk.press("D")
    desk.ends(200, by="near")
    assert desk.mode is not Mode.DIALPAD


def resumed(**snapshot: object) -> Desk:
    """A phone that comes back from a power cut, its agent signed in and its PIN gone."""
    sheet = sheet_of(*tasks(2))
    desk = Desk(sheet, auto=frozenset({"Save", "OpenHeadset"}), snapshot=Snapshot("101", sheet, **snapshot))
    desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "credentials", "401"))
    return desk


def test_after_a_power_cut_the_pin_is_asked_for_again() -> None:
    desk = resumed()
    assert desk.mode is Mode.PIN
    desk.press("1234#")
    assert desk.last(ef.SignIn) == ef.SignIn("101", "1234")
    assert desk.all(ef.Flush)
    desk.event(ev.SheetUnchanged(desk.last(ef.Fetch).id))
    assert desk.mode is Mode.PAUSED
    desk.press("A")
    assert desk.screen.headline == "Callee 0"


def test_a_wrong_pin_after_a_power_cut_is_said_and_counted() -> None:
    desk = resumed()
    desk.press("9999#")
    desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "credentials", "401"))
    assert desk.mode is Mode.PIN
    assert desk.screen.alert == "Wrong number or PIN"
    assert desk.saved(PinFailed)


def test_wrong_pins_are_remembered_over_a_restart() -> None:
    desk = Desk(sheet_of(*tasks(1)), snapshot=Snapshot(pin_failures=4))
    desk.sign_in()
    assert not desk.all(ef.Fetch)
    desk.wait(121)
    desk.press("#")
    assert desk.all(ef.Fetch)


@pytest.mark.parametrize("event", [ev.FetchDue(), ev.NetworkChanged(True)])
def test_a_bound_phone_signs_in_as_soon_as_it_can(event: ev.AnyEvent) -> None:
    desk = Desk(traits=PhoneTraits(id="desk", agent="101", pin="1"))
    assert desk.mode is Mode.OFF
    desk.sheet = sheet_of(*tasks(1))
    desk.event(event)
    assert desk.mode is Mode.PAUSED
