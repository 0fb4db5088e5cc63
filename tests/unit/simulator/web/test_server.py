# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's web server over real sockets: what it serves, and whom it refuses."""

import http.client
import io
import json
import queue
import threading
from contextlib import ExitStack
from socket import SHUT_RDWR
from urllib.parse import urlsplit

import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from callsheet.core.events import HookChanged, KeyContact
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import WebHandset, app, session, wire

PATIENCE = 20


@pytest.fixture
def handset():
    return SimulatedHandset()


@pytest.fixture
def web(handset):
    with WebHandset(handset) as web:
        yield web


@pytest.fixture
def posted(handset):
    posted = queue.Queue()
    handset.keys.start(posted.put)
    return posted


def get(web, path, **headers):
    connection = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def page(web, **options):
    options = {"subprotocols": [wire.PROTOCOL], "proxy": None, **options}
    return connect(web.url.replace("http", "ws") + "pins", open_timeout=PATIENCE, **options)


def received(socket, kind):
    """The next message of a kind (its first byte)."""
    while True:
        message = socket.recv(timeout=PATIENCE)
        if isinstance(message, bytes) and message[0] == kind:
            return message


def read_on(socket):
    """Reads until the connection ends."""
    while True:
        socket.recv(timeout=PATIENCE)


def closing(socket):
    """Code and reason with which the phone ends the connection."""
    with pytest.raises(ConnectionClosed) as ended:
        read_on(socket)
    return ended.value.rcvd.code, ended.value.rcvd.reason


def test_it_listens_on_loopback_only_unless_told(web):
    assert web.url.startswith("http://127.0.0.1:")


def test_the_page_and_all_it_names_are_served(web):
    answer, body = get(web, "/")
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"http" + b"://" not in body.replace(b"http://www.w3.org/2000/svg", b""), "nothing from elsewhere"
    for name in ("main.js", "phone.css", "headset.css", "icon.svg"):
        assert name in body.decode()
        assert get(web, f"/{name}")[0].status == 200


@pytest.mark.parametrize("path", ["/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "/nothing", "//etc/passwd"])
def test_nothing_else_is_served(web, path):
    assert get(web, path)[0].status == 404


def test_frame_as_png_is_four_times_as_large(web, handset):
    frame = Image.effect_noise((128, 64), 90).convert("1")
    handset.display.show(frame)
    answer, body = get(web, "/frame.png")
    assert answer.headers["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(body))
    assert picture.size == (512, 256)
    assert picture.resize((128, 64), Image.Resampling.NEAREST).tobytes() == frame.tobytes()


def test_a_sleeping_glass_is_dark(web, handset):
    handset.display.show(Image.new("1", (128, 64), 1))
    handset.display.contrast(0)
    assert Image.open(io.BytesIO(get(web, "/frame.png")[1])).getbbox() is None


def test_state_for_scripts(web, handset):
    handset.lamps.show("fast", "slow", "on")
    handset.lamps.buzz("ring")
    handset.hook(True)
    handset.plug(False)
    handset.press(2, 2)
    assert json.loads(get(web, "/state.json")[1]) == {
        "display": {"width": 128, "height": 64, "contrast": 2},
        "lamps": {"line": "fast", "work": "slow", "attention": "on"},
        "buzzer": "ring",
        "hook": "off",
        "headset": {"present": False, "link": False, "ring": False, "mute": False},
        "keypad": {"caps": ["123A", "456B", "789C", "*0#D"], "pressed": ["9"]},
    }


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "a b"])
def test_a_name_that_is_not_ours_is_refused(web, host):
    """DNS rebinding: a site's name that resolves to this machine."""
    answer, body = get(web, "/state.json", Host=host)
    assert answer.status in (400, 403)
    assert b"lamps" not in body
    with pytest.raises(InvalidStatus) as refused:
        page(web, additional_headers={"Host": host}).close()
    assert refused.value.response.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "192.0.2.7:8080", "[::1]:8080"])
def test_addresses_and_our_own_names_are_taken(web, host):
    assert get(web, "/state.json", Host=host)[0].status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"])
def test_a_page_of_another_site_gets_no_web_socket(web, handset, origin):
    with pytest.raises(InvalidStatus) as refused:
        page(web, origin=origin).close()
    assert refused.value.response.status_code == 403
    assert get(web, "/state.json", Origin=origin)[0].status == 403


def test_our_own_page_gets_one(web):
    with page(web, origin=web.url.rstrip("/")) as socket:
        assert json.loads(socket.recv(timeout=PATIENCE))["display"] == {"width": 128, "height": 64}


def test_a_page_sees_changes_and_only_changes(web, handset):
    with page(web) as socket:
        received(socket, 1)
        handset.display.show(handset.display.frame)
        handset.lamps.show("on", "off", "off")
        seen = []
        while not seen or seen[-1][0] != 2 or seen[-1][2] != 1:
            seen.append(socket.recv(timeout=PATIENCE))
        assert not any(message[0] == 1 for message in seen), "the frame did not change"
        handset.display.show(Image.new("1", (128, 64), 1))
        assert received(socket, 1) == b"\x01" + b"\xff" * 1024


