# SPDX-License-Identifier: GPL-3.0-or-later
"""SIPp calls the town and registers with it."""

import pytest

from tests.unit.town.sippcaller import SDP, Scenario, run

pytestmark = pytest.mark.sip


def invited(number):
    return Scenario(number).send("INVITE", body=SDP).receive(100, optional=True).receive(180, optional=True)


def test_answered_calls_hung_up_by_the_caller(town, tmp_path):
    scenario = (
        invited("answer")
        .receive(183, optional=True)
        .receive(200)
        .send("ACK", to_tag=True)
        .pause(200)
        .send("BYE", to_tag=True)
        .receive(200)
    )
    assert run(scenario, town.address, tmp_path, calls=10) == 0
    town.wait("end", count=10)  # the last BYE is answered before its call is written down
    totals = town.totals()
    assert (totals.calls, totals.answered, totals.numbers) == (10, 10, 1)
    assert all(0.15 < call.talk_seconds < 5 for call in town.calls)
    assert all(call.rtp.tx >= 8 for call in town.calls)


def test_call_hung_up_by_the_callee(town, tmp_path):
    scenario = invited("hangs-up-first").receive(200).send("ACK", to_tag=True).receive_request("BYE")
    assert run(scenario, town.address, tmp_path) == 0
    assert town.wait("end")[0]["ended_by"] == "callee"


@pytest.mark.parametrize(("number", "status"), [("busy", 486), ("unallocated", 404), ("declines", 603)])
def test_refused_calls(town, tmp_path, number, status):
    scenario = invited(number).receive(status).send("ACK", to_tag=True)
    assert run(scenario, town.address, tmp_path, calls=3) == 0
    assert town.totals().by_code == {status: 3}


def test_cancelled_call(town, tmp_path):
    scenario = Scenario("rings-out").send("INVITE", body=SDP).receive(100, optional=True).receive(180)
    scenario.send("CANCEL", branch="[branch-3]").receive(200).receive(487).send(
        "ACK", to_tag=True, branch="[branch-6]"
    )
    assert run(scenario, town.address, tmp_path) == 0
    assert town.wait("end")[0]["result"] == "cancelled"


@pytest.mark.parametrize(("password", "status"), [("secret", 200), ("guess", 403)])
def test_registration(town, tmp_path, password, status):
    scenario = Scenario().send("REGISTER").receive(401, auth=True)
    scenario.target = ""
    credentials = f"[authentication username=101 password={password}]\n"
    scenario.send("REGISTER", extra=credentials).receive(status)
    scenario.steps = [step.replace("To: <sip:", "To: <sip:101@") for step in scenario.steps]
    assert run(scenario, town.address, tmp_path) == 0
    assert town.registered("101") is (status == 200)


def test_over_tcp(town, tmp_path):
    scenario = (
        invited("answer")
        .receive(200)
        .send("ACK", to_tag=True)
        .pause(100)
        .send("BYE", to_tag=True)
        .receive(200)
    )
    assert run(scenario, town.address, tmp_path, extra=("-t", "t1")) == 0
    assert town.totals().answered == 1
