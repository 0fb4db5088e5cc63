# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages between a page and the handset."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from callsheet.adapters.display.lamps import BUZZER, LAMPS
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import wire


@pytest.mark.parametrize(
    ("message", "edge"),
    [
        ("10 03 02 01", wire.Key(3, 2, True)),
        ("10 00 00 00", wire.Key(0, 0, False)),
        ("11 01", wire.Hook(True)),
        ("12 00", wire.Plug(False)),
        ("13 00", wire.HeadsetPress("hook")),
        ("13 03", wire.HeadsetPress("volume-down")),
        ("14", wire.LetGo()),
    ],
)
def test_edges_are_read(message, edge):
    assert wire.edge(bytes.fromhex(message)) == edge


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "an empty message"),
        ("00", "unknown message 0x00"),
        ("ff 01 02", "unknown message 0xff"),
        ("10", "message 0x10 has 1 bytes, not 4"),
        ("10 00 00 01 00", "message 0x10 has 5 bytes, not 4"),
        ("10 00 00 02", "a switch is 0 or 1, not 2"),
        ("11 ff", "a switch is 0 or 1, not 255"),
        ("13 04", "unknown headset button 4"),
        ("14 00", "message 0x14 has 2 bytes, not 1"),
    ],
)
def test_what_is_no_edge_is_refused(message, reason):
    with pytest.raises(wire.WireError, match=f"^{reason}$"):
        wire.edge(bytes.fromhex(message))


@given(st.binary(max_size=wire.LONGEST))
def test_any_bytes_are_an_edge_or_refused(message):
    try:
        edge = wire.edge(message)
    except wire.WireError:
        return
    assert isinstance(edge, wire.Edge)


def test_hello_says_what_there_is_to_draw():
    about = json.loads(wire.hello(SimulatedHandset((256, 64), "3x4")))
    assert about["keypad"] == ["123", "456", "789", "*0#"]
    assert about["display"] == {"width": 256, "height": 64}
    assert set(about["lamps"]) == {"slow", "fast"}
    assert set(about["buzzer"]) == {"ring", "warn"}


def test_slow_is_a_second_and_fast_a_fifth():
    about = json.loads(wire.hello(SimulatedHandset()))
    assert sum(about["lamps"]["slow"]) == 1000
    assert sum(about["lamps"]["fast"]) == 200


def test_a_frame_is_its_bits():
    handset = SimulatedHandset()
    frame = Image.new("1", (128, 64))
    frame.putpixel((8, 0), 1)
    handset.display.show(frame)
    assert wire.frame(handset) == b"\x01\x00\x80" + bytes(1022)


def test_pins():
    handset = SimulatedHandset()
    handset.display.contrast(1)
    handset.lamps.show("on", "slow", "fast")
    handset.lamps.buzz("warn")
    handset.hook(True)
    handset.headset.off_hook(1)
    handset.headset.show_mute(True)
    handset.press(0, 0)
    handset.press(3, 3)
    message = wire.pins(handset)
    assert struct.unpack(">8BH", message[:10]) == (2, 1, 1, 2, 3, 2, 1, 0b1011, 0x8001)
    clock, age = struct.unpack(">2I", message[10:])
    assert age <= clock


def test_a_steady_pattern_needs_no_telling_and_others_begin_lit():
    about = json.loads(wire.hello(SimulatedHandset()))
    for name, phases in {**LAMPS, **BUZZER}.items():
        told = about["lamps"].get(name) or about["buzzer"].get(name)
        assert (told is None) == (len(phases) == 1)
        assert [level for level, _ in phases[:2]] == [True, False] or told is None
