# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core makes of leases: whom it lets dial, when it asks, how it hands over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode
from callsheet.core.lease import bar
from callsheet.core.ledger import Carried, Leased, Snapshot, Upload
from callsheet.core.model import PastAttempt, Progress, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.processor.work import why
from callsheet.core.settings import CallSettings, PhoneTraits
from callsheet.core.state import Work
from tests.support.desk import Desk, sheet_of, tasks

QUICK = CallSettings(mode="progressive", gap=0.0, preview=1.0, wrap_up=5.0, wrap_up_failed=0.0)


def desk_with_leases(**more: object) -> Desk:
    return Desk(sheet_of(*tasks(3)), QUICK, leases=True, **more)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return desk_with_leases()


@pytest.fixture
def signed_in(desk: Desk) -> Desk:
    """Lease granted, the agent ready."""
    desk.sign_in()
    desk.granted()
    desk.press("A")
    return desk


def obstacle(desk: Desk) -> tuple[str, str]:
    found = why(desk.state, desk.mono)
    return found.obstacle, found.which


def fail(desk: Desk, kind: str = "unreachable") -> None:
    desk.event(ev.LeaseFailed(desk.last(ef.Lease).id, kind, "no answer"))  # type: ignore[arg-type]


def test_nothing_is_adopted_before_it_is_known_whose_it_is(desk: Desk) -> None:
    desk.sign_in()
    asked = desk.last(ef.Lease)
    assert (asked.action, asked.agent, asked.sheet, asked.revision) == ("claim", "101", "s1", 1)
    assert desk.state.queue is None
    assert desk.mode is Mode.SIGNING_IN
    desk.granted()
    assert desk.mode is Mode.PAUSED
    assert desk.saved(Leased)[0].since is not None


def test_without_leases_nobody_is_asked() -> None:
    desk = Desk(sheet_of(*tasks(1)), QUICK)
    desk.ready()
    assert not desk.all(ef.Lease)
    assert obstacle(desk)[0] != "lease"


def test_a_server_without_leases_works_and_is_not_asked_after_a_restart(desk: Desk) -> None:
    desk.sign_in()
    desk.event(ev.LeaseWaived(desk.last(ef.Lease).id))
    desk.press("A")
    desk.wait(2.0)
    assert desk.all(ef.Dial)
    kept = tuple(entry for entry in desk.entries if isinstance(entry, Leased))
    assert kept == (Leased(kept[0].at),)
    again = desk_with_leases(snapshot=Snapshot("101", desk.sheet, kept))
    assert not again.all(ef.Lease)
    assert obstacle(again) == ("paused", "")


def test_renewed_when_due_and_dialled_meanwhile(signed_in: Desk) -> None:
    signed_in.wait(2.0)
    assert len(signed_in.all(ef.Dial)) == 1
    signed_in.wait(60.0)
    assert signed_in.last(ef.Lease).action == "renew"


def test_the_end_is_counted_from_before_the_request(desk: Desk) -> None:
    desk.sign_in()
    began = desk.now.wall
    desk.wait(8.0)
    desk.event(ev.LeaseGranted(desk.last(ef.Lease).id, desk_time(began), desk_time(began + 30.0)))
    assert desk.state.lease.until == pytest.approx(desk.mono + 22.0)


def desk_time(posix: float) -> datetime:
    return datetime.fromtimestamp(posix, UTC)


def test_a_lease_that_ends_stops_the_queue_but_never_a_call(signed_in: Desk) -> None:
    signed_in.wait(2.0)
    signed_in.rings()
    signed_in.answers()
    signed_in.wait(60.0)
    fail(signed_in)
    signed_in.state.lease.until = signed_in.mono + 5.0
    hung_up = len(signed_in.all(ef.HangUp))
    signed_in.wait(20.0)
    assert len(signed_in.all(ef.HangUp)) == hung_up
    dials = len(signed_in.all(ef.Dial))
    signed_in.ends()
    signed_in.press("1")
    signed_in.wait(30.0)
    assert obstacle(signed_in) == ("lease", "over")
    assert len(signed_in.all(ef.Dial)) == dials
    assert "no answer" in signed_in.screen.alert
    assert signed_in.lamps.attention == "slow"
    signed_in.granted()
    signed_in.wait(5.0)
    assert len(signed_in.all(ef.Dial)) == dials + 1


