# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: from a callee on the screen to a result in the ledger."""

from __future__ import annotations

import pytest

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode
from callsheet.core.ledger import Decided, Ended, Intention, Postponed, Upload, Withdrawn
from callsheet.core.model import RetryRule
from callsheet.core.outcomes import Outcome, Reason
from callsheet.core.settings import CallSettings
from callsheet.core.state import Work
from tests.support.desk import Desk, sheet_of, tasks

PROGRESSIVE = CallSettings(mode="progressive", gap=5.0, preview=4.0, wrap_up=10.0, wrap_up_failed=2.0)


def ready(count: int = 2, settings: CallSettings | None = None, **sheet: object) -> Desk:
    desk = Desk(sheet_of(*tasks(count), **sheet), settings)
    desk.ready()
    return desk


def talking(desk: Desk) -> Desk:
    desk.press("#")
    desk.rings()
    desk.answers()
    return desk


def test_preview_shows_the_callee_and_waits_for_the_key() -> None:
    desk = ready()
    assert desk.mode is Mode.PREVIEW
    assert desk.screen.headline == "Callee 0"
    assert desk.screen.number == "+442079460000"
    desk.wait(3600)
    assert not desk.all(ef.Dial)


def test_nothing_is_dialled_before_the_intention_is_stored_and_the_headset_open() -> None:
    desk = ready()
    desk.auto = frozenset({"Fetch"})
    desk.press("#")
    save, headset = desk.last(ef.Save), desk.last(ef.OpenHeadset)
    assert isinstance(save.entries[-1], Intention)
    assert not desk.all(ef.Dial)
    desk.event(ev.HeadsetReady(headset.id))
    assert not desk.all(ef.Dial)
    desk.event(ev.Saved(save.id))
    assert desk.last(ef.Dial).number == "+442079460000"


def test_an_answered_call_ends_in_the_agents_disposition() -> None:
    desk = talking(ready())
    assert desk.mode is Mode.TALKING
    assert desk.lamps.line == "on"
    desk.wait(12)
    desk.press("D")
    assert desk.last(ef.HangUp).call == desk.call()
    desk.ends(200, "OK", by="near")
    assert desk.mode is Mode.WRAP_UP
    attempt = desk.saved(Ended)[0].attempt
    assert attempt.outcome is Outcome.ANSWERED
    assert attempt.talk_seconds == pytest.approx(12, abs=0.2)
    desk.press("1")
    decided = desk.saved(Decided)[0]
    assert (decided.disposition, decided.action) == ("done", "done")
    assert desk.saved(Upload)[0].kind == "result"
    assert desk.mode is Mode.PREVIEW
    assert desk.screen.headline == "Callee 1"


def test_a_busy_callee_comes_back_after_the_interval() -> None:
    desk = ready(1, retry={Outcome.BUSY: RetryRule("retry", after=600.0)})
    desk.press("#")
    desk.rings()
    desk.ends(486, "Busy Here")
    desk.wait(20)
    assert desk.saved(Decided)[0].action == "retry"
    assert desk.mode is Mode.WAITING
    assert "again at 10:10" in desk.screen.alert
    desk.wait(600)
    assert desk.mode is Mode.PREVIEW


def test_an_empty_number_is_dropped() -> None:
    desk = ready(1)
    desk.press("#")
    desk.ends(404, "Not Found", reasons=(Reason("Q.850", 1),))
    desk.wait(20)
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.EMPTY
    assert desk.saved(Decided)[0].action == "drop"
    assert desk.mode is Mode.FINISHED
    assert [u.kind for u in desk.saved(Upload)] == ["result", "complete"]
    assert ef.Play("end-of-sheet") in desk.effects


def test_the_ring_time_out_is_our_own() -> None:
    desk = ready(1)
    desk.press("#")
    desk.rings()
    desk.wait(29)
    assert not desk.all(ef.HangUp)
    desk.wait(2)
    assert desk.all(ef.HangUp)
    desk.ends(487, "Request Terminated")
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.NO_ANSWER


def test_silence_from_the_network_is_our_fault_and_pauses_the_queue() -> None:
    desk = ready(1)
    desk.press("#")
    desk.wait(9)
    desk.ends(0, local=True)
    attempt = desk.saved(Ended)[0].attempt
    assert attempt.outcome is Outcome.OUR_FAULT
    assert not attempt.counted
    desk.press("#")
    assert desk.state.work is Work.PAUSED
    desk.press("A")
    desk.wait(10)
    assert desk.mode is Mode.PREVIEW


def test_a_call_the_agent_breaks_off_asks_the_agent() -> None:
    desk = ready(1)
    desk.press("#")
    desk.rings()
    desk.press("D")
    desk.ends(487, "Request Terminated")
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.SKIPPED
    assert desk.mode is Mode.WRAP_UP
    assert desk.lamps.attention == "slow"


def test_a_200_that_crosses_our_cancel_is_an_answered_call() -> None:
    desk = ready(1)
    desk.press("#")
    desk.rings()
    desk.press("D")
    desk.answers()
    assert desk.mode is Mode.TALKING
    desk.ends(200, by="far")
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.ANSWERED


def test_a_far_end_that_never_confirms_the_end_does_not_hang_the_phone() -> None:
    desk = talking(ready(1))
    desk.press("D")
    desk.wait(7)
    assert desk.mode is Mode.WRAP_UP


