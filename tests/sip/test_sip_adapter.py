# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter's own manners: one thread, no noise, other settings while it runs, an orderly end."""

import gc
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pjsua2 as pj
import pytest

from callsheet.adapters.sip import PjSip, stun
from callsheet.core.events import CallAnswered, CallEnded, CallMedia, RegistrationChanged
from callsheet.core.settings import DialRule, NumberSettings
from callsheet.formats.settings import AudioSettings, SipSettings
from callsheet.ports import SipError, SoundError
from tests.sip.peers.agent import Agent, settings
from tests.sip.peers.kamailio import Kamailio
from tests.sip.peers.process import LOOPBACK, free_port
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp

NUMBER = "+15550001"
FIRMWARE = Path(__file__).parents[2] / "firmware"


def test_wake_from_another_thread_ends_the_wait():
    with Agent(settings("")) as agent:
        for _ in range(5):
            threading.Timer(0.05, agent.sip.wake).start()
            # Without the wake this would outlast the test's own time-out.
            agent.sip.poll(600)


def test_a_wake_before_the_wait_is_not_lost():
    with Agent(settings("")) as agent:
        agent.sip.wake()
        agent.sip.poll(600)


def test_wake_is_harmless_before_the_start_and_after_the_end():
    sip = PjSip(SipSettings(), AudioSettings(device="null"))
    sip.wake()
    sip.start(lambda event: None)
    sip.close()
    sip.wake()
    sip.close()


def test_nothing_is_printed():
    """Neither the stack's banner nor the complaints of sound servers that do not run."""
    script = ("from callsheet.adapters.sip import PjSip\nfrom callsheet.formats.settings import *\n"
              "s = PjSip(SipSettings(), AudioSettings(device='null'))\ns.start(lambda e: None)\ns.open_sound()\n"
              "s.poll(0.1)\ns.close()\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False,
                          env={"PYTHONPATH": str(FIRMWARE), "PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("changes", [{"local_address": "203.0.113.77"}, {"domain": "a b"}, {"server": "x;y"},
                                     {"transport": "tls", "ca_file": "/nowhere/ca.pem"}])
def test_settings_that_cannot_work_are_one_error(changes):
    agent = Agent(settings(**{"server": LOOPBACK} | changes))
    with pytest.raises(SipError, match=r"(?i)sip"):
        agent.sip.start(agent.events.append)
    # The library can be started again afterwards.
    with Agent(settings("")) as other:
        other.wait(RegistrationChanged)


def test_a_port_that_is_taken_is_one_error():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        agent = Agent(settings("", local_port=taken.getsockname()[1]))
        with pytest.raises(SipError, match="local_port"):
            agent.sip.start(agent.events.append)


def test_other_settings_without_a_new_process(tmp_path):
    audio, numbers = AudioSettings(device="null"), NumberSettings(dial_rules=(DialRule("+1", 2, "0"),))
    with Kamailio(tmp_path / "a") as first, Sipp(Scenario().invite().respond(486).ack(), tmp_path / "b") as second:
        with Agent(settings(first.address, register=True)) as agent:
            agent.registered()
            agent.sip.configure(settings(second.address), audio, numbers)
            agent.wait(RegistrationChanged, server=second.address)
            agent.sip.dial(1, NUMBER, "")
            assert agent.wait(CallEnded).end.code == 486
            assert f"INVITE sip:05550001@{second.address}" in second.trace()
        assert first.seen("REGISTER") >= 3, "the old registration was taken back"


def test_settings_that_fail_can_be_rolled_back(tmp_path):
    audio, numbers = AudioSettings(device="null"), NumberSettings()
    with Kamailio(tmp_path) as server:
        good = settings(server.address, register=True)
        with Agent(good) as agent:
            agent.registered()
            with pytest.raises(SipError):
                agent.sip.configure(settings("", local_address="203.0.113.77"), audio, numbers)
            agent.events.clear()
            agent.sip.configure(good, audio, numbers)
            agent.registered()


def test_closing_in_a_call_hangs_up(tmp_path):
    with Sipp(Scenario().invite().respond(200, sdp=True).ack().hung_up(), tmp_path) as callee:
        with Agent(settings(callee.address)) as agent:
            agent.sip.dial(1, NUMBER, "")
            agent.wait(CallAnswered)
        assert callee.finish() == 0
        assert agent.count(CallEnded) == 1


def test_closing_while_it_rings_cancels(tmp_path):
    scenario = (Scenario().invite().respond(180).expect("CANCEL").respond(200, retransmit=False)
                .respond(487, to_invite=True).ack())
    with Sipp(scenario, tmp_path) as callee:
        with Agent(settings(callee.address)) as agent:
            agent.sip.dial(1, NUMBER, "")
            agent.run(0.3)
        assert callee.finish() == 0


def test_collectors_on_other_threads_find_nothing_of_ours(tmp_path):
    """A destructor of the stack's objects on a foreign thread would abort the process."""
    scenario = Scenario().invite().respond(180).respond(200, sdp=True).ack().pause(20).request("BYE").response(200)
    stop = threading.Event()

    def collect():
        while not stop.wait(0.01):
            gc.collect()

    gc.collect()
    collector = threading.Thread(target=collect)
    with Sipp(scenario, tmp_path, calls=15) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        collector.start()
        try:
            for call in range(1, 11):
                agent.sip.dial(call, NUMBER, "")
                agent.wait(CallEnded, 30.0, call=call)
        finally:
            stop.set()
            collector.join()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            for call in range(11, 16):
                agent.sip.dial(call, NUMBER, "")
                agent.wait(CallEnded, call=call)
            agent.run(0.2)
            gc.collect()
            assert not [thing for thing in gc.garbage if isinstance(thing, (pj.Call, pj.Media, pj.Account))]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()


