# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that can be spoken in can be heard: RTP is taken in from the start, and again if that stopped."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.bridge import hears
from callsheet.adapters.sip.hearing import unread
from callsheet.core.events import CallAnswered, CallEnded, CallProgress
from tests.sip.peers import sounds
from tests.sip.peers.agent import Agent, settings
from tests.sip.peers.process import LOOPBACK
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp

NUMBER = "+15550001"
FRAME = sounds.alaw(sounds.tone((1000,), 0.02, 8000))
PATIENCE = 20.0
"""Seconds; only a phone that stays deaf makes a test wait so long."""


class Speaker:
    """Somebody who speaks to the agent's port for RTP: a packet (RFC 3550 §5.1) at each call."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._number = count()

    def say(self, port: int) -> None:
        number = next(self._number)
        head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * len(FRAME), 7)
        self._socket.sendto(head + FRAME, (LOOPBACK, port))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    made = Speaker()
    yield made
    made.close()


def answering() -> Scenario:
    return Scenario().invite().respond(200, sdp=True).ack().hung_up()


def port_of(callee: Sipp) -> int:
    """Where the agent's INVITE wants to have RTP."""
    found = re.search(r"^m=audio (\d+)", callee.trace(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_what_waits_in_a_socket_is_seen(speaker: Speaker) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind((LOOPBACK, 0))
        port = deaf.getsockname()[1]
        assert unread(port) == 0
        speaker.say(port)
        assert unread(port) >= len(FRAME)
        deaf.recv(2000)
        assert unread(port) == 0


@pytest.mark.parametrize("srtp", ["off", "optional"])
def test_rtp_is_taken_in_before_the_answer(tmp_path: Path, speaker: Speaker, srtp: str) -> None:
    """A callee speaks as soon as he answers, and may be faster than his 200; a stack that begins to read only
    then may stop for good at a packet that waits (transport_media_start in pjproject 2.17)."""
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(200, retransmit=False)
                .respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address, srtp=srtp)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallProgress)
        port = port_of(callee)
        for _ in range(5):
            speaker.say(port)
        assert agent.until(lambda: unread(port) == 0, PATIENCE)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
        assert callee.finish() == 0


def test_a_call_that_went_deaf_hears_again(
    tmp_path: Path, speaker: Speaker, caplog: pytest.LogCaptureFixture
) -> None:
    with Sipp(answering(), tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        port, line = port_of(callee), agent.sip._calls._lines[1]

        def taken() -> int:
            speaker.say(port)
            return line.handle.getStreamStat(0).rtcp.rxStat.pkt

        assert agent.until(lambda: taken() > 10, PATIENCE)
        lowlevel.stop_reading_rtp(line.handle.transports[0])
        before = taken()
        assert agent.until(lambda: taken() > before + 10, PATIENCE)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
    assert "RTP waited in its socket" in caplog.text


def test_a_call_that_is_not_connected_is_connected_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Sipp(answering(), tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        line, sound = agent.sip._calls._lines[1], agent.sip._sound

        assert line.media is not None
        assert sound.ear is not None
        assert sound.microphone is not None

        def connected() -> tuple[bool, bool]:
            return hears(line.media, sound.ear), hears(sound.microphone, line.media)

        assert agent.until(lambda: connected() == (True, True), PATIENCE)
        line.media.stopTransmit(sound.ear)
        assert agent.until(lambda: connected() == (False, True), PATIENCE)
        assert agent.until(lambda: connected() == (True, True), PATIENCE)
        assert "not connected to the ear piece" in caplog.text
        sound.microphone.stopTransmit(line.media)
        assert agent.until(lambda: connected() == (True, False), PATIENCE)
        assert agent.until(lambda: connected() == (True, True), PATIENCE)
        assert "not connected to the microphone" in caplog.text
        caplog.clear()
        agent.sip.mute(True)
        agent.run(2.5)
        assert connected() == (True, False), "a muted microphone is no fault"
        assert not caplog.text
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
