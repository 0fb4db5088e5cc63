# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages read, URIs made, logs masked: nothing a peer or a sheet writes gets through unchecked."""

import pytest

from callsheet.adapters.sip import addresses, headers
from callsheet.adapters.sip.addresses import Party
from callsheet.adapters.sip.logs import masked
from callsheet.core.outcomes import Reason


def message(first, *lines, body=""):
    return "\r\n".join([first, *lines, "", body])


def test_a_response():
    response = headers.read(message(
        "SIP/2.0 603 Network Blocked", "Via: SIP/2.0/UDP x", 'reason : Q.850 ;cause=21 ;text="a, b"', " ,SIP;cause=603",
        "RETRY-AFTER:  3600;duration=5", "Content-Length: 0"))
    assert response == headers.Response(
        603, "Network Blocked", (Reason("Q.850", 21, "a, b"), Reason("SIP", 603)), 3600.0, False)


@pytest.mark.parametrize("text", ["", "\r\n", "SIP/2.0", "SIP/2.0 700 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\0" * 50,
                                  "SIP/2.0 99 x\r\n", "BYE sip:x SIP/2.0\r\n\r\n"])
def test_what_is_no_response_has_no_code(text):
    assert headers.read(text).code == 0


def test_a_response_without_phrase():
    assert headers.read("SIP/2.0 486\r\n\r\n")[:2] == (486, "")


def test_headers_end_with_the_empty_line():
    text = message("SIP/2.0 183 Progress", "c: application/sdp", body="Reason: Q.850;cause=1\r\nRetry-After: 9\r\n")
    assert headers.read(text) == headers.Response(183, "Progress", (), None, True)


def test_multipart_counts_as_sdp():
    assert headers.read(message("SIP/2.0 183 P", "Content-Type: multipart/mixed;boundary=x")).has_sdp


@pytest.mark.parametrize(("value", "seconds"), [
    ("0", 0.0), ("18000", 18000.0), ("120 (I'm in a meeting)", 120.0), ("soon", None), ("", None), ("-5", None)])
def test_retry_after(value, seconds):
    assert headers.retry_after(message("SIP/2.0 503 X", f"Retry-After: {value}")) == seconds


def test_phrases_cannot_turn_the_screen_around():
    assert headers.read("SIP/2.0 480 \u202eevil\x07  \t phrase" + "x" * 999 + "\r\n\r\n").phrase[:12] == "evil phrasex"
    assert len(headers.read("SIP/2.0 480 " + "x" * 999 + "\r\n\r\n").phrase) == headers.MAX_PHRASE


def test_a_flood_of_reasons_is_cut():
    flood = message("SIP/2.0 480 X", *["Reason: Q.850;cause=19"] * 500)
    assert len(headers.read(flood).reasons) == headers.MAX_REASONS


@pytest.mark.parametrize(("dialled", "uri"), [
    ("+15550001", "sip:+15550001@pbx:5070"), ("*21*0049", "sip:*21*0049@pbx:5070"), ("12#3", "sip:12%233@pbx:5070"),
    ("anna", "sip:anna@pbx:5070"), ("a b", "sip:a%20b@pbx:5070"), ("1;x=y", "sip:1%3Bx%3Dy@pbx:5070".replace("%3D", "=")),
    ("1@other", "sip:1%40other@pbx:5070"), ("1?Route=x", "sip:1%3FRoute=x@pbx:5070"), ("ü", "sip:%C3%BC@pbx:5070"),
    ("sip:bob@example.com", "sip:bob@example.com"), ("SIPS:bob@[2001:db8::1]:5061;a=b", "SIPS:bob@[2001:db8::1]:5061;a=b")])
def test_what_is_dialled_becomes_a_uri(dialled, uri):
    assert addresses.target(dialled, "pbx:5070") == uri


@pytest.mark.parametrize("dialled", [
    "", "sip:", "sip:bob", "sip:@host", "sip:bob@", "sip:bob@host\r\nX-Evil: 1", "sip:bob@host>", "sip:bob@host?Subject=x",
    "sip:bob@host, sip:eve@host", "sip:b o b@host", "sip:bob@ho st", "sip:bob@host;x=\"y\"", "sip:" + "9" * 300 + "@h",
    "9" * 300])
def test_what_cannot_be_dialled(dialled):
    with pytest.raises(ValueError, match=r"number|SIP URI"):
        addresses.target(dialled, "pbx")


@pytest.mark.parametrize("server", ["", "host name", "host:port", "a;b", "host:1\r\n", "[zz]", "<x>", "host:123456"])
def test_servers_that_are_none(server):
    with pytest.raises(ValueError, match="host"):
        addresses.check_server(server)


@pytest.mark.parametrize(("lines", "party"), [
    (["From: <sip:+15550001@pbx>;tag=1"], Party("+15550001", "")),
    (["f: \"O'Neil \\\"Bob\\\" 中文\" <sip:200@pbx;user=phone>;tag=1"], Party("200", "O'Neil \"Bob\" 中文")),
    (["From: Anna Example <sips:anna%40home@pbx>;tag=1"], Party("anna@home", "Anna Example")),
    (["From: sip:300@pbx;tag=1"], Party("300", "")),
    (["From: <tel:+15550001;phone-context=x>;tag=1"], Party("+15550001", "")),
    (['From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'], Party("", "")),
    (["From: <sip:200@anonymous.invalid>;tag=1"], Party("", "")),
    (["From: <sip:pbx.example>;tag=1"], Party("", "")),
    (["From: <sip:anonymous@x>;tag=1", 'P-Asserted-Identity: "Desk" <sip:77@pbx>, <tel:+1>'], Party("77", "Desk")),
    (["From: <sip:5@x>;tag=1", "P-Asserted-Identity: <sip:77@pbx>", "Privacy: id;critical"], Party("", "")),
    (["From: <sip:5@x>;tag=1", "P-Asserted-Identity: <sip:77@pbx>", "Privacy: none"], Party("77", "")),
    (['From: "\u202eliame\x07" <sip:1@x>'], Party("1", "liame")),
    (["From: garbage"], Party("", "")),
    ([], Party("", ""))])
def test_who_is_calling(lines, party):
    assert addresses.party(message("INVITE sip:101@x SIP/2.0", *lines)) == party


def test_a_name_is_quoted():
    assert addresses.quoted('A "B" \\ C\r\n<sip:x>') == '"A \\"B\\" \\\\ C <sip:x>"'


@pytest.mark.parametrize(("line", "secret"), [
    ("Making call with acc #0 to sip:+4915550001@pbx:5060", "4915550001"), ("sips:anna.smith@pbx failed", "anna"),
    ('Incoming call from "Anna Smith" <tel:+15550001>', "Anna"), ("dialled 0049 155 50001 now", "155 5"),
    ("call to tel:+15550001 ended", "15550001")])
def test_nobody_is_named_in_the_log(line, secret):
    assert secret in line
    assert secret not in masked(line)


def test_what_helps_stays_in_the_log():
    line = "UDP 10.1.2.3:5060: Registration failed, status=401 (Unauthorized)"
    assert masked(line) == line
