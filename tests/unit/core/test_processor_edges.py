# SPDX-License-Identifier: GPL-3.0-or-later
"""Where two things meet: a parked call and its media, a long press and the state it brings about, a sick disk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import TABLE, Action, Mode
from callsheet.core.ledger import Decided, Ended, Intention, SignedIn, SignedOut, Snapshot, Upload
from callsheet.core.model import Attempt
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.settings import CallSettings, PhoneTraits
from tests.support.desk import START, Desk, sheet_of, tasks


def talking(*entries, **fields) -> Desk:
    desk = Desk(sheet_of(*entries or tasks(2)), **fields)
    desk.sign_in()
    desk.press("##")
    desk.rings()
    desk.answers()
    return desk


def holds(desk: Desk) -> list[bool]:
    """What was asked of the stack, in order."""
    return [hold.on for hold in desk.all(ef.Hold)]


@pytest.mark.parametrize("state", ["none", "failed"])
def test_media_that_go_do_not_take_a_parked_call_off_hold(state: str) -> None:
    desk = talking()
    desk.event(ev.CallIncoming(-1, "+4930123456"))
    desk.press("A")
    parked = desk.state.parked
    assert parked is not None
    assert parked.held
    desk.event(ev.CallMedia(parked.number, state))
    assert desk.state.parked.held
    assert desk.state.parked.media_failed is (state == "failed")


def test_a_call_that_the_stack_took_back_is_not_held_any_more() -> None:
    desk = talking()
    desk.press("C", hold=1.0)
    desk.event(ev.CallMedia(desk.call(), "local-hold"))
    assert desk.mode is Mode.HELD
    desk.event(ev.CallMedia(desk.call(), "active"))
    assert desk.mode is Mode.TALKING


def test_a_long_press_holds_once_and_another_resumes_once() -> None:
    desk = talking()
    desk.press("C", hold=1.0)
    assert (desk.mode, holds(desk)) == (Mode.HELD, [True])
    desk.press("C", hold=1.0)
    assert (desk.mode, holds(desk)) == (Mode.TALKING, [True, False])
    desk.press("C")
    assert desk.state.call.muted
    assert holds(desk) == [True, False]


def test_a_key_pressed_in_one_state_means_nothing_when_it_is_released_in_another() -> None:
    """C was held down while it rang; the callee answers; nobody asked for the microphone to be closed."""
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.press("#")
    desk.rings()
    row, column = 2, 3
    desk.event(ev.KeyContact(row, column, True))
    desk.answers()
    desk.wait(0.2)
    desk.event(ev.KeyContact(row, column, False))
    desk.wait(0.2)
    assert not desk.state.call.muted
    assert holds(desk) == []


def test_two_keys_down_at_once_each_keep_their_meaning() -> None:
    desk = talking()
    c, star = (2, 3), (3, 0)
    desk.event(ev.KeyContact(*c, True))
    desk.wait(0.1)
    desk.event(ev.KeyContact(*star, True))
    desk.wait(0.1)
    desk.event(ev.KeyContact(*c, False))
    desk.wait(0.1)
    assert desk.state.call.muted
    desk.event(ev.KeyContact(*star, False))
    desk.wait(0.1)
    assert desk.state.call.sent == "*"


def small(at: Mode) -> set[Action]:
    """What a 3x4 keypad can do in a mode, with its own keys or through a menu it can open."""
    row = TABLE[at].keys
    keys = {b.action for b in row if any(not cap.isalpha() for cap in b.caps)}
    return keys | ({b.action for b in row if b.menu} if Action.MENU in keys else set())


@pytest.mark.parametrize("at", [at for at in Mode if any(b.action is Action.PAGE for b in TABLE[at].keys)])
def test_a_small_keypad_can_page(at: Mode) -> None:
    assert Action.PAGE in small(at)


@pytest.mark.parametrize("mode", ["talking", "held", "wrap-up"])
def test_a_small_keypad_pages_through_what_is_said_of_the_callee(mode: str) -> None:
    desk = talking(*(replace(task, service="\n".join(f"line {n}" for n in range(12))) for task in tasks(2)),
                   traits=PhoneTraits(id="desk", keypad="3x4"), settings=CallSettings(mode="preview", wrap_up=60.0))
    if mode == "held":
        desk.press("*", hold=1.0)
        desk.press("8" * desk.state.overlay.items.index("hold") + "#")
    elif mode == "wrap-up":
        desk.ends()
    assert desk.mode.value == mode
    turn_page(desk)
    assert desk.state.page == 1
    turn_page(desk)
    assert desk.state.page == 2
    assert desk.mode.value == mode


def turn_page(desk: Desk) -> None:
    own = next((b for b in TABLE[desk.mode].keys if b.action is Action.PAGE and not b.caps.isalpha()), None)
    if own is not None:
        cap = next(cap for cap in own.caps if not cap.isalpha())
        desk.press(cap, hold=1.0 if own.long else 0.05)
        return
    desk.press("*", hold=1.0)
    desk.press("8" * desk.state.overlay.items.index("page") + "#")


# A stored sheet that cannot be read


BEFORE = datetime.fromtimestamp(START - 60, UTC)
LOST = Snapshot(
    agent="101", entries=(
        Intention("desk-000001-0", "t0", "+442079460000", BEFORE),
        Ended(Attempt("desk-000001-0", "t0", "+442079460000", BEFORE, BEFORE, CallEnd(486), Outcome.BUSY)),
        Decided("desk-000001-0", "t0", "done", action="done"),
        Intention("desk-000001-1", "t1", "+442079460001", BEFORE),
    ), next_attempt=2, installation=1, lost_sheet="s1",
)


def test_what_happened_to_an_unreadable_sheet_counts_when_it_is_fetched_anew() -> None:
    desk = Desk(sheet_of(*tasks(3)), snapshot=LOST)
    assert desk.mode is Mode.OFF
    desk.sign_in()
    assert desk.mode is Mode.UNKNOWN, "the doubtful call is put to the agent"
    assert desk.state.queue.state("t0").final, "what was done is done"
    assert desk.state.attempts.keys() == {"desk-000001-0"}
    desk.press("1")
    desk.press("A")
    assert desk.state.preview.task.id == "t2"


def test_of_another_sheet_only_the_doubtful_call_is_asked_about() -> None:
    desk = Desk(replace(sheet_of(*tasks(3)), id="another"), snapshot=LOST)
    desk.sign_in()
    assert desk.mode is Mode.UNKNOWN
    assert not desk.state.queue.state("t0").final
    assert desk.state.attempts == {}


def test_another_agent_gets_nothing_of_it() -> None:
    desk = Desk(sheet_of(*tasks(3), agent="102"), snapshot=LOST)
    desk.sign_in("102")
    assert desk.mode is Mode.PAUSED
    assert not desk.state.queue.state("t0").final
    assert desk.state.unknown == ()


# Notes on the sheet


def arrives(desk: Desk, event: type, *fields: object) -> None:
    """The answer to the fetch that is under way."""
    desk.auto -= {"Fetch"}
    desk.event(ev.FetchDue())
    desk.event(event(desk.last(ef.Fetch).id, *fields))


@pytest.mark.parametrize("kind", ["format", "other", "certificate"])
def test_a_refused_sheet_is_told_until_the_server_has_a_good_one(kind: str) -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    arrives(desk, ev.SheetFailed, kind, "line 7")
    assert "line 7" in desk.screen.alert
    desk.wait(600)
    assert "line 7" in desk.screen.alert
    arrives(desk, ev.SheetUnchanged)
    desk.wait(0.1)
    assert desk.screen.alert == ""


def test_a_sheet_for_somebody_else_is_told_until_it_is_gone() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    arrives(desk, ev.SheetArrived, sheet_of(*tasks(2), agent="102", revision=2))
    assert "102" in desk.screen.alert
    arrives(desk, ev.SheetArrived, desk.sheet)
    assert desk.screen.alert == ""


def test_what_went_wrong_with_a_call_stays() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.press("#")
    desk.ends(503, local=True)
    desk.press("1")
    assert desk.state.sheet_note.key == "note.call-failed"
    arrives(desk, ev.SheetUnchanged)
    assert desk.state.sheet_note.key == "note.call-failed"


def test_the_same_trouble_is_heard_once() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    for _ in range(3):
        arrives(desk, ev.SheetFailed, "format", "line 7")
    assert [sound.sound for sound in desk.all(ef.Play)].count("error") == 1
    arrives(desk, ev.SheetFailed, "format", "line 8")
    assert [sound.sound for sound in desk.all(ef.Play)].count("error") == 2


# A disk that fails while the agent wants to go home


def leaving() -> Desk:
    desk = talking()
    desk.ends()
    desk.auto -= {"Save"}
    desk.press("1")
    fails(desk)
    desk.press("*")
    desk.press("8" * desk.state.overlay.items.index("sign-out") + "#")
    assert desk.mode is Mode.SIGNING_OUT
    return desk


def fails(desk: Desk) -> None:
    desk.event(ev.SaveFailed(desk.last(ef.Save).id, "the disk is full"))


def test_the_agent_can_leave_although_the_disk_keeps_failing() -> None:
    desk = leaving()
    desk.press("#")
    assert desk.mode is Mode.SIGNING_OUT
    assert "disk is full" in desk.screen.alert
    tried = desk.last(ef.Save)
    kinds = [type(entry) for entry in tried.entries]
    assert SignedOut in kinds, "everything is tried at once when he asks"
    fails(desk)
    desk.press("#")
    assert desk.mode is Mode.OFF
    assert any("disk is full" in line for line in desk.screen.lines), "and it is not hidden from the next one"


def test_what_was_not_stored_is_stored_when_the_disk_recovers() -> None:
    desk = leaving()
    desk.press("#")
    fails(desk)
    told = desk.last(ef.Save).entries
    desk.press("#")
    desk.auto |= {"Save"}
    desk.wait(6)
    assert desk.last(ef.Save).entries == told
    assert not desk.state.backlog
    assert "store" not in desk.state.faults


def test_the_next_agent_comes_after_him_in_the_ledger() -> None:
    desk = leaving()
    desk.press("#")
    fails(desk)
    desk.press("#")
    desk.sheet = sheet_of(*tasks(2), agent="102")
    desk.sign_in("102")
    desk.auto |= {"Save"}
    desk.wait(6)
    kinds = [type(entry) for entry in desk.last(ef.Save).entries]
    assert kinds.index(SignedOut) < kinds.index(SignedIn)
    assert kinds.index(Upload) < kinds.index(SignedOut)


def test_a_slow_disk_is_waited_for() -> None:
    """Nothing has failed yet, so nothing need be given up."""
    desk = talking()
    desk.ends()
    desk.press("1")
    desk.auto -= {"Save"}
    desk.press("*")
    desk.press("8" * desk.state.overlay.items.index("sign-out") + "#")
    desk.press("#")
    desk.press("#")
    assert desk.mode is Mode.SIGNING_OUT


# A PIN that the server wants while the phone is busy


def after_a_cut(**settings: object) -> Desk:
    """The PIN went with the power; the agent is ready, and calls follow upon each other."""
    one = sheet_of(*tasks(5))
    desk = Desk(one, settings=CallSettings(mode="progressive", preview=0.0, gap=0.0, **settings),
                snapshot=Snapshot("101", one, next_attempt=9, installation=1),
                auto=frozenset({"Save", "OpenHeadset"}))
    desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "unreachable", "the server is away"))
    desk.press("A")
    desk.wait(1)
    desk.rings()
    desk.answers()
    return desk


def wants_pin(desk: Desk) -> None:
    desk.event(ev.FetchDue())
    desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "credentials", "agent 101 must sign in with the PIN first"))


def test_the_pin_is_asked_for_as_soon_as_the_call_is_over() -> None:
    desk = after_a_cut(wrap_up=30.0)
    wants_pin(desk)
    assert desk.mode is Mode.TALKING
    desk.ends()
    assert desk.mode is Mode.WRAP_UP
    desk.press("1")
    assert desk.mode is Mode.PIN, "before the next callee"
    dialled = len(desk.all(ef.Dial))
    desk.press("1234#")
    assert desk.last(ef.SignIn).pin == "1234"
    desk.wait(1)
    assert len(desk.all(ef.Dial)) == dialled + 1


def test_an_agent_who_does_not_want_to_is_asked_again_with_the_next_look_only() -> None:
    desk = after_a_cut(wrap_up=30.0)
    wants_pin(desk)
    desk.ends()
    desk.press("1*")
    assert desk.mode is not Mode.PIN
    desk.wait(1)
    desk.ends()
    desk.press("1")
    assert desk.mode is not Mode.PIN
    wants_pin(desk)
    desk.ends()
    desk.press("1")
    assert desk.mode is Mode.PIN


def test_what_the_server_does_not_take_is_counted_on_the_screen() -> None:
    desk = Desk(sheet_of(*tasks(2)))
    desk.sign_in()
    desk.event(ev.OutboxChanged(7))
    assert "7 to send" not in desk.screen.lines
    desk.event(ev.OutboxChanged(7, "the name files cannot be found (DNS)"))
    assert "7 to send" in desk.screen.lines


def test_a_right_pin_ends_the_count_of_wrong_ones_also_if_the_sheet_is_unchanged() -> None:
    """Else two slips in the morning would lock the phone at the third, in the evening."""
    desk = Desk(sheet_of(*tasks(2)), snapshot=Snapshot("101", sheet_of(*tasks(2)), installation=1),
                auto=frozenset({"Save"}))
    desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "credentials", "agent 101 must sign in with the PIN first"))
    for typed in ("9999#", "8888#"):
        desk.press(typed)
        desk.event(ev.SheetFailed(desk.last(ef.Fetch).id, "credentials", "HTTP 401"))
    assert desk.state.pin_failures == 2
    desk.press("1234#")
    desk.event(ev.SheetUnchanged(desk.last(ef.Fetch).id))
    assert desk.state.pin_failures == 0
    assert isinstance(desk.saved(SignedIn)[-1], SignedIn), "in the ledger, too: a restart must not bring them back"