def first_invite(**changes):
    """The first INVITE of a call as it comes off the wire, and its DSCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((LOOPBACK, 0))
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        wire.settimeout(5)
        with Agent(settings(f"{LOOPBACK}:{wire.getsockname()[1]}", **changes)) as agent:
            agent.sip.dial(1, NUMBER, "")
            agent.run(0.1)
            data, extra, _, _ = wire.recvmsg(65536, 256)
            return data.decode(), extra[0][2][0] >> 2


def test_what_an_invite_says():
    text, dscp = first_invite(codecs=("G722", "PCMU"), dscp_sip=26, rtp_port=(port := free_port(4)))
    assert dscp == 26
    assert "User-Agent: Callsheet/" in text
    assert f"m=audio {port} RTP/AVP 9 0 " in text, "codecs in the order set, and no others"
    assert text.count("m=") == 1
    assert ";rport" in text
    assert "timer" in text.partition("Supported:")[2].partition("\r\n")[0]


@pytest.mark.parametrize(("mode", "required", "there"), [("off", False, False), ("optional", False, True),
                                                         ("required", True, True)])
def test_session_timers(mode, required, there):
    text, _ = first_invite(session_timers=mode)
    assert ("Session-Expires:" in text) == there
    assert ("Require: timer" in text) == required


def test_a_display_name_cannot_break_out():
    text, _ = first_invite(display_name='Eve" <sip:eve@x>\r\nX-Evil: 1')
    assert "\r\nX-Evil" not in text
    assert "<sip:101@" in text


def test_srtp_is_offered_as_set():
    assert "RTP/SAVP" in first_invite(srtp="required")[0]
    optional = first_invite(srtp="optional")[0]
    assert "RTP/AVP" in optional
    assert "a=crypto:" in optional
    assert "crypto" not in first_invite(srtp="off")[0]


def test_redirection_is_told_not_followed(tmp_path):
    scenario = Scenario().invite().respond(302, "Moved", headers=("Contact: <sip:else@127.0.0.1:9>",)).ack()
    with Sipp(scenario, tmp_path) as callee, Agent(settings(callee.address)) as agent:
        agent.sip.dial(1, NUMBER, "")
        end = agent.wait(CallEnded).end
        assert (end.code, end.phrase, end.local) == (302, "Moved", False)
        assert callee.finish() == 0


def test_an_answer_without_a_common_codec_is_given_back(tmp_path):
    with Sipp(Scenario("PCMU").invite().respond(200, sdp=True).expect("BYE").confirm(), tmp_path) as callee:
        with Agent(settings(callee.address, codecs=("PCMA",))) as agent:
            agent.sip.dial(1, NUMBER, "")
            end = agent.wait(CallEnded).end
            assert (end.by, "488" in end.detail) == ("near", True)
            assert not any(e.state == "active" for e in agent.events if isinstance(e, CallMedia))
        assert "BYE sip:" in callee.trace()


def test_the_stacks_log_comes_through_and_names_nobody(tmp_path, caplog):
    caplog.set_level("DEBUG", "callsheet.sip")
    sip = PjSip(settings(f"{LOOPBACK}:{free_port()}", password="Pa55-w0rd"), AudioSettings(device="null"), log_level=3)
    sip.start(lambda event: None)
    sip.dial(1, NUMBER, "")
    sip.poll(0.1)
    sip.close()
    assert "pjsua version" in caplog.text
    assert "15550001" not in caplog.text
    assert "Pa55" not in caplog.text


def test_errors_that_somebody_keeps_do_no_harm(tmp_path):
    """A kept traceback holds frames, frames hold objects, and those must not outlive the stack or its next start."""
    kept = []
    audio = AudioSettings(device="file", speaker_file="/nowhere/ear.wav")
    with Sipp(Scenario().invite().respond(180).pause(600).respond(486).ack(), tmp_path, calls=2) as callee:
        for _ in range(2):
            with Agent(settings(callee.address), audio) as agent:
                agent.sip.play("ringing", True)
                agent.sip.dial(1, NUMBER, "")
                try:
                    agent.sip.open_sound()
                except SoundError as error:
                    kept.append(error)
                agent.wait(CallEnded)
    kept.clear()
    gc.collect()
    with Agent(settings(callee.address)) as agent:
        agent.sip.open_sound()
        agent.run(0.1)


def test_stun_tells_the_address_that_others_see(tmp_path):
    with Kamailio(tmp_path) as server:
        assert stun.answers(server.address)
        text, _ = first_invite(stun=server.address, local_address="")
        assert "c=IN IP4 127.0.0.1" in text, "what the server saw, not the machine's own address"


def test_a_silent_stun_server_holds_nothing_up(caplog):
    silent = f"{LOOPBACK}:{free_port()}"
    assert not stun.answers(silent)
    assert "INVITE" in first_invite(stun=silent)[0]
    assert "STUN server does not answer" in caplog.text


@pytest.mark.parametrize("server", ["", ":", "host:port", "no-such-host.invalid", "127.0.0.1:99999"])
def test_stun_servers_that_are_none(server):
    assert not stun.answers(server)