def test_progressive_mode_counts_down_warns_and_dials() -> None:
    desk = ready(1, PROGRESSIVE)
    assert desk.mode is Mode.COUNTDOWN
    assert desk.saved(Intention)
    desk.wait(3.5)
    assert not desk.all(ef.OpenHeadset)
    desk.wait(0.6)
    order = [type(e).__name__ for e in desk.effects if not isinstance(e, ef.Save)][-4:]
    assert order == ["OpenHeadset", "Play", "Dial", "Play"]


def test_result_and_next_intention_share_one_transaction() -> None:
    desk = ready(2, CallSettings(mode="progressive", gap=3, preview=1, wrap_up=0))
    desk.wait(1.1)
    desk.ends(486)
    last = desk.last(ef.Save).entries
    assert [type(e) for e in last] == [Ended, Decided, Upload, Intention]


def test_the_gap_counts_from_hang_up() -> None:
    desk = ready(2, CallSettings(mode="progressive", gap=3, preview=0, wrap_up=0))
    desk.wait(0.1)
    desk.answers()
    ended = desk.mono
    desk.ends(200, by="far")
    while len(desk.all(ef.Dial)) < 2:
        desk.wait(0.01)
        assert desk.mono - ended < 5
    assert desk.mono - ended == pytest.approx(3.0, abs=0.011)


@pytest.mark.parametrize("key", ["A", "B"])
def test_leaving_a_countdown_withdraws_the_intention(key: str) -> None:
    desk = ready(1, PROGRESSIVE)
    desk.press(key + "1")
    desk.wait(30)
    assert desk.saved(Withdrawn)
    assert not desk.all(ef.Dial)
    assert bool(desk.saved(Postponed)) is (key == "B")


def test_mute_hold_and_tones_in_a_call() -> None:
    desk = talking(ready(1))
    desk.press("C")
    assert desk.last(ef.Mute).on
    assert "muted" in desk.screen.icons
    desk.press("C")
    assert not desk.last(ef.Mute).on
    desk.press("C", hold=0.8)
    assert desk.mode is Mode.HELD
    assert desk.lamps.line == "slow"
    desk.press("C")
    assert desk.mode is Mode.TALKING
    desk.press("12*#")
    assert [d.digits for d in desk.all(ef.Dtmf)] == ["1", "2", "*", "#"]


def test_transfer_by_menu() -> None:
    desk = talking(ready(1))
    desk.press("B")
    while desk.screen.lines[desk.screen.cursor or 0] != "Transfer":
        desk.press("8")
    desk.press("#1002#")
    assert desk.last(ef.Transfer).number == "1002"
    desk.event(ev.TransferProgress(desk.call(), 200, True))
    assert desk.all(ef.HangUp)


def test_the_empty_number_key_overrules_the_network() -> None:
    desk = ready(1)
    desk.press("#")
    desk.event(ev.CallProgress(desk.call(), 183, early_media=True))
    assert desk.mode is Mode.EARLY_MEDIA
    desk.press("B")
    desk.ends(487)
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.EMPTY


def test_the_headset_is_open_only_for_the_call() -> None:
    desk = ready(1)
    assert not desk.all(ef.OpenHeadset)
    desk.press("#")
    desk.ends(486)
    kinds = [type(e) for e in desk.effects if isinstance(e, ef.OpenHeadset | ef.CloseHeadset | ef.Dial)]
    assert kinds == [ef.OpenHeadset, ef.Dial, ef.CloseHeadset]


def test_a_headset_that_does_not_open_is_our_fault() -> None:
    desk = ready(1)
    desk.auto = frozenset({"Save"})
    desk.press("#")
    desk.event(ev.HeadsetFailed(desk.last(ef.OpenHeadset).id, "no radio link"))
    assert not desk.all(ef.Dial)
    assert desk.saved(Withdrawn)
    assert desk.state.work is Work.PAUSED


def test_a_store_that_fails_stops_the_queue_and_keeps_every_entry() -> None:
    desk = ready(1)
    desk.auto = frozenset({"OpenHeadset"})
    desk.press("#")
    failed = desk.last(ef.Save)
    desk.event(ev.SaveFailed(failed.id, "disk full"))
    assert not desk.all(ef.Dial)
    assert desk.lamps.attention == "fast"
    desk.auto = frozenset({"OpenHeadset", "Save"})
    desk.wait(6)
    retried = desk.last(ef.Save)
    assert retried.id != failed.id
    assert failed.entries[0] in retried.entries
    desk.press("#")
    assert desk.all(ef.Dial)


@pytest.mark.parametrize(("event", "icon"), [
    (ev.RegistrationChanged(False, 503, "down"), "unregistered"), (ev.HeadsetChanged(False), "no-headset"),
])
def test_the_queue_waits_for_registration_and_headset(event: ev.AnyEvent, icon: str) -> None:
    desk = ready(1, PROGRESSIVE)
    desk.event(event)
    desk.wait(30)
    assert not desk.all(ef.Dial)
    assert icon in desk.screen.icons
    assert desk.screen.alert


def test_a_far_side_that_says_trying_and_no_more_is_no_fault_of_ours() -> None:
    desk = ready(1, ring_timeout=2.0)
    desk.press("#")
    desk.event(ev.CallProgress(desk.call(), 100, "Trying"))
    desk.wait(3)
    desk.ends(487, "Request Terminated")
    assert desk.saved(Ended)[0].attempt.outcome is Outcome.NO_ANSWER
