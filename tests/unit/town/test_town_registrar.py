# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration on the wire, refusals on demand, and calls from the town to the phone."""

import re
import socket

import pytest

from callsheet.simulator.town import Behaviour
from callsheet.simulator.town.digest import digest_response
from callsheet.simulator.town.server import NotRegistered
from tests.unit.town.rawphone import Dialog, RawPhone


def authorised(challenge, method, uri, password="secret", proxy=False):
    nonce = re.search(r'nonce="(.*?)"', challenge)[1]
    response = digest_response("101", "town", password, method, uri, nonce, "auth", "00000001", "c")
    return (
        f'{"Proxy-Authorization" if proxy else "Authorization"}: Digest username="101", realm="town", nonce="{nonce}", '
        f'uri="{uri}", response="{response}", algorithm=MD5, cnonce="c", qop=auth, nc=00000001'
    )


def register(phone, dialog=None, password="secret", headers=(), contact=True):
    """REGISTER, challenge, REGISTER; returns the last response."""
    dialog = dialog or Dialog(phone, "101")
    uri = f"sip:{phone.town[0]}:{phone.town[1]}"
    dialog.request("REGISTER", uri=uri, headers=headers)
    challenge = phone.next()
    if challenge.status != 401:
        return challenge
    dialog.request(
        "REGISTER",
        uri=uri,
        headers=(authorised(challenge.get("WWW-Authenticate"), "REGISTER", uri, password), *headers),
    )
    return phone.next()


def test_registration_is_challenged_then_granted_with_its_contact(town, phone):
    ok = register(phone)
    assert [a.status for a in phone.kept] == [401, 200]
    assert "algorithm=MD5" in phone.kept[0].get("WWW-Authenticate")
    assert ok.get("Contact") == f"<sip:101@127.0.0.1:{phone.port}>;expires=300"
    assert town.registered("101")


@pytest.mark.parametrize(("asked", "granted"), [("60", "60"), ("99999", "300")])
def test_expiry_asked_and_granted(town, phone, asked, granted):
    assert register(phone, headers=(f"Expires: {asked}",)).get("Contact").endswith(f"expires={granted}")


def test_unregistering(town, phone):
    dialog = Dialog(phone, "101")
    register(phone, dialog)
    ok = register(phone, dialog, headers=("Expires: 0",))
    assert (ok.status, ok.all("Contact")) == (200, [])
    assert not town.registered("101")


def test_wrong_password(town, phone):
    assert register(phone, password="guess").status == 403
    assert not town.registered("101")


def test_too_brief(make_town):
    town = make_town("[registrar]\nmin_expires = 60\nrequire_auth = false\n")
    with RawPhone(town.address) as phone:
        answer = register(phone, headers=("Expires: 5",))
        assert (answer.status, answer.get("Min-Expires")) == (423, "60")
        assert register(phone, headers=("Expires: 60",)).status == 200


@pytest.mark.parametrize(("mode", "status"), [("refuse", 403), ("unavailable", 503), ("silent", None)])
def test_refusals_on_demand(town, phone, mode, status):
    town.set_registrar(mode)
    dialog = Dialog(phone, "101")
    dialog.request("REGISTER")
    answer = phone.next(0.3)
    assert (answer and answer.status) == status
    town.set_registrar("normal")
    assert register(phone).status == 200
    with pytest.raises(ValueError, match="known: normal"):
        town.set_registrar("sulking")


def test_a_cut_cable(town, phone):
    town.cut(True)
    Dialog(phone, "101").request("OPTIONS")
    assert phone.next(0.3) is None
    town.cut(False)
    Dialog(phone, "101").request("OPTIONS")
    assert phone.next().status == 200


def test_invites_can_be_challenged(make_town):
    town = make_town("[registrar]\ninvite_auth = true\n")
    with RawPhone(town.address) as phone:
        dialog = Dialog(phone, "answer")
        dialog.invite()
        challenge = phone.wait(407)
        dialog.ack_failure(challenge)
        assert not town.calls
        header = authorised(challenge.get("Proxy-Authenticate"), "INVITE", dialog.target, proxy=True)
        dialog.invite(headers=(header,))
        dialog.follow(phone.wait(200))
        dialog.ack()
        dialog.bye()
        assert town.wait("end")[0]["attempt"] == 1


