# SPDX-License-Identifier: GPL-3.0-or-later
"""Status records: what the phone says of itself, and when it sends word of a change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Action
from callsheet.core.ledger import Intention, SignedOut, Snapshot, Standing, Upload
from callsheet.core.model import Rules, Span
from callsheet.core.settings import CallSettings, PhoneTraits
from callsheet.formats.names import parsed_name
from callsheet.formats.status import Status, read_status
from callsheet.phone.documents import document
from callsheet.phone.status import status
from tests.support.desk import Desk, sheet_of, tasks


def say(desk: Desk) -> Status:
    """The status now, as it would arrive at a reader."""
    return status(desk.state, desk.now)


def records(desk: Desk) -> list[Upload]:
    """The status records saved so far."""
    return [entry for entry in desk.saved(Upload) if entry.kind == "status"]


def told(desk: Desk) -> list[tuple[str, str]]:
    """Their work status and reason."""
    return [(entry.standing.work, entry.standing.reason) for entry in records(desk)]


def recording(*entries, **fields) -> Desk:
    """A desk that sends status records."""
    return Desk(sheet_of(*entries), status_records=True, **fields)


def test_a_whole_call_is_told_step_by_step() -> None:
    desk = Desk(sheet_of(*tasks(3)), settings=CallSettings(mode="progressive", preview=5.0, gap=2.0))
    assert (say(desk).work, say(desk).agent, say(desk).sheet) == ("off", "", "")
    desk.sign_in()
    assert (say(desk).work, say(desk).reason, say(desk).agent) == ("paused", "pause.signed-in", "101")
    assert (say(desk).activity, say(desk).blocker) == ("idle", "paused")
    desk.press("A")
    assert (say(desk).work, say(desk).reason) == ("ready", "")
    assert (say(desk).activity, say(desk).task, say(desk).blocker) == ("preview", "t0", "")
    desk.wait(6)
    assert (say(desk).activity, say(desk).task) == ("dialling", "t0")
    dialled = desk.now.wall
    desk.wait(1)
    desk.rings()
    desk.wait(3)
    assert (say(desk).activity, say(desk).task, say(desk).blocker) == ("ringing", "t0", "")
    desk.answers()
    desk.wait(30)
    talking = say(desk)
    assert (talking.activity, talking.task) == ("talking", "t0")
    assert talking.activity_since.timestamp() == pytest.approx(dialled + 4, abs=0.5)
    desk.ends()
    assert (say(desk).activity, say(desk).task, say(desk).blocker) == ("wrap-up", "t0", "wrap-up")
    desk.press("1")
    assert (say(desk).counts.done, say(desk).counts.open, say(desk).counts.total) == (1, 2, 3)
    assert say(desk).activity == "preview"


def test_what_keeps_it_from_dialling_is_named_with_its_end() -> None:
    closed = Rules(hours=(Span(("mon",), datetime(2000, 1, 1, 14).time(), datetime(2000, 1, 1, 15).time()),))
    desk = Desk(sheet_of(*tasks(1), zone="UTC", rules=closed))
    desk.ready()
    blocked = say(desk)
    assert (blocked.blocker, blocked.blocked_until) == ("hours", datetime(2026, 11, 23, 14, tzinfo=UTC))
    desk.event(ev.HeadsetChanged(False))
    assert (say(desk).blocker, say(desk).headset) == ("no-headset", False)
    desk.event(ev.RegistrationChanged(False, 503, "Service Unavailable"))
    assert (say(desk).blocker, say(desk).registered) == ("unregistered", False)
    desk.event(ev.FaultChanged("display", "it does not answer"))
    assert say(desk).faults == ("display",)


def test_an_incoming_call_and_one_dialled_by_hand_are_told_without_a_task() -> None:
    desk = Desk(sheet_of(*tasks(1)))
    desk.ready()
    desk.event(ev.CallIncoming(-1, "+4930123456"))
    assert (say(desk).activity, say(desk).task) == ("incoming", "")
    desk.press("D")
    desk.event(ev.CallAnswered(-1))
    assert (say(desk).activity, say(desk).task) == ("talking", "")


def test_no_callee_is_named() -> None:
    desk = Desk(sheet_of(*tasks(3)))
    desk.ready()
    for _ in range(3):
        desk.press("#")
        desk.answers()
        body = document(desk.state, Upload("status", standing=_standing(desk)), desk.now).body
        assert b"Callee" not in body and b"794600" not in body
        desk.ends()
        desk.press("1")


def _standing(desk: Desk) -> Standing:
    return Standing(desk.state.work.value, datetime.fromtimestamp(desk.now.wall, UTC),
                    datetime.fromtimestamp(desk.now.wall, UTC))


def test_each_change_of_the_work_status_is_one_record() -> None:
    desk = recording(*tasks(3))
    desk.sign_in()
    desk.press("A")
    desk.press("A2")
    desk.wait(60)
    desk.press("B3")
    desk.press("A")
    assert told(desk) == [("paused", "pause.signed-in"), ("ready", ""), ("paused", "pause.lunch"),
                          ("paused", "pause.training"), ("ready", "")]


def test_calls_and_menus_change_nothing() -> None:
    desk = recording(*tasks(3))
    desk.ready()
    before = told(desk)
    desk.press("#")
    desk.answers()
    desk.ends()
    desk.press("1")
    desk.press("**")
    desk.event(ev.CallIncoming(-1, "+4930123456"))
    desk.press("B")
    assert told(desk) == before


def test_another_reason_does_not_begin_the_pause_anew() -> None:
    desk = recording(*tasks(3))
    desk.ready()
    desk.press("A2")
    desk.wait(300)
    desk.press("B3")
    lunch, training = (entry.standing for entry in records(desk)[-2:])
    assert training.since == lunch.since
    assert (training.at - lunch.at).total_seconds() == pytest.approx(300, abs=1)


def test_a_phone_that_is_ready_by_itself_was_never_paused() -> None:
    desk = recording(*tasks(1), traits=PhoneTraits(id="desk", agent="101", pin="1234", auto_ready=True))
    assert told(desk) == [("ready", "")]


def test_after_a_power_cut_the_pause_is_told() -> None:
    desk = Desk(sheet_of(*tasks(2)), snapshot=Snapshot("101", sheet_of(*tasks(2))), status_records=True)
    assert told(desk) == [("paused", "pause.power")]


def test_signing_out_is_told_with_what_is_left_and_waited_for() -> None:
    desk = recording(*tasks(2))
    desk.ready()
    sign_out(desk)
    assert told(desk)[-1] == ("signing-out", "")
    last = desk.all(ef.Save)[-1].entries
    assert [type(entry).__name__ for entry in last] == ["Upload", "SignedOut", "Upload"]
    assert isinstance(last[1], SignedOut)
    assert desk.state.work.value == "signing-out", "the record waits for the server"
    desk.event(ev.OutboxChanged(0))
    assert desk.state.work.value == "off"
    assert told(desk)[-1] == ("signing-out", ""), "nobody is signed in: nothing more to tell"


def sign_out(desk: Desk) -> None:
    """Through the menu, whatever its order."""
    desk.press("*")
    items = desk.state.overlay.items
    desk.press("8" * items.index(Action.SIGN_OUT.value))
    desk.press("#")


def test_a_record_is_named_by_its_time_and_tells_the_time_of_the_change() -> None:
    desk = recording(*tasks(2))
    desk.ready()
    entry = records(desk)[-1]
    desk.wait(500)
    made = document(desk.state, entry, desk.now)
    read = read_status(made.body)
    assert (read.work, read.at, read.agent, read.sheet) == ("ready", entry.standing.at, "101", "s1")
    name = parsed_name(made.name)
    assert (name["kind"], name["agent"], name["seq"]) == ("status", "101", str(int(entry.standing.at.timestamp())))


def test_while_the_disk_fails_each_record_keeps_its_own_status() -> None:
    desk = recording(*tasks(2))
    desk.ready()
    desk.auto -= {"Save"}
    desk.press("A2")
    desk.event(ev.SaveFailed(desk.last(ef.Save).id, "the disk is full"))
    desk.press("A")
    desk.auto |= {"Save"}
    desk.wait(6)
    again = [entry for entry in desk.last(ef.Save).entries if isinstance(entry, Upload)]
    bodies = [read_status(document(desk.state, entry, desk.now).body) for entry in again]
    assert [(body.work, body.reason) for body in bodies] == [("paused", "pause.lunch"), ("ready", "")]
    assert bodies[0].at < bodies[1].at


def test_an_intention_and_the_record_share_a_transaction() -> None:
    """One flush of the card: the record costs none of its own when the queue goes on at once."""
    desk = recording(*tasks(2), settings=CallSettings(mode="progressive", preview=5.0))
    desk.sign_in()
    before = len(desk.all(ef.Save))
    desk.press("A")
    saves = [save.entries for save in desk.all(ef.Save)[before:]]
    assert any({Intention, Upload} <= {type(entry) for entry in entries} for entries in saves), saves
