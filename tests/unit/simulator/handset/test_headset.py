# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated headset: acknowledgements, buttons, and what it was told."""

import queue

import pytest

from callsheet.core.events import HeadsetButton, HeadsetChanged, HeadsetFailed, HeadsetReady
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.handset.headset import Report

PATIENCE = 20


def started(**traits):
    handset = SimulatedHandset(**traits)
    posted = queue.Queue()
    handset.headset.start(posted.put)
    posted.get_nowait()
    return handset, handset.headset, posted


def drained(posted):
    return [posted.get_nowait() for _ in range(posted.qsize())]


@pytest.mark.parametrize("present", [True, False])
def test_what_is_plugged_in_is_told_at_the_start(present):
    posted = []
    SimulatedHandset(headset=present).headset.start(posted.append)
    assert posted == [HeadsetChanged(present, "Simulated headset" if present else "")]


def test_a_headset_with_a_cable_acknowledges_at_once():
    _, headset, posted = started()
    headset.off_hook(7)
    assert drained(posted) == [HeadsetReady(7)]
    assert headset.state.off_hook


def test_a_wireless_one_acknowledges_when_the_link_is_up():
    _, headset, posted = started(link_delay=0.05)
    headset.off_hook(7)
    assert not headset.state.off_hook
    assert posted.empty()
    assert posted.get(timeout=PATIENCE) == HeadsetReady(7)
    assert headset.state.off_hook


def test_without_a_headset_off_hook_fails():
    _, headset, posted = started(headset=False)
    headset.off_hook(3)
    assert drained(posted) == [HeadsetFailed(3, "no headset")]
    assert headset.trace == ()


@pytest.mark.parametrize(
    ("interrupt", "answers"),
    [
        (lambda handset: handset.plug(False), [HeadsetFailed(4, "pulled out"), HeadsetChanged(False)]),
        (lambda handset: handset.headset.on_hook(), [HeadsetFailed(4, "closed again")]),
        (lambda handset: handset.headset.close(), []),
    ],
)
def test_a_link_that_never_comes_up(interrupt, answers):
    handset, headset, posted = started(link_delay=3600)
    headset.off_hook(4)
    interrupt(handset)
    assert drained(posted) == answers
    assert not headset.state.off_hook


def test_a_new_request_overtakes_the_one_that_waits():
    _, headset, posted = started(link_delay=0.05)
    headset.off_hook(1)
    headset.off_hook(2)
    assert posted.get(timeout=PATIENCE) == HeadsetFailed(1, "overtaken by a new request")
    assert posted.get(timeout=PATIENCE) == HeadsetReady(2)
    assert posted.empty()


def test_the_trace_is_what_the_phone_sent_each_change_once():
    _, headset, _ = started()
    headset.show_ring(True)
    headset.show_ring(True)
    headset.show_ring(False)
    headset.off_hook(1)
    headset.show_mute(True)
    headset.on_hook()
    headset.on_hook()
    assert headset.trace == (
        Report("ring", True),
        Report("ring", False),
        Report("off-hook", True),
        Report("mute", True),
        Report("off-hook", False),
    )


def test_a_headset_that_was_pulled_out_has_forgotten_everything():
    handset, headset, posted = started()
    headset.off_hook(1)
    headset.show_mute(True)
    handset.plug(False)
    headset.show_ring(True)
    handset.plug(False)
    handset.plug(True)
    assert not (headset.state.off_hook or headset.state.mute or headset.state.ring)
    assert drained(posted) == [
        HeadsetReady(1),
        HeadsetChanged(False),
        HeadsetChanged(True, "Simulated headset"),
    ]


def test_buttons_are_heard_only_while_it_is_plugged_in():
    handset, _, posted = started()
    for button in ("hook", "mute", "volume-up", "volume-down"):
        handset.headset_button(button)
    assert drained(posted) == [HeadsetButton(b) for b in ("hook", "mute", "volume-up", "volume-down")]
    handset.plug(False)
    drained(posted)
    handset.headset_button("hook")
    assert posted.empty()
    with pytest.raises(ValueError, match="expected one of"):
        handset.headset_button("eject")


def test_observers_see_the_link_when_they_are_told():
    handset, headset, _ = started()
    seen = []
    handset.subscribe(lambda part: seen.append((part, headset.state.off_hook)))
    headset.off_hook(1)
    headset.on_hook()
    assert seen == [("headset", True), ("headset", False)]