def test_over_tcp_and_in_pieces(town):
    with socket.create_connection(town.address, timeout=5) as stream, RawPhone(town.address) as shape:
        dialog = Dialog(shape, "answer")
        captured = []
        shape.raw = captured.append
        dialog.request("OPTIONS")
        dialog.request("OPTIONS")
        data = b"".join(captured).replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
        stream.sendall(b"\r\n\r\n")
        assert stream.recv(100) == b"\r\n"
        for start in range(0, len(data), 50):
            stream.sendall(data[start : start + 50])
        answers = b""
        while answers.count(b"SIP/2.0 200 OK") < 2:
            answers += stream.recv(4096)
        stream.sendall(b"nonsense without length\r\n\r\n")
        assert stream.recv(100) == b""


def test_the_town_rings_the_phone(town, phone):
    register(phone)
    ringing = town.ring("101", "+15550123", 'Ann "A" B')
    invite = phone.wait(method="INVITE")
    assert invite.first == f"INVITE sip:101@127.0.0.1:{phone.port} SIP/2.0"
    assert invite.get("From").startswith(r'"Ann \"A\" B" <sip:+15550123@')
    phone.reply(invite, 180)
    ringing.wait("ringing")
    phone.reply(invite, 200, body=phone.sdp())
    ack = phone.wait(method="ACK")
    assert ack.cseq.split()[0] == invite.cseq.split()[0]
    assert len(phone.rtp.recv(2048)) == 172
    phone.reply(invite, 200, body=phone.sdp())
    assert phone.wait(method="ACK").get("Call-ID") == invite.get("Call-ID")
    ringing.hang_up()
    phone.reply(phone.wait(method="BYE"))
    ringing.wait("end")
    assert (ringing.record.result, ringing.record.ended_by, ringing.record.direction) == (
        "answered",
        "callee",
        "to-phone",
    )


def test_the_phone_hangs_up_on_the_town(town, phone):
    register(phone)
    ringing = town.ring("101", "5", behaviour=Behaviour())
    invite = phone.wait(method="INVITE")
    phone.reply(invite, 200, body=phone.sdp())
    ack = phone.wait(method="ACK")
    dialog = Dialog(phone, "x")
    lines = [
        f"Via: SIP/2.0/UDP 127.0.0.1:{phone.port};branch=z9hG4bKbye;rport",
        "Max-Forwards: 70",
        f"From: {ack.get('To')}",
        f"To: {ack.get('From')}",
        f"Call-ID: {ack.get('Call-ID')}",
        "CSeq: 1 BYE",
    ]
    phone.send_lines(f"BYE {dialog.target} SIP/2.0", lines)
    phone.wait(200, cseq="BYE")
    ringing.wait("end")
    assert ringing.record.ended_by == "phone"


def test_the_town_gives_up_ringing(town, phone):
    register(phone)
    ringing = town.ring("101", "5")
    invite = phone.wait(method="INVITE")
    ringing.cancel()
    assert phone.next(0.03) is None or phone.kept[-1].method == "INVITE"
    phone.reply(invite, 180)
    cancel = phone.wait(method="CANCEL")
    assert cancel.get("Via") == invite.get("Via")
    phone.reply(cancel)
    phone.reply(invite, 487)
    ack = phone.wait(method="ACK")
    assert ack.get("Via") == invite.get("Via")
    assert ringing.wait("end")["result"] == "cancelled"


def test_declined_by_the_phone(town, phone):
    register(phone)
    ringing = town.ring("101", "5")
    invite = phone.wait(method="INVITE")
    phone.reply(invite, 603)
    phone.wait(method="ACK")
    end = ringing.wait("end")
    assert (end["code"], end["result"], end["ended_by"]) == (603, "rejected", "phone")


def test_nobody_to_ring(town):
    with pytest.raises(NotRegistered, match="101 is not registered"):
        town.ring("101", "5")