def test_edges_reach_the_phone_and_a_lost_page_lets_go(web, handset, posted):
    with page(web) as socket:
        socket.send(bytes([0x10, 1, 1, 1]))
        socket.send(bytes([0x11, 1]))
        assert posted.get(timeout=PATIENCE) == KeyContact(1, 1, True)
        assert posted.get(timeout=PATIENCE) == HookChanged(True)
    assert posted.get(timeout=PATIENCE) == KeyContact(1, 1, False)
    assert handset.keys.off_hook, "a hook switch stays as it is: only fingers leave with the page"


def test_a_page_that_is_cut_off_lets_go(web, posted):
    with page(web) as socket:
        socket.send(bytes([0x10, 1, 1, 1]))
        assert posted.get(timeout=PATIENCE) == KeyContact(1, 1, True)
        socket.socket.shutdown(SHUT_RDWR)
        assert posted.get(timeout=PATIENCE) == KeyContact(1, 1, False)


def test_let_go_lifts_the_fingers_of_this_page_only(web, handset, posted):
    with page(web) as left, page(web) as right:
        left.send(bytes([0x10, 0, 0, 1]))
        right.send(bytes([0x10, 2, 1, 1]))
        assert {posted.get(timeout=PATIENCE) for _ in range(2)} == {KeyContact(0, 0, True), KeyContact(2, 1, True)}
        left.send(bytes([0x14]))
        assert posted.get(timeout=PATIENCE) == KeyContact(0, 0, False)
        assert handset.keys.pressed == {(2, 1)}


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        ("say something", 1008, "text is not taken, only edges of keys, hook and headset"),
        (b"", 1008, "an empty message"),
        (b"\x99", 1008, "unknown message 0x99"),
        (bytes([0x10, 4, 0, 1]), 1008, "no key at row 4, column 0"),
        (bytes([0x10, 0, 255, 0]), 1008, "no key at row 0, column 255"),
        (bytes([0x13, 9]), 1008, "unknown headset button 9"),
        (bytes([0x11, 7]), 1008, "a switch is 0 or 1, not 7"),
    ],
)
def test_a_hostile_page_is_sent_away_with_the_reason(web, handset, posted, message, code, reason):
    with page(web) as socket, page(web) as other:
        socket.send(bytes([0x10, 0, 0, 1]))
        assert posted.get(timeout=PATIENCE) == KeyContact(0, 0, True)
        socket.send(message)
        assert closing(socket) == (code, reason)
        assert posted.get(timeout=PATIENCE) == KeyContact(0, 0, False)
        handset.lamps.buzz("ring")
        received(other, 2)


@pytest.mark.parametrize("message", [b"\x10" * 17, "x" * 100_000])
def test_a_message_that_is_too_long_ends_the_connection(web, handset, message):
    with page(web) as socket:
        socket.send(message)
        assert closing(socket)[0] == 1009
    with page(web) as again:
        assert again.recv(timeout=PATIENCE)


def test_a_message_far_too_long_is_not_even_read(web, handset):
    """The phone hangs up while the rest is still on its way; the reason may be lost then."""
    with page(web) as socket:
        try:
            socket.send(bytes(10_000_000))
        except ConnectionClosed:
            pass
        with pytest.raises(ConnectionClosed):
            read_on(socket)
    with page(web) as again:
        assert again.recv(timeout=PATIENCE)


def test_a_flood_ends_the_connection(web, handset):
    with page(web) as socket:
        try:
            for turn in range(int(session.BURST) * 20):
                socket.send(bytes([0x11, turn % 2]))
        except ConnectionClosed:
            pass
        assert closing(socket) == (1008, "too many edges")


def test_a_page_that_does_not_read_does_not_hold_up_the_phone(web, handset):
    with page(web, max_queue=1, close_timeout=0.1), page(web) as other:
        for turn in range(2000):
            handset.display.show(Image.new("1", (128, 64), turn % 2))
        handset.display.show(Image.new("1", (128, 64), 1))
        while received(other, 1) != b"\x01" + b"\xff" * 1024:
            pass


def test_another_protocol_is_told_to_reload(web):
    with page(web, subprotocols=["callsheet.pins.0"]) as socket:
        code, reason = closing(socket)
    assert code == 1002
    assert "reload the page" in reason


def test_too_many_pages(web):
    with ExitStack() as pages:
        for _ in range(app.MAX_PAGES):
            pages.enter_context(page(web)).recv(timeout=PATIENCE)
        with page(web) as one_more:
            assert closing(one_more)[0] == 1013
    with page(web) as socket:
        assert socket.recv(timeout=PATIENCE)


def test_closing_the_server_ends_pages_and_frees_the_port(handset):
    first = WebHandset(handset)
    first.start()
    address = urlsplit(first.url).netloc
    with page(first) as socket:
        socket.send(bytes([0x10, 0, 0, 1]))
        received(socket, 2)
        first.close()
        closing(socket)
    assert not any(thread.name == "web-handset" for thread in threading.enumerate())
    assert handset.keys.pressed == frozenset()
    with WebHandset(handset, address) as second:
        assert get(second, "/")[0].status == 200


def test_a_port_that_is_taken(web, handset):
    with pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1:\d+: .*; choose another port, or 0"):
        WebHandset(handset, urlsplit(web.url).netloc)


@pytest.mark.parametrize("listen", ["", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "::1:80", ":80", "u@h:1", "h:1/x"])
def test_listen_is_address_and_port(handset, listen):
    with pytest.raises(ValueError, match="expected address:port"):
        WebHandset(handset, listen)