def test_a_callee_in_the_countdown_is_given_back_when_the_lease_ends(signed_in: Desk) -> None:
    signed_in.wait(0.3)
    assert signed_in.mode is Mode.COUNTDOWN
    signed_in.state.lease.until = signed_in.mono + 0.2
    signed_in.wait(5.0)
    assert not signed_in.all(ef.Dial)
    assert signed_in.state.preview is None


def test_a_wall_clock_that_jumps_cannot_stretch_it(signed_in: Desk) -> None:
    signed_in.offset -= 10 * 3600.0
    signed_in.wait(36_100.0)
    assert bar(signed_in.state.lease, signed_in.mono)


def test_a_wall_clock_that_jumps_ahead_ends_it(signed_in: Desk) -> None:
    signed_in.offset += 11 * 3600.0
    signed_in.event(ev.Tick())
    assert obstacle(signed_in)[0] == "lease"


def test_unknown_time_writes_no_lease_files_but_asks_a_manager() -> None:
    plain, managed = desk_with_leases(), desk_with_leases()
    managed.sheet = sheet_of(*tasks(1), lease="https://files.example.com/lease")
    for desk in (plain, managed):
        desk.trusted = False
        desk.sign_in()
    assert not plain.all(ef.Lease)
    assert "clock" in plain.screen.alert
    managed.granted()
    assert managed.state.lease.until == pytest.approx(managed.mono + 180.0, abs=0.5)
    plain.trusted = True
    plain.wait(11.0)
    assert plain.all(ef.Lease)


def test_after_a_restart_nothing_is_dialled_before_it_is_confirmed(signed_in: Desk) -> None:
    kept = tuple(entry for entry in signed_in.entries if isinstance(entry, Leased))
    again = desk_with_leases(snapshot=Snapshot("101", signed_in.sheet, kept))
    again.press("A")
    again.wait(30.0)
    assert again.last(ef.Lease).action == "claim"
    assert obstacle(again) == ("lease", "asking")
    assert not again.all(ef.Dial)
    again.granted()
    again.wait(2.0)
    assert again.all(ef.Dial)
    assert not again.saved(Leased), "the same claim goes on"


def test_a_paused_agent_is_not_told_of_a_question_that_is_answered_in_a_moment(desk: Desk) -> None:
    desk.sign_in()
    desk.granted(0.0, renew=3.0)
    assert obstacle(desk) == ("paused", "")
    desk.press("A")
    assert obstacle(desk) == ("lease", "asking")
    assert desk.screen.alert == "Asking who may dial"
    desk.wait(3.0)
    desk.granted()
    desk.wait(2.0)
    assert desk.all(ef.Dial)


def test_manual_calls_stay_possible(signed_in: Desk) -> None:
    signed_in.state.lease.until = 0.0
    signed_in.wait(1.0)
    signed_in.press("D")
    signed_in.press("02079460042#")
    assert signed_in.last(ef.Dial).number == "02079460042"


def test_retries_grow_and_a_network_that_is_back_ends_the_wait(signed_in: Desk) -> None:
    signed_in.wait(61.0)
    asked = len(signed_in.all(ef.Lease))
    for pause in (5.0, 10.0, 20.0, 40.0, 60.0, 60.0):
        fail(signed_in)
        signed_in.wait(pause - 0.5)
        assert len(signed_in.all(ef.Lease)) == asked
        signed_in.wait(1.0)
        asked += 1
        assert len(signed_in.all(ef.Lease)) == asked
    fail(signed_in)
    signed_in.event(ev.NetworkChanged(True))
    assert len(signed_in.all(ef.Lease)) == asked + 1


def test_taken_asked_forced(desk: Desk) -> None:
    desk.sign_in()
    desk.refused("desk-2", heard=desk_time(desk.now.wall - 30.0))
    assert desk.mode is Mode.TAKEN
    assert "desk-2" in desk.screen.headline
    desk.press("#")
    assert desk.last(ef.Lease).action == "take-over"
    assert desk.mode is Mode.ASKED
    for _ in range(30):
        desk.refused("desk-2", waiting=True)
        desk.wait(5.1)
        if desk.mode is Mode.FORCE:
            break
    assert desk.mode is Mode.FORCE
    assert desk.last(ef.Lease).action == "take-over", "it goes on asking"
    desk.press("#", hold=0.1)
    assert desk.last(ef.Lease).action == "take-over", "a short press forces nothing"
    desk.press("#", hold=1.0)
    assert desk.last(ef.Lease).action == "force"
    desk.granted(since=1.0)
    assert desk.mode is Mode.PAUSED
    assert desk.state.overlay is None


