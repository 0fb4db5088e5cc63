# SPDX-License-Identifier: GPL-3.0-or-later
"""Offers and answers (RFC 3264)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.simulator.town.sdp import SdpError, agree, answer, offer, parse_sdp

BOTH = ("PCMU", "PCMA")


def describe(*media, connection="c=IN IP4 192.0.2.5"):
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 192.0.2.5", "s=-", connection, "t=0 0", *media, ""]).encode()


def answered(body, codecs=BOTH, hold=False):
    return answer(body, "127.0.0.1", 4000, codecs, (1, 2), hold)


def test_first_common_codec_of_the_offer_and_its_events():
    body = describe(
        "m=audio 4002 RTP/AVP 96 8 0 97 98",
        "a=rtpmap:96 opus/48000/2",
        "a=rtpmap:97 telephone-event/48000",
        "a=rtpmap:98 telephone-event/8000",
        "a=sendrecv",
    )
    text, agreed = answered(body)
    assert (agreed.codec, agreed.payload, agreed.events, agreed.host, agreed.port) == (
        "PCMA",
        8,
        98,
        "192.0.2.5",
        4002,
    )
    assert b"m=audio 4000 RTP/AVP 8 98\r\n" in text
    assert b"o=town 1 2 IN IP4 127.0.0.1\r\n" in text


@pytest.mark.parametrize(
    ("offered", "answered_with", "sends", "held"),
    [
        ("sendrecv", "sendrecv", True, "sendonly"),
        ("sendonly", "recvonly", False, "inactive"),
        ("recvonly", "sendonly", True, "sendonly"),
        ("inactive", "inactive", False, "inactive"),
    ],
)
def test_directions_are_turned_round(offered, answered_with, sends, held):
    body = describe("m=audio 4002 RTP/AVP 0", f"a={offered}")
    text, agreed = answered(body)
    assert agreed.direction == answered_with
    assert agreed.sends is sends
    assert f"a={answered_with}\r\n".encode() in text
    assert answered(body, hold=True)[1].direction == held


def test_the_old_way_to_hold_is_understood():
    body = describe("m=audio 4002 RTP/AVP 0", connection="c=IN IP4 0.0.0.0")
    assert not answered(body)[1].sends


def test_other_streams_are_refused_in_their_place():
    body = describe(
        "m=video 4010 RTP/AVP 34", "m=audio 4002 RTP/AVP 0", "c=IN IP4 192.0.2.9", "m=text 4004 RTP/AVP 99"
    )
    text, agreed = answered(body)
    lines = [line for line in text.decode().split("\r\n") if line.startswith("m=")]
    assert lines == ["m=video 0 RTP/AVP 34", "m=audio 4000 RTP/AVP 0", "m=text 0 RTP/AVP 99"]
    assert agreed.host == "192.0.2.9"


@pytest.mark.parametrize(
    "media",
    [
        ("m=audio 4002 RTP/SAVP 0",),
        ("m=audio 4002 RTP/AVP 18",),
        ("m=audio 0 RTP/AVP 0",),
        ("m=video 4002 RTP/AVP 34",),
        (),
    ],
)
def test_no_common_ground(media):
    with pytest.raises(SdpError):
        answered(describe(*media))


def test_offer_is_agreed_on_by_its_own_reader():
    _, agreed = agree(parse_sdp(offer("127.0.0.1", 4000, ("PCMA",), (1, 1), "sendonly")), BOTH)
    assert (agreed.codec, agreed.events, agreed.direction) == ("PCMA", 101, "recvonly")


@given(st.binary(max_size=200))
def test_garbage(data):
    try:
        answered(data)
    except SdpError:
        pass


@given(
    st.lists(
        st.sampled_from(
            [
                "m=audio 4000 RTP/AVP 0",
                "m=audio x",
                "c=IN",
                "a=rtpmap:",
                "a=rtpmap:0 pcmu",
                "a=sendonly",
                "m=audio 70000 RTP/AVP 0",
                "m=audio 1/2 RTP/AVP x 0",
                "c=IN IP4 1.2.3.4/5",
                "q",
                "=",
                "",
            ]
        )
    )
)
def test_broken_descriptions(lines):
    try:
        answered("\r\n".join(lines).encode())
    except SdpError:
        pass
