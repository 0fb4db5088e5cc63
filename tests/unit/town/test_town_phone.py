# SPDX-License-Identifier: GPL-3.0-or-later
"""The town and the phone's own SIP stack: two programs that have only the RFCs in common."""

import pytest

from callsheet.core.events import CallAnswered, CallEnded, CallMedia, CallProgress
from callsheet.simulator.town import Behaviour, Step
from tests.sip.peers.agent import Agent, file_sound, settings
from tests.sip.peers.sounds import seconds_of, tone, write_wav

pytestmark = pytest.mark.sip


@pytest.fixture
def agent(town):
    host, port = town.address
    with Agent(settings(f"{host}:{port}", register=True, password="secret")) as agent:
        agent.registered()
        yield agent


def test_registration_with_digest(town, agent):
    statuses = [line["status"] for line in town.town.ledger.events if line["event"] == "register"]
    assert statuses == [401, 200]
    assert town.registered("101")


def test_two_way_audio_by_content(town, tmp_path):
    host, port = town.address
    voice = write_wav(tmp_path / "voice.wav", tone((620,), 5))
    town.assign("1", Behaviour(ring=0.1, voice="tone", hz=1130))
    with Agent(settings(f"{host}:{port}"), file_sound(tmp_path, voice)) as agent:
        agent.sip.open_sound()
        agent.sip.dial(1, "1", "")
        agent.wait(CallAnswered, call=1)
        agent.run(1.0)
        agent.sip.hang_up(1, 0)
        agent.wait(CallEnded, call=1)
    rtp = town.wait("end", number="1")[0]["rtp"]
    assert rtp["dominant_hz"] == pytest.approx(620, abs=2)
    assert rtp["dominant_share"] > 0.9
    assert (rtp["lost"], rtp["foreign"]) == (0, 0)
    assert seconds_of(tmp_path / "ear.wav", 1130, 620) > 0.5


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("busy", 486),
        ("unallocated", 404),
        ("nowhere", 604),
        ("declines-as-asterisk", 403),
        ("overloaded", 503),
        ("moved", 302),
    ],
)
def test_refusals_arrive_as_sent(town, agent, name, code):
    town.assign("1", name)
    agent.sip.dial(1, "1", "")
    end = agent.wait(CallEnded, call=1).end
    behaviour = town.town.directory.behaviours[name]
    assert (end.code, end.local) == (code, False)
    assert [f"{r.protocol};cause={r.cause}" for r in end.reasons] == [
        ";".join(r.split(";")[:2]) for r in behaviour.reason
    ]
    assert end.retry_after == (10 if name == "overloaded" else None)


def test_early_media(town, agent):
    agent.sip.open_sound()
    town.assign("1", "announcement-forever")
    agent.sip.dial(1, "1", "")
    assert agent.wait(CallProgress, code=183).early_media
    agent.run(1.5)
    agent.sip.hang_up(1, 0)
    agent.wait(CallEnded, call=1)
    assert town.wait("end")[0]["result"] == "cancelled"


@pytest.mark.parametrize("name", ["bye-glare", "repeats-200", "silent-to-bye", "answers-the-cancel"])
def test_awkward_callees(town, agent, name):
    town.assign("1", name)
    agent.sip.dial(1, "1", "")
    if name == "answers-the-cancel":
        agent.wait(CallProgress, code=180)
        agent.sip.hang_up(1, 0)
    agent.wait(CallAnswered, call=1)
    agent.run(0.3)
    agent.sip.hang_up(1, 0)
    assert agent.wait(CallEnded, call=1).end.code == 200
    assert town.wait("end")[0]["result"] == "answered"


def test_the_callee_holds_changes_codec_and_hangs_up(town, agent):
    agent.sip.open_sound()
    town.assign(
        "1",
        Behaviour(
            ring=0,
            script=(
                Step(after=0.2, do="hold"),
                Step(after=0.6, do="unhold"),
                Step(after=1.0, do="codec", codec="PCMU"),
                Step(after=1.4, do="bye"),
            ),
        ),
    )
    agent.sip.dial(1, "1", "")
    end = agent.wait(CallEnded, call=1).end
    assert end.by == "far"
    changes = [
        (line["codec"], line["direction"]) for line in town.town.ledger.events if line["event"] == "reinvited"
    ]
    assert changes == [("PCMA", "sendonly"), ("PCMA", "sendrecv"), ("PCMU", "sendrecv")]
    assert not [
        line for line in town.town.ledger.events if line["event"] in ("response", "timeout", "bad-answer")
    ]


def test_hold_dtmf_and_transfer_by_the_phone(town, agent):
    agent.sip.open_sound()
    agent.sip.dial(1, "answer", "")
    agent.wait(CallMedia, state="active")
    agent.sip.hold(1, True)
    agent.until(lambda: any(e.get("direction") == "recvonly" for e in town.town.ledger.events), 5)
    agent.sip.hold(1, False)
    agent.until(lambda: any(e.get("direction") == "sendrecv" for e in town.town.ledger.events), 5)
    agent.run(0.3)
    agent.sip.dtmf(1, "42#")
    agent.until(lambda: town.calls[0].dtmf == "42#", 5)
    agent.sip.transfer(1, "2002")
    agent.until(lambda: town.calls[0].transferred_to, 5)
    agent.run(1.0)
    agent.sip.hang_up(1, 0)
    agent.wait(CallEnded, call=1)
    assert town.calls[0].dtmf == "42#"
    assert town.calls[0].transferred_to == "2002"


def test_the_town_rings_the_phone(town, agent):
    ringing = town.ring("101", "+15550123", "Ann")
    agent.until(lambda: len(agent.events) > 1, 5)
    incoming = agent.events[-1]
    agent.sip.ring(incoming.call)
    agent.until(lambda: any(e["event"] == "ringing" for e in town.town.ledger.events), 5)
    agent.sip.answer(incoming.call)
    agent.wait(CallAnswered)
    agent.run(0.3)
    ringing.hang_up()
    assert agent.wait(CallEnded).end.by == "far"
    assert ringing.wait("end")["result"] == "answered"