def test_the_other_may_leave_by_itself(desk: Desk) -> None:
    desk.sign_in()
    desk.refused("desk-2", renew=30.0)
    desk.wait(30.1)
    assert [asked.action for asked in desk.all(ef.Lease)] == ["claim", "claim"]
    assert desk.mode is Mode.TAKEN
    desk.granted()
    assert desk.mode is Mode.PAUSED


@pytest.mark.parametrize("wished", [False, True])
def test_back_takes_the_wish_back(desk: Desk, *, wished: bool) -> None:
    desk.sign_in()
    desk.refused()
    if wished:
        desk.press("#")
        desk.refused(waiting=True)
    desk.press("*")
    assert desk.mode is Mode.OFF
    assert desk.last(ef.Lease).action == "release"
    stale = desk.all(ef.Lease)[0].id
    desk.event(ev.LeaseGranted(stale, desk_time(desk.now.wall), desk_time(desk.now.wall + 60.0)))
    assert desk.mode is Mode.OFF


def test_a_sheet_that_is_looked_for_meanwhile_does_not_begin_it_anew(desk: Desk) -> None:
    desk.sign_in()
    desk.refused()
    desk.press("#")
    desk.event(ev.FetchDue())
    assert desk.mode is Mode.ASKED
    assert len(desk.all(ef.Fetch)) == 1


def test_an_emergency_can_be_dialled_while_another_phone_has_it(desk: Desk) -> None:
    desk.sign_in()
    desk.refused()
    desk.press("D")
    desk.press("112#")
    assert desk.last(ef.Dial).number == "112"
    desk.ends(200)
    assert desk.mode is Mode.TAKEN


def test_credentials_end_the_sign_in_and_trouble_does_not(desk: Desk) -> None:
    desk.sign_in()
    fail(desk)
    assert desk.mode is Mode.SIGNING_IN
    assert "no answer" in desk.screen.alert
    desk.wait(6.0)
    assert len(desk.all(ef.Lease)) == 2
    fail(desk, "credentials")
    assert desk.mode is Mode.OFF
    assert "Cannot sign in" in desk.screen.alert


def test_asked_for_it_is_handed_over_after_the_call_and_its_word(signed_in: Desk) -> None:
    signed_in.wait(2.0)
    signed_in.answers()
    signed_in.wait(60.0)
    signed_in.granted(asked_by="desk-2")
    signed_in.wait(10.0)
    assert signed_in.state.work is Work.READY
    signed_in.ends()
    assert signed_in.mode is Mode.WRAP_UP
    signed_in.press("1")
    kinds = [entry.kind for entry in signed_in.saved(Upload)]
    assert kinds == ["result", "remaining", "release"], "the lease is given back last"
    assert signed_in.saved(Upload)[-1].since is not None
    signed_in.event(ev.OutboxChanged(0))
    assert signed_in.mode is Mode.OFF
    assert signed_in.screen.alert == "Handed over to desk-2"
    assert len(signed_in.all(ef.Dial)) == 1


def test_lost_to_another_nothing_more_is_dialled_and_no_remainder_is_sent(signed_in: Desk) -> None:
    signed_in.wait(0.5)
    signed_in.wait(0.1)
    signed_in.state.lease.ask_at = signed_in.mono
    signed_in.event(ev.Tick())
    signed_in.refused("desk-2")
    assert signed_in.state.work is Work.SIGNING_OUT
    assert [entry.kind for entry in signed_in.saved(Upload)] == ["release"]
    signed_in.wait(30.0)
    assert not signed_in.all(ef.Dial)


def test_lost_while_the_power_was_off(signed_in: Desk) -> None:
    kept = tuple(entry for entry in signed_in.entries if isinstance(entry, Leased))
    again = desk_with_leases(snapshot=Snapshot("101", signed_in.sheet, kept))
    again.refused("desk-2")
    assert again.state.work is Work.SIGNING_OUT
    assert [entry.kind for entry in again.saved(Upload)] == ["release"]


