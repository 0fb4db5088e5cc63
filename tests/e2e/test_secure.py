# SPDX-License-Identifier: GPL-3.0-or-later
"""Signalling over TLS and voice over SRTP, through a real proxy to a real far end, with a phone that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.core.model import Task
from tests.e2e.headset import AGENT_HZ, CALLEE_HZ, Headset
from tests.sip.peers import sounds
from tests.sip.peers.baresip import Baresip
from tests.sip.peers.certs import Identity, issue
from tests.sip.peers.kamailio import Kamailio
from tests.sip.peers.process import LOOPBACK
from tests.support.workplace import Workplace, sheet_of

CALLEE = Task("t", "200", name="Ada")
TALK = 1.6


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return issue(tmp_path / "ca", "localhost", LOOPBACK)


@pytest.fixture
def proxy(tmp_path: Path, identity: Identity) -> Iterator[Kamailio]:
    with Kamailio(tmp_path / "proxy", identity=identity) as made:
        yield made


def secure(proxy: Kamailio, identity: Identity) -> dict[str, Any]:
    """Settings of a phone that speaks to nobody in the clear."""
    return {"sip": {"register": True, "transport": "tls", "srtp": "required", "ca_file": str(identity.ca),
                    "domain": LOOPBACK},
            "numbers": {"extension_prefixes": ["2"]}}


def test_a_call_that_nobody_can_listen_to(
    place: Workplace, proxy: Kamailio, identity: Identity, tmp_path: Path
) -> None:
    voice = sounds.write_wav(tmp_path / "voice.wav", sounds.tone((CALLEE_HZ,), 6, 8000), 8000)
    headset = Headset(tmp_path)
    place.publish(sheet_of(CALLEE))
    with Baresip(tmp_path / "far", voice=voice, codecs="PCMU,PCMA", encryption="srtp-mand", registrar=proxy.address,
                 password="secret-200") as callee:
        phone = place.phone(
            f"localhost:{proxy.tls_port}", audio=headset.settings, **secure(proxy, identity))
        phone.until("talking", true=lambda screen: "secure" in screen.icons)
        time.sleep(TALK)
        ear = headset.hang_up(phone)
        assert place.wait_attempt("t").outcome == "answered"
        callee.wait_event("CALL_CLOSED")
        assert sounds.seconds_of(callee.heard(), AGENT_HZ, CALLEE_HZ) > TALK - 0.6
    assert sounds.seconds_of(ear, CALLEE_HZ, AGENT_HZ) > TALK - 0.6
    assert proxy.seen("REGISTER <null> from 101 by tls") >= 2
    assert proxy.seen("INVITE 200 from 101 by tls") >= 1
    assert not proxy.seen("from 101 by udp")
    assert not proxy.seen("from 101 by tcp")


def test_a_callee_who_cannot_encrypt_is_not_talked_to(
    place: Workplace, proxy: Kamailio, identity: Identity, tmp_path: Path
) -> None:
    place.publish(sheet_of(CALLEE))
    with Baresip(tmp_path / "far", codecs="PCMU,PCMA", registrar=proxy.address, password="secret-200"):
        phone = place.phone(f"localhost:{proxy.tls_port}", **secure(proxy, identity))
        attempt = place.wait_attempt("t")
        assert (attempt.outcome, attempt.end.code, attempt.answered) == ("media-mismatch", 488, None)
        assert "talking" not in [screen.mode for screen in phone.screens]


def test_a_server_with_a_strange_certificate_gets_no_password_and_no_call(
    place: Workplace, proxy: Kamailio, identity: Identity, tmp_path: Path
) -> None:
    stranger = issue(tmp_path / "stranger", "localhost", LOOPBACK)
    place.publish(sheet_of(CALLEE))
    phone = place.phone(f"localhost:{proxy.tls_port}", **secure(proxy, stranger))
    phone.until("waiting", true=lambda screen: "certificate" in screen.alert.lower())
    assert not proxy.seen("REGISTER")
    assert not place.names("result-")
