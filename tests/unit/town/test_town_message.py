# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP messages and URIs: what is read, what is refused, and that nothing breaks the parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.simulator.town.message import Headers, Request, Response, Via, frame, parse
from callsheet.simulator.town.uri import MessageError, NameAddr, Uri, split_outside

INVITE = (
    b"INVITE sip:+861012345@town.example;user=phone SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.7:5080;branch=z9hG4bKabc;rport, SIP/2.0/TCP proxy.example;branch=z9hG4bKdef\r\n"
    b'f: "Agent, \\"A\\" <1>" <sip:101@town.example>;tag=88\r\n'
    b"To: <sip:+861012345@town.example>\r\n"
    b"i: 7@phone\r\n"
    b"CSeq:  4711   INVITE\r\n"
    b"Subject: folded\r\n\t over two lines\r\n"
    b"l: 4\r\n\r\nv=0\nrest that is not ours"
)


def test_request_with_compact_folded_and_listed_fields():
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.call_id) == (
        "INVITE",
        "sip:+861012345@town.example;user=phone",
        "7@phone",
    )
    assert message.cseq == (4711, "INVITE")
    assert message.headers.get("subject") == "folded over two lines"
    assert message.body == b"v=0\n"
    assert (message.via.host, message.via.port, message.via.branch) == ("192.0.2.7", 5080, "z9hG4bKabc")
    assert len(message.headers.all("Via")) == 2
    assert (message.sender.display, message.sender.tag) == ('Agent, "A" <1>', "88")
    assert message.fault() == ""


def test_response_and_its_phrase():
    message = parse(b"SIP/2.0 486 Occup\xc3\xa9\r\nCSeq: 1 INVITE\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.phrase) == (486, "Occup\u00e9")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"INVITE sip:a SIP/2.0\r\nTo: x\r\n", "blank line"),
        (b"INVITE sip:a SIP/3.0\r\n\r\n", "start line"),
        (b"SIP/2.0 99 Low\r\n\r\n", "start line"),
        (b"hello\r\n\r\n", "start line"),
        (b"INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n", "header field"),
        (b"INVITE sip:a SIP/2.0\r\n: empty name\r\n\r\n", "header field"),
        (b"INVITE sip:a SIP/2.0\r\nX: a\nb\r\n\r\n", "control character"),
        (b"INVITE sip:a SIP/2.0\r\nX: \xff\r\n\r\n", "UTF-8"),
        (b"INVITE sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nabc", "3 bytes follow"),
        (b"INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\nabc", "Content-Length"),
    ],
)
def test_what_is_not_sip_says_why(data, why):
    with pytest.raises(MessageError, match=why):
        parse(data)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b"CSeq:  4711   INVITE", b"CSeq: 4711 BYE"), "CSeq names another method"),
        ((b"CSeq:  4711   INVITE", b"CSeq: x"), "bad CSeq"),
        ((b"i: 7@phone\r\n", b""), "missing Call-ID"),
        ((b";tag=88", b""), "From without tag"),
        ((b"To: <sip:+861012345@town.example>\r\n", b""), "missing To"),
        ((b"SIP/2.0/UDP 192", b"HTTP/1.1 192"), "bad Via"),
        ((b'<1>" ', b"<1> "), "open quote"),
    ],
)
def test_requests_that_cannot_be_processed(change, why):
    message = parse(INVITE.replace(*change))
    assert isinstance(message, Request)
    assert why in message.fault()


def test_reply_copies_what_it_must_and_tags_to():
    request = parse(INVITE)
    assert isinstance(request, Request)
    ringing, trying = request.reply(180, tag="t1"), request.reply(100, tag="t1")
    assert ringing.headers.all("Via") == request.headers.all("Via")
    assert ringing.recipient.tag == "t1"
    assert trying.recipient.tag == ""
    assert parse(ringing.encode()).headers.get("CSeq") == "4711   INVITE"
    assert request.reply(486).phrase == "Busy Here"


def test_replacing_the_topmost_via_keeps_the_others_and_the_order():
    headers = Headers([("Max-Forwards", "70"), ("Via", "a, b"), ("To", "x"), ("via", "c")])
    headers.replace_first("Via", "A")
    assert headers.all("Via") == ["A", "b", "c"]
    assert next(name for name, _ in headers) == "Max-Forwards"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:bob@192.0.2.1:5062;transport=tcp?Replaces=x", ("sip", "bob", "192.0.2.1", 5062)),
        ("sips:town.example", ("sips", "", "town.example", None)),
        ("sip:+1;phone-context=x@[2001:db8::1]:5060", ("sip", "+1", "2001:db8::1", 5060)),
        ("sip:a%23b:secret@h", ("sip", "a#b", "h", None)),
        ("tel:+8610123;ext=5", ("tel", "+8610123", "", None)),
    ],
)
def test_uris(text, expected):
    uri = Uri.parse(text)
    assert (uri.scheme, uri.user, uri.host, uri.port) == expected


@pytest.mark.parametrize(
    "text", ["", "bob@h", "http://x", "sip:", "sip:a@h:99999", "sip:a b@h", "sip:a@h h", "sip:a@[::1"]
)
def test_bad_uris(text):
    with pytest.raises(MessageError):
        Uri.parse(text)


def test_name_addr_parameters_belong_to_the_header_without_brackets():
    assert NameAddr.parse("sip:a@h;tag=1").params == {"tag": "1"}
    bracketed = NameAddr.parse("A <sip:a@h;transport=tcp>;tag=2")
    assert (bracketed.uri, bracketed.display, bracketed.tag) == ("sip:a@h;transport=tcp", "A", "2")


def test_stream_is_cut_at_content_length():
    first = Request(Headers([("X", "1")]), b"body", "OPTIONS", "sip:h").encode()
    second = Request(Headers(), b"", "BYE", "sip:h").encode()
    message, rest = frame(first + second[:20])
    assert message == first
    assert frame(rest) == (None, second[:20])
    assert frame(rest + second[20:]) == (second, b"")
    with pytest.raises(MessageError):
        frame(b"OPTIONS sip:h SIP/2.0\r\nX: no length\r\n\r\n")


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_read_never_worse(data):
    try:
        message = parse(data)
    except MessageError:
        return
    if isinstance(message, Request):
        message.fault()


def _damaged(cut: int, insert: bytes, length: int) -> bytes:
    return INVITE[:cut] + insert + INVITE[cut + length :]


@given(st.integers(0, len(INVITE)), st.binary(max_size=8), st.integers(0, 8))
def test_damaged_messages_are_refused_or_read_never_worse(cut, insert, length):
    try:
        message = parse(_damaged(cut, insert, length))
    except MessageError:
        return
    if isinstance(message, Request) and not message.fault():
        # What passes must be fit for everything done to a request before its method is looked at.
        assert message.reply(486, tag="x").encode()
        assert message.via.host
        assert message.cseq[1] == message.method


@given(st.text(max_size=60))
def test_header_grammar_never_fails_otherwise(text):
    for read in (NameAddr.parse, Uri.parse, Via.parse, lambda value: split_outside(value, ",")):
        try:
            read(text)
        except MessageError:
            pass


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True),
            st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=30),
        ),
        max_size=6,
    ),
    st.binary(max_size=50),
)
def test_what_is_built_is_read_back(fields, body):
    fields = [(name, value) for name, value in fields if name.lower() not in ("content-length", "l")]
    message = parse(Request(Headers(fields), body, "INFO", "sip:h").encode())
    assert list(message.headers)[:-1] == fields
    assert message.body == body
