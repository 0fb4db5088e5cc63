# SPDX-License-Identifier: GPL-3.0-or-later
"""The real sound path, ALSA: both directions, unplugging in a call, and what is done while idle."""

import os
import re
from pathlib import Path

import pytest

from callsheet.adapters.headset.mixer import Mixer
from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.soundcheck import SoundCheck
from callsheet.core.events import CallAnswered, CallEnded, FaultChanged
from callsheet.formats.settings import AudioSettings
from callsheet.ports import SoundError
from callsheet.selftest.checks.sound import QUIET
from tests.sip.peers import sounds
from tests.sip.peers.agent import Agent, settings
from tests.sip.peers.headset import NAME, Headset
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp


@pytest.fixture
def headset(tmp_path, monkeypatch):
    if not lowlevel.has_alsa():
        pytest.skip("this build of pjsua2 has no ALSA")
    stand = Headset(tmp_path, monkeypatch)
    yield stand
    stand.close()


@pytest.fixture
def callee(tmp_path):
    scenario = Scenario().invite().respond(200, sdp=True).ack().hung_up()
    with Sipp(scenario, tmp_path, echo=True) as far:
        yield far


AUDIO = AudioSettings(device=NAME)


def test_voice_goes_through_alsa_both_ways(tmp_path, headset, callee):
    with Agent(settings(callee.address), AUDIO) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, "1", "")
        agent.wait(CallAnswered)
        headset.listen(tmp_path / "ear.wav")
        headset.speak(sounds.write_wav(tmp_path / "voice.wav", sounds.tone((440,), 2)))
        agent.run(2.5)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
        agent.sip.close_sound()
    headset.close()
    assert sounds.seconds_of(tmp_path / "ear.wav", 440, 880) > 1.2


def test_unplugged_in_a_call_and_plugged_in_again(tmp_path, headset, callee):
    with Agent(settings(callee.address), AUDIO) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, "1", "")
        agent.wait(CallAnswered)
        agent.run(0.5)
        headset.pull_out()
        assert agent.wait(FaultChanged).part == "headset-audio"
        agent.run(1.5)
        assert agent.count(CallEnded) == 0, "the call stays up"
        headset.plug_in()
        agent.wait(FaultChanged, reason="")
        headset.listen(tmp_path / "ear.wav")
        headset.speak(sounds.write_wav(tmp_path / "voice.wav", sounds.tone((440,), 2)))
        agent.run(2.5)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
    headset.close()
    assert sounds.seconds_of(tmp_path / "ear.wav", 440, 880) > 1.0


def test_a_fault_ends_when_the_sound_is_closed(headset):
    """The core gave up on the headset: nothing is reopened behind its back."""
    with Agent(settings(""), AUDIO) as agent:
        agent.sip.open_sound()
        agent.run(0.3)
        headset.pull_out()
        agent.wait(FaultChanged)
        agent.sip.close_sound()
        assert [e.reason for e in agent.events if isinstance(e, FaultChanged)][1:] == [""]
        headset.plug_in()
        agent.run(1.5)
        assert not headset.in_use()
        agent.sip.open_sound()
        agent.until(headset.in_use, 3)
        agent.sip.close_sound()
        assert agent.until(lambda: not headset.in_use(), 3)


def test_a_headset_that_comes_after_the_start(headset, monkeypatch):
    config = os.environ["ALSA_CONFIG_PATH"]
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf")
    with Agent(settings(""), AUDIO) as agent:
        with pytest.raises(SoundError, match=NAME):
            agent.sip.open_sound()
        monkeypatch.setenv("ALSA_CONFIG_PATH", config)
        agent.sip.open_sound()
        agent.run(0.2)


def test_what_there_is_to_choose_from_is_told(headset):
    with Agent(settings(""), AudioSettings(device="auto")) as agent:
        with pytest.raises(SoundError) as error:
            agent.sip.open_sound()
    assert re.search(rf"no USB headset.*{NAME}", str(error.value))


def test_a_mixer_is_found_by_real_alsa(headset):
    """PulseAudio's mixer has a volume without decibels, so that all gain is left to the bridge."""
    with Path(os.environ["ALSA_CONFIG_PATH"]).open("a") as config:
        config.write(f'ctl.{NAME} {{ type pulse server "unix:{headset.socket}" device "ear" }}\n')
    mixer = Mixer(NAME)
    assert mixer.prepare(-1)
    left = mixer.volume(-6.0)
    assert left == pytest.approx(-6.0) or abs(left) < 1.0


def test_the_self_test_plays_and_listens(tmp_path, headset):
    with SoundCheck(AUDIO) as check:
        check.open()
        headset.listen(tmp_path / "ear.wav")
        check.play("ringing", 1.5)
        quiet = check.hear(0.5)
        headset.speak(sounds.write_wav(tmp_path / "voice.wav", sounds.tone((440,), 3)))
        loud = check.hear(3.0)
    headset.close()
    assert quiet < QUIET < loud
    assert sounds.seconds_of(tmp_path / "ear.wav", 587, 880) > 0.3
    assert sounds.seconds_of(tmp_path / "ear.wav", 440, 880) > 0.5, "one hears oneself"
