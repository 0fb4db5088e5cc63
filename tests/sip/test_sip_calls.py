# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls against SIPp: what is on the wire, and what the core is told."""

import pytest

from callsheet.core.events import CallAnswered, CallEnded, CallMedia, CallProgress
from callsheet.core.outcomes import Reason
from tests.sip.peers.agent import Agent, settings
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
