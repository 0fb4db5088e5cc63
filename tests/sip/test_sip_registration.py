# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration at a real registrar: transports, credentials, certificates, the second server, retries."""

import socket
import threading

import pytest

from callsheet.core.events import RegistrationChanged
from tests.sip.peers.agent import Agent, settings
from tests.sip.peers.certs import issue
from tests.sip.peers.kamailio import Kamailio
from tests.sip.peers.process import LOOPBACK, free_port
from tests.sip.peers.scenario import Scenario
from tests.sip.peers.sipp import Sipp

FAST = {"register": True, "retry_min": 0.3, "retry_max": 0.5}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_registers_and_takes_it_back(tmp_path, transport):
    with Kamailio(tmp_path) as server:
        with Agent(settings(server.address, transport=transport, **FAST)) as agent:
            assert agent.registered() == RegistrationChanged(True, 200, "OK", server.address)
        assert server.seen(f"REGISTER <null> from 101 by {transport}") >= 3, "challenge, registration, end of it"


def test_wrong_password_is_told_with_its_code_and_tried_again(tmp_path):
    with Kamailio(tmp_path) as server, Agent(settings(server.address, password="wrong", **FAST)) as agent:
        event = agent.wait(RegistrationChanged)
        assert (event.registered, event.code, event.server) == (False, 401, server.address)
        before = server.seen("REGISTER")
        agent.until(lambda: server.seen("REGISTER") > before, 5)
        assert server.seen("REGISTER") > before
        assert agent.count(RegistrationChanged) == 1, "the same news is told once"


def test_fallback_while_the_first_does_not_answer(tmp_path):
    dead = free_port(2)
    with Kamailio(tmp_path / "second") as second:
        sip = settings(f"{LOOPBACK}:{dead}", fallback=second.address, transport="tcp", **FAST)
        with Agent(sip) as agent:
            assert agent.registered().server == second.address
            with Kamailio(tmp_path / "first", port=dead) as first:
                back = agent.wait(RegistrationChanged, server=first.address)
                assert back.registered


def test_fallback_when_the_first_is_overloaded(tmp_path):
    with Kamailio(tmp_path / "first", refuse="503 Overloaded") as first, Kamailio(tmp_path / "second") as second:
        with Agent(settings(first.address, fallback=second.address, **FAST)) as agent:
            assert agent.registered().server == second.address


def test_a_silent_server_is_given_up_long_before_the_transaction(tmp_path):
    with Kamailio(tmp_path) as second:
        sip = settings(f"{LOOPBACK}:{free_port()}", fallback=second.address, **FAST)
        with Agent(sip) as agent:
            agent.wait(RegistrationChanged, 8, registered=True, server=second.address)


def test_network_return_registers_at_once(tmp_path):
    port = free_port(2)
    sip = settings(f"{LOOPBACK}:{port}", transport="tcp", register=True, retry_min=60.0, retry_max=60.0)
    with Agent(sip) as agent:
        assert not agent.wait(RegistrationChanged).registered
        with Kamailio(tmp_path, port=port):
            agent.sip.network_changed()
            agent.registered()


def test_registration_is_refreshed_and_its_loss_is_told(tmp_path):
    port = free_port(2)
    sip = settings(f"{LOOPBACK}:{port}", register_expires=10, **FAST)
    with Agent(sip) as agent:
        with Kamailio(tmp_path / "before", port=port, max_expires=10) as server:
            agent.registered()
            before = server.seen("REGISTER")
            assert agent.until(lambda: server.seen("REGISTER") > before, 9)
        with Kamailio(tmp_path / "after", port=port, refuse="403 Forbidden"):
            lost = agent.wait(RegistrationChanged, 12, registered=False)
            assert (lost.code, lost.phrase) == (403, "Forbidden")


def test_without_registration_the_account_counts_as_registered(tmp_path):
    with Sipp(Scenario().invite().respond(486).ack(), tmp_path) as server:
        with Agent(settings(server.address)) as agent:
            assert agent.registered().server == server.address


def test_tls_with_a_private_authority(tmp_path):
    identity = issue(tmp_path / "ca", "localhost", LOOPBACK)
    with Kamailio(tmp_path, identity=identity) as server:
        sip = settings(f"localhost:{server.tls_port}", transport="tls", ca_file=str(identity.ca), **FAST)
        with Agent(sip) as agent:
            agent.registered()
        assert server.seen("by tls")


@pytest.mark.parametrize("names", [("localhost",), ("elsewhere.example",)])
def test_tls_refuses_a_strange_authority_and_a_strange_name(tmp_path, names):
    identity = issue(tmp_path / "ca", *names)
    trusted = issue(tmp_path / "other", "localhost") if names == ("localhost",) else identity
    with Kamailio(tmp_path, identity=identity) as server:
        sip = settings(f"localhost:{server.tls_port}", transport="tls", ca_file=str(trusted.ca), **FAST)
        with Agent(sip) as agent:
            event = agent.wait(RegistrationChanged)
            assert not event.registered
            assert "certificate" in event.phrase.lower() or "verif" in event.phrase.lower()
        assert not server.seen("REGISTER")


def test_tls_unverified_if_the_admin_says_so(tmp_path):
    identity = issue(tmp_path / "ca", "elsewhere.example")
    with Kamailio(tmp_path, identity=identity) as server:
        sip = settings(f"localhost:{server.tls_port}", transport="tls", verify_tls=False, **FAST)
        with Agent(sip) as agent:
            agent.registered()


def test_a_name_that_does_not_exist_is_told(tmp_path):
    with Kamailio(tmp_path) as second, Agent(settings("no-such-host.invalid", fallback=second.address, **FAST)) as agent:
        assert agent.registered().server == second.address
    with Agent(settings("no-such-host.invalid", **FAST)) as agent:
        event = agent.wait(RegistrationChanged)
        assert (event.registered, event.code) == (False, 0)
        assert "no-such-host.invalid" in event.phrase


def test_a_dead_name_server_does_not_stop_the_phone(tmp_path, monkeypatch):
    """While one server's name is being looked up, for however long, the other is registered at."""
    real, release = socket.getaddrinfo, threading.Event()

    def dead(host, *rest, **more):
        if host == "slow.example":
            release.wait(60)
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    try:
        with Kamailio(tmp_path) as second, Agent(settings("slow.example", fallback=second.address, **FAST)) as agent:
            assert agent.registered().server == second.address
    finally:
        release.set()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_broken_connection_is_made_again_at_once(tmp_path, transport):
    """The registration lasts five minutes, but its connection does not."""
    ports = {"port": free_port(2), "tls_port": free_port(2)}
    identity = issue(tmp_path / "ca", "localhost")
    sip = settings(f"localhost:{ports['tls_port' if transport == 'tls' else 'port']}", transport=transport,
                   ca_file=str(identity.ca), **FAST)
    with Agent(sip) as agent:
        with Kamailio(tmp_path / "before", identity=identity, **ports):
            agent.registered()
            agent.events.clear()
        assert not agent.wait(RegistrationChanged).registered
        with Kamailio(tmp_path / "after", identity=identity, **ports):
            agent.registered()


def test_network_return_does_not_trust_old_connections(tmp_path):
    """Their far end may be gone without a word; what is registered goes over a new one."""
    with Kamailio(tmp_path) as server:
        sip = settings(server.address, transport="tcp", **FAST)
        with Agent(sip) as agent:
            agent.registered()
            before = server.connections()
            agent.sip.network_changed()
            agent.until(lambda: server.connections() > before, 5)
            assert server.connections() > before