def test_signing_out_gives_it_back_once(signed_in: Desk) -> None:
    signed_in.wait(0.5)
    signed_in.press("A1")
    signed_in.event(ev.Tick())
    signed_in.press("*")
    index = [line.startswith("Sign out") for line in signed_in.screen.lines].index(True)
    signed_in.press("8" * index + "#")
    assert [entry.kind for entry in signed_in.saved(Upload)] == ["remaining", "release"]
    asked = len(signed_in.all(ef.Lease))
    signed_in.wait(300.0)
    assert len(signed_in.all(ef.Lease)) == asked, "a phone that has left renews nothing"


def test_stop_and_revision_from_the_manager(signed_in: Desk) -> None:
    signed_in.state.lease.ask_at = signed_in.mono
    signed_in.event(ev.Tick())
    fetches = len(signed_in.all(ef.Fetch))
    signed_in.granted(stop="complaints", revision=2)
    assert obstacle(signed_in) == ("lease", "stopped")
    assert signed_in.screen.alert == "Stopped: complaints"
    assert len(signed_in.all(ef.Fetch)) == fetches + 1
    signed_in.wait(61.0)
    signed_in.granted()
    assert obstacle(signed_in)[0] != "lease"


def test_what_another_did_is_carried_over_at_sign_in_and_later(desk: Desk) -> None:
    at = desk_time(desk.now.wall - 60.0)
    done = Progress("s1", 1, "101", final=("t0",))
    more = Progress("s1", 1, "101", (Task("t1", "+442079460001", attempts=1, past=(PastAttempt(at, Outcome.BUSY),),
                                          not_before=at + timedelta(hours=1)),), ("t0", "t2"))
    desk.sign_in()
    desk.granted(progress=done)
    queue = desk.state.queue
    assert queue is not None
    assert queue.counts().total == 2
    desk.wait(61.0)
    desk.granted(progress=more)
    assert queue.counts().total == 1
    assert queue.state("t1").counted == 1
    assert [entry.progress for entry in desk.saved(Carried)] == [done, more]
    desk.wait(61.0)
    desk.granted(progress=more)
    assert len(desk.saved(Carried)) == 2, "nothing new is not stored again"
    kept = tuple(entry for entry in desk.entries if isinstance(entry, Leased | Carried))
    again = desk_with_leases(snapshot=Snapshot("101", desk.sheet, kept))
    assert again.state.queue is not None
    assert again.state.queue.counts().total == 1


def test_a_callee_that_another_has_done_leaves_the_screen(signed_in: Desk) -> None:
    signed_in.wait(0.2)
    assert signed_in.mode is Mode.COUNTDOWN
    signed_in.state.lease.ask_at = signed_in.mono
    signed_in.event(ev.Tick())
    signed_in.granted(progress=Progress("s1", 1, "101", final=("t0",)))
    signed_in.wait(3.0)
    assert signed_in.last(ef.Dial).number == "+442079460001"


def test_the_agents_next_sheet_is_asked_for_anew() -> None:
    desk = Desk(sheet_of(*tasks(1)), QUICK, leases=True)
    desk.sign_in()
    desk.granted()
    desk.press("A")
    desk.wait(2.0)
    desk.answers()
    desk.ends()
    desk.press("1")
    assert desk.state.finished
    desk.sheet = replace(sheet_of(*tasks(2)), id="s2")
    desk.event(ev.FetchDue())
    assert desk.last(ef.Lease).sheet == "s2"
    assert obstacle(desk) == ("lease", "asking")
    desk.granted()
    assert isinstance(desk.saved(Leased)[-1], Leased)
    desk.wait(2.0)
    assert len(desk.all(ef.Dial)) == 2


def test_a_three_by_four_keypad_can_do_all_of_it() -> None:
    traits = PhoneTraits(id="desk", zone="Europe/London", keypad="3x4")
    desk = Desk(sheet_of(*tasks(1)), QUICK, traits, leases=True)
    desk.press("101#1234#")
    desk.refused()
    desk.press("#")
    desk.refused(waiting=True)
    desk.wait(130.0)
    assert desk.mode is Mode.FORCE
    assert [hint.key for hint in desk.screen.keys] == ["#…", "*"]
    desk.press("#", hold=1.0)
    desk.granted()
    assert desk.mode is Mode.PAUSED
