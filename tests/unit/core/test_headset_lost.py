# SPDX-License-Identifier: GPL-3.0-or-later
"""A headset that is pulled out in a call: the call stays, and the agent is told why there is no sound."""

from __future__ import annotations

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode
from tests.support.desk import Desk, sheet_of, tasks


def talking() -> Desk:
    desk = Desk(sheet_of(*tasks(2)))
    desk.ready()
    desk.press("#")
    desk.rings()
    desk.answers()
    return desk


def test_pulled_out_and_back() -> None:
    desk = talking()
    desk.event(ev.HeadsetChanged(False))
    assert (desk.mode, desk.screen.alert) == (Mode.TALKING, "No sound: check the headset")
    assert desk.lamps.attention == "fast"
    desk.event(ev.HeadsetChanged(True, "again"))
    assert desk.screen.alert == ""
    assert desk.lamps.attention == "off"
    assert not desk.all(ef.HangUp)


def test_its_sound_failed() -> None:
    desk = talking()
    desk.event(ev.FaultChanged("headset-audio", "the sound device stopped"))
    assert desk.screen.alert == "No sound: check the headset"
    desk.event(ev.FaultChanged("headset-audio"))
    assert desk.screen.alert == ""


def test_a_broken_display_is_not_a_broken_headset() -> None:
    desk = talking()
    desk.event(ev.FaultChanged("display", "does not answer"))
    assert desk.screen.alert == ""
    assert desk.lamps.attention == "fast"
