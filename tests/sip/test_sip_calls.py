# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls against SIPp: what is on the wire, and what the core is told."""

import pytest

from callsheet.core.events import CallAnswered, CallEnded, CallMedia, CallProgress
from callsheet.core.outcomes import Reason
from tests.sip.peers.agent import Agent, settings
from tests.sip.peers.process import LOOPBACK, free_port
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp

NUMBER = "+15550001"


def test_answered_call_ended_by_the_agent(tmp_path):
    scenario = Scenario().invite().respond(180).pause(50).respond(200, sdp=True).ack().hung_up()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        assert agent.wait(CallProgress) == CallProgress(1, 180, "Ringing", False)
        agent.wait(CallAnswered, call=1)
        assert agent.wait(CallMedia) == CallMedia(1, "active", "PCMA", False)
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, call=1).end
        assert (end.code, end.by, end.local) == (200, "near", False)
        assert callee.finish() == 0


def test_answered_call_ended_by_the_callee_with_reason(tmp_path):
    scenario = (Scenario().invite().respond(200, sdp=True).ack().pause(200)
                .request("BYE", headers=('Reason: Q.850;cause=16;text="Normal"',)).response(200))
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        end = agent.wait(CallEnded, call=1).end
        assert (end.code, end.by, end.local) == (200, "far", False)
        assert end.reasons == (Reason("Q.850", 16, "Normal"),)
        assert callee.finish() == 0


@pytest.mark.parametrize(("code", "phrase"), [(404, "Not Found"), (486, "Busy Here"), (503, "Service Unavailable"),
                                              (408, "Request Timeout"), (380, "Alternative Service")])
def test_refusal_from_the_network_is_not_local(tmp_path, code, phrase):
    scenario = Scenario().invite().respond(code, phrase).ack()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        end = agent.wait(CallEnded, call=1).end
        assert (end.code, end.phrase, end.local, end.by) == (code, phrase, False, "")
        assert callee.finish() == 0


def test_reasons_and_retry_after_of_a_refusal(tmp_path):
    headers = ("Reason: Q.850;cause=17;text=\"User busy\"", "Reason: SIP;cause=486 , Q.850 ; cause=0",
               "Retry-After: 120 (in a meeting);duration=60")
    scenario = Scenario().invite().respond(486, "Occupé", headers=headers).ack()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        end = agent.wait(CallEnded, call=1).end
        assert end.reasons == (Reason("Q.850", 17, "User busy"), Reason("SIP", 486), Reason("Q.850", 0))
        assert (end.retry_after, end.phrase) == (120.0, "Occupé")


def test_hang_up_while_ringing_is_cancel(tmp_path):
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(200, retransmit=False)
                .respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallProgress)
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, call=1).end
        assert (end.code, end.local) == (487, False)
        assert callee.finish() == 0


def test_a_200_that_crosses_our_cancel_is_an_answered_call(tmp_path):
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(200, retransmit=False)
                .respond(200, to_invite=True, sdp=True).ack()
                .pause(300).request("BYE").response(200))
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallProgress)
        agent.sip.hang_up(1, 0)
        agent.wait(CallAnswered, call=1)
        assert agent.wait(CallMedia).state == "active"
        assert agent.wait(CallEnded, call=1).end.by == "far"
        assert callee.finish() == 0


def test_an_answered_call_that_was_to_be_cancelled_can_still_be_hung_up(tmp_path):
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(481, "Gone", retransmit=False)
                .respond(200, to_invite=True, sdp=True).ack().hung_up())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallProgress)
        agent.sip.hang_up(1, 0)
        agent.wait(CallAnswered, call=1)
        agent.sip.hang_up(1, 0)
        assert agent.wait(CallEnded, call=1).end.by == "near"
        assert callee.finish() == 0


def test_hang_up_before_any_response_ends_at_once(tmp_path):
    """No CANCEL may be sent before a provisional response; what comes later is cancelled all the same."""
    scenario = (Scenario().invite().pause(2600).respond(180).expect("CANCEL").respond(200, retransmit=False)
                .respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.run(0.1)
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, 3, call=1).end
        assert (end.code, end.local, end.detail) == (0, True, "no response to the INVITE")
        assert agent.until(lambda: callee.child.poll() is not None, 5)
        assert callee.finish() == 0
        assert agent.count(CallEnded) == 1
        assert agent.count(CallProgress) == 0


def test_hang_up_just_before_the_first_response_is_cancel(tmp_path):
    scenario = (Scenario().invite().pause(400).respond(100).expect("CANCEL").respond(200, retransmit=False)
                .pause(2200).respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, 4, call=1).end
        assert (end.code, end.local) == (487, False)
        assert callee.finish() == 0


def test_a_cancel_that_nobody_follows_up(tmp_path):
    """CANCEL is confirmed, but the INVITE never ends; the phone does not wait 32 s for it."""
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(200, retransmit=False).pause(5500)
                .respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallProgress)
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, 7, call=1).end
        assert (end.code, end.local, bool(end.detail)) == (0, False, True)


