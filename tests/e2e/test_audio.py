# SPDX-License-Identifier: GPL-3.0-or-later
"""What agent and callee really hear of each other, by frequency, with a phone that runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from callsheet.core.model import Task
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.e2e.conftest import address
from tests.e2e.headset import AGENT_HZ, CALLEE_HZ, Headset
from tests.sip.peers import sounds
from tests.support.workplace import Workplace, number, sheet_of

CALLEE = Task("t", number(1), name="Ada")
TALK = 2.4
"""Seconds; the town judges the last two of a talk."""
SIT = (950, 1400, 1800)


@pytest.fixture
def headset(tmp_path: Path) -> Headset:
    return Headset(tmp_path)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_both_hear_each_other(place: Workplace, town: TownServer, headset: Headset, codec: str) -> None:
    town.assign(CALLEE.number, Behaviour(ring=0.3, voice="tone", hz=CALLEE_HZ))
    place.publish(sheet_of(CALLEE))
    phone = place.phone(address(town), audio=headset.settings, sip={"codecs": [codec]})
    phone.until("talking")
    time.sleep(TALK)
    ear = headset.hang_up(phone)
    town.wait("end")
    report = town.calls[0].rtp
    assert report is not None
    assert report.dominant_hz == pytest.approx(AGENT_HZ, abs=5)
    assert report.dominant_share is not None
    assert report.dominant_share > 0.9
    assert report.codec == codec
    assert sounds.seconds_of(ear, CALLEE_HZ, AGENT_HZ) > TALK - 0.7
    assert sounds.seconds_of(ear, AGENT_HZ) == 0.0, "the agent does not hear the own voice come back"


def test_nothing_leaves_a_muted_microphone(place: Workplace, town: TownServer, headset: Headset) -> None:
    town.assign(CALLEE.number, Behaviour(ring=0.3, voice="tone", hz=CALLEE_HZ))
    place.publish(sheet_of(CALLEE))
    phone = place.phone(address(town), audio=headset.settings)
    phone.until("talking")
    phone.press("C")
    phone.until("talking", true=lambda screen: "muted" in screen.icons)
    time.sleep(TALK)
    ear = headset.hang_up(phone)
    town.wait("end")
    report = town.calls[0].rtp
    assert report is not None
    assert report.dominant_hz is None, "silence, not a softer voice"
    assert report.rx > 50, "and yet packets, or the callee would think the line dead"
    assert sounds.seconds_of(ear, CALLEE_HZ, AGENT_HZ) > TALK - 0.7


def test_the_agent_hears_what_the_network_says_before_an_answer(
    place: Workplace, town: TownServer, headset: Headset
) -> None:
    town.assign(CALLEE.number, Behaviour(early="sit", ring=2.2, voice="tone", hz=CALLEE_HZ))
    place.publish(sheet_of(CALLEE))
    phone = place.phone(address(town), audio=headset.settings)
    phone.until("early-media")
    phone.until("talking")
    time.sleep(0.8)
    ear = headset.hang_up(phone)
    windows = sounds.windows(ear, (*SIT, CALLEE_HZ))
    loudest = [max(window.amplitudes, key=lambda hz: window.amplitudes[hz]) for window in windows
               if max(window.amplitudes.values()) > 2000]
    heard = [hz for n, hz in enumerate(loudest) if n == 0 or loudest[n - 1] != hz]
    assert heard[:3] == list(SIT)
    assert heard[-1] == CALLEE_HZ


def test_keys_in_a_call_are_heard_as_digits(place: Workplace, town: TownServer, headset: Headset) -> None:
    town.assign(CALLEE.number, Behaviour(ring=0.3))
    place.publish(sheet_of(CALLEE))
    phone = place.phone(address(town), audio=headset.settings)
    phone.until("talking")
    phone.press("159*0#")
    phone.until("talking", true=lambda screen: any("159*0#" in line for line in screen.lines))
    town.wait("dtmf", count=6)
    headset.hang_up(phone)
    town.wait("end")
    assert town.calls[0].dtmf == "159*0#"
