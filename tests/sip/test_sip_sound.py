# SPDX-License-Identifier: GPL-3.0-or-later
"""What is heard, judged by frequency: both directions of a call, early media, and the phone's own tones."""

import pytest

from callsheet.core.events import CallAnswered, CallEnded, CallMedia, CallProgress, ToneHeard
from callsheet.formats.settings import AudioSettings
from callsheet.ports import SoundError
from tests.sip.peers import sounds
from tests.sip.peers.agent import Agent, file_sound, settings
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp

NUMBER = "+15550001"


@pytest.fixture
def microphone(tmp_path):
    return sounds.write_wav(tmp_path / "microphone.wav", sounds.tone((440,), 5))


def played(file, samples):
    file.write_bytes(sounds.alaw(samples))
    return file


def test_the_agents_voice_goes_out_and_comes_back_as_an_echo(tmp_path, microphone):
    scenario = Scenario().invite().respond(200, sdp=True).ack().hung_up()
    audio = file_sound(tmp_path, microphone)
    with Sipp(scenario, tmp_path, echo=True) as callee, Agent(settings(callee.address), audio) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        agent.run(1.5)
        agent.sip.mute(True)
        agent.run(1.0)
        agent.sip.mute(False)
        agent.run(1.0)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
        assert callee.finish() == 0
    heard = sounds.windows(audio_file(tmp_path), (440, 880))
    loud = [w for w in heard if w.amplitudes[440] > 2000 and w.amplitudes[880] < 500]
    assert 15 <= len(loud) <= 26
    # A second of silence in the middle: the microphone was muted.
    muted = [w for w in heard if loud[0].start < w.start < loud[-1].start and w.rms < 50]
    assert 7 <= len(muted) <= 12


def audio_file(folder):
    return folder / "ear.wav"


def test_nothing_is_heard_while_the_call_is_held(tmp_path, microphone):
    scenario = (Scenario().invite().respond(200, sdp=True).ack()
                .expect("INVITE").accept_reinvite("recvonly").ack()
                .expect("INVITE").accept_reinvite("sendrecv").ack().hung_up())
    audio = file_sound(tmp_path, microphone)
    with Sipp(scenario, tmp_path, echo=True) as callee, Agent(settings(callee.address), audio) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallMedia, state="active")
        agent.run(1.0)
        agent.sip.hold(1, True)
        agent.wait(CallMedia, state="local-hold")
        agent.run(1.0)
        agent.sip.hold(1, False)
        agent.until(lambda: agent.count(CallMedia) == 3, 3)
        agent.run(1.0)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
        assert callee.finish() == 0
        assert "a=sendonly" in callee.trace()
    assert [e.state for e in agent.events if isinstance(e, CallMedia)] == ["active", "local-hold", "active"]
    # The echo is there for the two seconds of talk, and not for the third.
    assert 1.5 < sounds.seconds_of(audio_file(tmp_path), 440, level=2000) < 2.4


def test_the_callees_voice_is_heard(tmp_path):
    voice = played(tmp_path / "voice.raw", sounds.tone((1000,), 2, 8000))
    scenario = Scenario().invite().respond(200, sdp=True).ack().play(voice).hung_up()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address), file_sound(tmp_path)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        agent.run(1.5)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
    assert sounds.seconds_of(audio_file(tmp_path), 1000, 440) > 1.0


def test_early_media_is_heard_and_its_tones_are_recognised(tmp_path):
    special = [sounds.tone((frequency,), 0.33, 8000) for frequency in (950, 1400, 1800)]
    beep = [sounds.tone((450,), 0.35, 8000), sounds.silence(0.35, 8000)]
    busy = sounds.joined(sounds.silence(0.2, 8000), *special, sounds.silence(0.5, 8000), *beep * 4)
    scenario = (Scenario().invite().respond(183, sdp=True).play(played(tmp_path / "busy.raw", busy)).pause(4500)
                .respond(480, "Temporarily Unavailable").ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address), file_sound(tmp_path)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        assert agent.wait(CallProgress) == CallProgress(1, 183, "Session Progress", True)
        agent.wait(CallMedia, state="active")
        agent.wait(ToneHeard, tone="sit")
        agent.wait(ToneHeard, tone="busy")
        end = agent.wait(CallEnded).end
        assert (end.code, end.tones, end.local) == (480, ("sit", "busy"), False)
    assert sounds.seconds_of(audio_file(tmp_path), 450) > 1.0


def test_ring_back_is_made_here_only_if_the_network_sends_none(tmp_path):
    scenario = (Scenario().invite().respond(180).pause(1500).respond(183, sdp=True).pause(700)
                .respond(486).ack())
    audio = file_sound(tmp_path, tones="normal")
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address), audio) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallEnded)
    assert 0.8 < sounds.seconds_of(audio_file(tmp_path), 425) < 1.2


TONES = [("placed", 440), ("answered", 880), ("warning", 660), ("error", 330), ("end-of-sheet", 784), ("key", 1600),
         ("ringing", 587)]


@pytest.mark.parametrize("level", ["off", "low", "normal"])
def test_tones_in_the_ear_piece(tmp_path, level):
    """Each sounds at its own pitch, as loud as set, and none before the device is open."""
    with Agent(settings(""), file_sound(tmp_path, tones=level)) as agent:
        agent.sip.play("error", False)
        agent.run(0.2)
        agent.sip.open_sound()
        agent.run(0.9)
        for name, _ in TONES:
            agent.sip.play(name, name == "ringing")
            agent.run(0.6)
        agent.sip.silence()
        agent.run(0.5)
    found = sounds.windows(audio_file(tmp_path), tuple(frequency for _, frequency in TONES), 0.02)
    floor, ceiling = {"off": (-1, 1), "low": (1000, 3000), "normal": (3500, 9000)}[level]
    for name, frequency in TONES:
        peak = max(window.amplitudes[frequency] for window in found)
        assert floor < peak < ceiling, name
    assert max(window.rms for window in found[-10:]) < 20
    if level == "normal":
        first = next(w.start for w in found if w.amplitudes[330] > 3000)
        assert first < 0.2, "the tone that waited for the device comes first"


def test_volume(tmp_path, microphone):
    scenario = Scenario().invite().respond(200, sdp=True).ack().hung_up()
    audio = file_sound(tmp_path, microphone)
    with Sipp(scenario, tmp_path, echo=True) as callee, Agent(settings(callee.address), audio) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        agent.run(0.8)
        for _ in range(5):
            agent.sip.volume(-1)
        agent.run(0.8)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
    heard = [w.amplitudes[440] for w in sounds.windows(audio_file(tmp_path), (440,)) if w.amplitudes[440] > 500]
    assert heard[4] / heard[-2] == pytest.approx(10 ** (10 / 20), rel=0.15)


@pytest.mark.parametrize("audio", [AudioSettings(device="no such device"), AudioSettings(device="file"),
                                   AudioSettings(device="file", speaker_file="e.wav", microphone_file="/nowhere.wav"),
                                   AudioSettings(device="file", speaker_file="/nowhere/ear.wav")])
def test_a_device_that_cannot_be_opened(audio, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Agent(settings(""), audio) as agent:
        with pytest.raises(SoundError, match=r"\[audio\]|devices that can speak and listen"):
            agent.sip.open_sound()
        agent.sip.close_sound()