def test_an_answer_after_the_call_was_given_up_is_released(tmp_path):
    scenario = Scenario().invite().pause(2500).respond(200, sdp=True).ack().hung_up()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.sip.hang_up(1, 0)
        assert agent.wait(CallEnded, 3, call=1).end.local
        agent.until(lambda: callee.child.poll() is not None, 5)
        assert callee.finish() == 0
        assert agent.count(CallAnswered) == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_dead_server_is_our_fault(tmp_path, transport):
    sip = settings(f"{LOOPBACK}:{free_port()}", transport=transport)
    with Agent(sip) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.run(0.5)
        agent.sip.hang_up(1, 0)
        end = agent.wait(CallEnded, 4, call=1).end
        assert end.local
        assert end.detail
        assert (end.code == 503) == (transport == "tcp"), "made up by the stack, but told"


@pytest.mark.parametrize("server", ["", "no-such-host.invalid"])
def test_no_server_to_send_to_is_our_fault(server):
    with Agent(settings(server)) as agent:
        agent.sip.dial(1, NUMBER, "")
        end = agent.wait(CallEnded, call=1).end
        assert (end.local, bool(end.detail)) == (True, True)


@pytest.mark.parametrize("number", ["", "sip:", "sip:a b@host", "sip:1@h\r\nX: y", "sip:1@h>;x=<", "sip:1@h?Route=x",
                                    "sip:@host", "sips:1@-"])
def test_what_cannot_be_dialled_is_told_as_our_fault(number):
    with Agent(settings(f"{LOOPBACK}:{free_port()}")) as agent:
        agent.sip.dial(1, number, "")
        end = agent.wait(CallEnded, 1, call=1).end
        assert end.local
        assert end.detail


@pytest.mark.parametrize(("number", "on_the_wire"), [
    ("+15550001", "sip:+15550001@127.0.0.1"), ("*21*7#", "sip:*21*7%23@127.0.0.1"),
    ("sip:anna@127.0.0.1;x=y", "sip:anna@127.0.0.1")])
def test_request_uri(tmp_path, number, on_the_wire):
    with Sipp(Scenario().invite().respond(404).ack(), tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, number, "")
        agent.wait(CallEnded)
        assert callee.finish() == 0
        assert f"INVITE {on_the_wire}" in callee.trace()
        assert "Route:" not in callee.trace()


def test_caller_id_goes_out_as_identity(tmp_path):
    with Sipp(Scenario().invite().respond(404).ack(), tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "+15557777")
        agent.wait(CallEnded)
        domain = callee.address
        assert f"P-Preferred-Identity: <sip:+15557777@{domain}>" in callee.trace()
        assert f"P-Asserted-Identity: <sip:+15557777@{domain}>" in callee.trace()
        assert "From: <sip:101@" in callee.trace()


def test_all_slots_taken_is_our_fault(tmp_path):
    scenario = Scenario().invite().respond(100).pause(2000).respond(486).ack()
    with Sipp(scenario, tmp_path, calls=8) as callee, Agent(settings(callee.address)) as agent:
        for call in range(1, 10):
            agent.sip.dial(call, NUMBER, "")
        agent.until(lambda: agent.count(CallEnded) == 9, 6)
        ends = {e.call: e.end for e in agent.events if isinstance(e, CallEnded)}
    assert sorted(ends) == list(range(1, 10))
    # A published build of the stack has fewer than the eight slots of ours.
    turned_down = [end for end in ends.values() if end.local]
    assert ends[9] in turned_down
    assert all("slots" in end.detail for end in turned_down)
    assert all(end.code == 486 for end in ends.values() if not end.local)


def test_both_hang_up_at_once(tmp_path):
    """BYE crosses BYE: one end, no error."""
    scenario = (Scenario().invite().respond(200, sdp=True).ack().expect("BYE")
                .request("BYE").response(200))
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        agent.wait(CallAnswered)
        agent.sip.hang_up(1, 0)
        agent.sip.hang_up(1, 0)
        agent.run(0.5)
        assert callee.finish() == 0
        assert agent.count(CallEnded) == 1
        assert agent.wait(CallEnded).end.by == "near"


def test_reinvite_by_the_callee(tmp_path):
    """Hold, another codec, and back: told as media, and confirmed on the wire."""
    scenario = Scenario().invite().respond(200, sdp=True).ack().pause(100)
    for direction in ("sendonly", "sendrecv"):
        scenario.request("INVITE", sdp=direction).response(200).request("ACK").pause(200)
    scenario.request("BYE").response(200)
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        assert agent.wait(CallEnded).end.by == "far"
        assert callee.finish() == 0
    assert [e.state for e in agent.events if isinstance(e, CallMedia)] == ["active", "remote-hold", "active"]
