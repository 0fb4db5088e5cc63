# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls with baresip: codecs, encryption, digits, hold, and sound in both directions."""

import pytest

from callsheet.adapters.sip.stack import Stack
from callsheet.core.events import CallAnswered, CallEnded, CallMedia
from callsheet.formats.settings import SipSettings
from tests.sip.peers import sounds
from tests.sip.peers.agent import Agent, file_sound, settings
from tests.sip.peers.baresip import Baresip
from tests.sip.peers.certs import issue
from tests.sip.peers.process import LOOPBACK


@pytest.fixture
def microphone(tmp_path):
    return sounds.write_wav(tmp_path / "microphone.wav", sounds.tone((440,), 5))


@pytest.fixture(scope="module")
def codecs():
    """Names of those the build of pjsua2 has."""
    stack = Stack(SipSettings(codecs=("opus", "G722", "PCMU", "PCMA")))
    names = [codec.split("/")[0] for codec in stack.codecs]
    stack.close()
    return names


@pytest.mark.parametrize("codec", ["opus", "G722", "PCMU", "PCMA"])
def test_both_hear_each_other_with_each_codec(tmp_path, microphone, codec, codecs):
    if codec not in codecs:
        pytest.skip(f"this build of pjsua2 has no {codec}")
    rate = 48000 if codec == "opus" else 16000 if codec == "G722" else 8000
    voice = sounds.write_wav(tmp_path / "voice.wav", sounds.tone((1000,), 5, rate), rate, 2 if codec == "opus" else 1)
    with Baresip(tmp_path / "far", voice=voice) as callee:
        with Agent(settings(callee.address, codecs=(codec, "PCMA")), file_sound(tmp_path, microphone)) as agent:
            agent.sip.open_sound()
            agent.sip.dial(1, "200", "")
            agent.wait(CallAnswered)
            assert agent.wait(CallMedia, state="active").codec.lower() == codec.lower()
            agent.run(1.5)
            agent.sip.dtmf(1, "17*#0")
            agent.run(0.5)
            agent.until(lambda: len(callee.digits()) == 5, 3)
            agent.sip.hang_up(1, 0)
            agent.wait(CallEnded)
            assert callee.digits() == "17*#0"
        callee.wait_event("CALL_CLOSED")
    assert sounds.seconds_of(tmp_path / "ear.wav", 1000, 440) > 1.0
    assert sounds.seconds_of(callee.heard(), 440, 1000) > 1.0


@pytest.mark.parametrize("srtp", ["optional", "required"])
def test_tls_and_srtp(tmp_path, microphone, srtp):
    identity = issue(tmp_path / "ca", "localhost", LOOPBACK)
    voice = sounds.write_wav(tmp_path / "voice.wav", sounds.tone((1000,), 5, 8000), 8000)
    with Baresip(tmp_path / "far", voice=voice, codecs="PCMA", encryption="srtp-mand" if srtp == "required" else "srtp",
                 identity=identity, transport="tls") as callee:
        sip = settings(f"localhost:{callee.port + 1}", transport="tls", ca_file=str(identity.ca), srtp=srtp)
        with Agent(sip, file_sound(tmp_path, microphone)) as agent:
            agent.sip.open_sound()
            agent.sip.dial(1, "200", "")
            agent.wait(CallAnswered)
            assert agent.wait(CallMedia, state="active").secure
            agent.run(1.5)
            agent.sip.hang_up(1, 0)
            agent.wait(CallEnded)
        callee.wait_event("CALL_CLOSED")
    assert sounds.seconds_of(tmp_path / "ear.wav", 1000, 440) > 1.0
    assert sounds.seconds_of(callee.heard(), 440, 1000) > 1.0


def test_srtp_required_is_not_given_up(tmp_path):
    """A callee that cannot encrypt is not talked to in the clear."""
    with Baresip(tmp_path / "far", codecs="PCMA") as callee:
        with Agent(settings(callee.address, srtp="required")) as agent:
            agent.sip.dial(1, "200", "")
            end = agent.wait(CallEnded).end
            assert agent.count(CallAnswered) == 0
            assert (end.code, end.local) == (488, False)


def test_digits_by_info_where_there_are_no_telephone_events(tmp_path, codecs):
    """baresip answers Opus with telephone events at 8 kHz only, which do not fit Opus's clock (RFC 4733 §2.1)."""
    if "opus" not in codecs:
        pytest.skip("this build of pjsua2 has no Opus")
    with Baresip(tmp_path / "far", codecs="opus/48000/2") as callee:
        with Agent(settings(callee.address, codecs=("opus",))) as agent:
            agent.sip.dial(1, "200", "")
            agent.wait(CallMedia, state="active")
            agent.sip.dtmf(1, "5#")
            agent.until(lambda: len(callee.digits()) == 2, 3)
            assert callee.digits() == "5#"


def test_hold_by_the_far_end(tmp_path):
    with Baresip(tmp_path / "far", codecs="PCMA") as callee:
        with Agent(settings(callee.address)) as agent:
            agent.sip.dial(1, "200", "")
            agent.wait(CallMedia, state="active")
            callee.command("hold")
            agent.wait(CallMedia, state="remote-hold")
            callee.command("resume")
            agent.until(lambda: agent.count(CallMedia) >= 3, 3)
            assert [e.state for e in agent.events if isinstance(e, CallMedia)][-1] == "active"
            callee.command("hangup")
            assert agent.wait(CallEnded).end.by == "far"
