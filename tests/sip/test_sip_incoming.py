# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that come in through a real proxy, and transfers."""

import pytest

from callsheet.core.events import CallAnswered, CallEnded, CallIncoming, CallMedia, TransferProgress
from tests.sip.peers import sounds
from tests.sip.peers.agent import Agent, file_sound, settings
from tests.sip.peers.baresip import Baresip
from tests.sip.peers.kamailio import Kamailio
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp


@pytest.fixture
def exchange(tmp_path):
    with Kamailio(tmp_path / "exchange") as server:
        yield server


@pytest.fixture
def agent(exchange, tmp_path):
    with Agent(settings(exchange.address, register=True), file_sound(tmp_path)) as driver:
        driver.registered()
        driver.sip.open_sound()
        yield driver


@pytest.fixture
def caller(exchange, tmp_path, agent):
    voice = sounds.write_wav(tmp_path / "voice.wav", sounds.tone((1000,), 5, 8000), 8000)
    with Baresip(tmp_path / "far", user="200", answer="manual", voice=voice, codecs="PCMA",
                 registrar=exchange.address, password="secret-200") as far:
        yield far


def test_incoming_call_rings_is_answered_and_heard(tmp_path, exchange, agent, caller):
    caller.command("dial", f"sip:101@{exchange.address}")
    incoming = agent.wait(CallIncoming)
    assert incoming.call < 0
    assert (incoming.number, incoming.name) == ("200", "")
    agent.sip.ring(incoming.call)
    caller.wait_event("CALL_RINGING")
    agent.sip.answer(incoming.call)
    agent.wait(CallAnswered, call=incoming.call)
    agent.wait(CallMedia, call=incoming.call, state="active")
    agent.run(1.5)
    agent.sip.hang_up(incoming.call, 0)
    assert agent.wait(CallEnded, call=incoming.call).end.by == "near"
    caller.wait_event("CALL_CLOSED")
    agent.sip.close()
    assert sounds.seconds_of(tmp_path / "ear.wav", 1000) > 0.8


@pytest.mark.parametrize(("code", "word"), [(486, "Busy"), (603, "Decline"), (0, "Decline")])
def test_incoming_call_is_refused(exchange, agent, caller, code, word):
    caller.command("dial", f"sip:101@{exchange.address}")
    incoming = agent.wait(CallIncoming)
    agent.sip.ring(incoming.call)
    agent.sip.hang_up(incoming.call, code)
    assert agent.wait(CallEnded, call=incoming.call).end.by == ""
    assert word in caller.wait_event("CALL_CLOSED")["param"]


def test_the_caller_gives_up(exchange, agent, caller):
    caller.command("dial", f"sip:101@{exchange.address}")
    incoming = agent.wait(CallIncoming)
    agent.sip.ring(incoming.call)
    caller.wait_event("CALL_RINGING")
    caller.command("hangup")
    end = agent.wait(CallEnded, call=incoming.call).end
    assert (end.code, end.local) == (487, False)
    agent.sip.answer(incoming.call)
    agent.sip.hang_up(incoming.call, 0)


def test_a_second_incoming_call_is_told_while_one_is_up(exchange, agent, caller, tmp_path):
    caller.command("dial", f"sip:101@{exchange.address}")
    first = agent.wait(CallIncoming)
    agent.sip.answer(first.call)
    agent.wait(CallAnswered, call=first.call)
    with Baresip(tmp_path / "other", user="201", registrar=exchange.address, password="secret-201") as other:
        other.command("dial", f"sip:101@{exchange.address}")
        agent.until(lambda: agent.count(CallIncoming) == 2, 5)
        second = [e for e in agent.events if isinstance(e, CallIncoming)][1]
        assert (second.number, second.call) != (first.number, first.call)
        assert second.number == "201"
        agent.sip.hang_up(second.call, 486)
        agent.wait(CallEnded, call=second.call)
        other.wait_event("CALL_CLOSED")
    assert agent.count(CallEnded) == 1, "the first call goes on"
    agent.sip.hang_up(first.call, 0)
    agent.wait(CallEnded, call=first.call)


def test_blind_transfer(exchange, agent, caller, tmp_path):
    caller.command("dial", f"sip:101@{exchange.address}")
    incoming = agent.wait(CallIncoming)
    agent.sip.answer(incoming.call)
    agent.wait(CallAnswered)
    with Baresip(tmp_path / "third", user="300", registrar=exchange.address, password="secret-300") as third:
        agent.sip.transfer(incoming.call, "300")
        third.wait_event("CALL_ESTABLISHED")
        final = agent.wait(TransferProgress, final=True)
        assert (final.call, final.code) == (incoming.call, 200)
        agent.sip.hang_up(incoming.call, 0)
        agent.wait(CallEnded, call=incoming.call)


def test_transfer_to_nobody(exchange, agent, caller):
    caller.command("dial", f"sip:101@{exchange.address}")
    incoming = agent.wait(CallIncoming)
    agent.sip.answer(incoming.call)
    agent.wait(CallAnswered)
    agent.sip.transfer(incoming.call, "999")
    final = agent.wait(TransferProgress, final=True)
    assert final.code >= 300
    assert agent.count(CallEnded) == 0
    agent.sip.hang_up(incoming.call, 0)
    agent.wait(CallEnded)


def test_transfer_that_is_refused(tmp_path):
    scenario = Scenario().invite().respond(200, sdp=True).ack().expect("REFER").respond(603, "Decline").hung_up()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, "1", "")
        agent.wait(CallAnswered)
        agent.sip.transfer(1, "2")
        assert agent.wait(TransferProgress) == TransferProgress(1, 603, True)
        agent.sip.transfer(1, "sip:not a uri")
        agent.until(lambda: agent.count(TransferProgress) == 2, 2)
        assert agent.events[-1] == TransferProgress(1, 484, True)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded)
