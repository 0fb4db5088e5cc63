# SPDX-License-Identifier: GPL-3.0-or-later
"""RTP: packets, what was lost, keys pressed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.simulator.town.rtp import Packet, Receiver, event_payloads, parse_packet

LOUD, QUIET = b"\x80" * 160, b"\xff" * 160
CODECS = {0: "PCMU"}


def feed(receiver, sequences, ssrc=7, payload=QUIET):
    for number in sequences:
        receiver.take(
            Packet(0, False, number & 0xFFFF, 160 * number, ssrc, payload), CODECS, 101, number * 0.02
        )


@given(
    st.integers(0, 127),
    st.booleans(),
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=50),
)
def test_packets_come_back(payload_type, marker, sequence, stamp, payload):
    packet = Packet(payload_type, marker, sequence, stamp, 42, payload)
    assert parse_packet(packet.encode()) == packet


@given(st.binary(max_size=60))
def test_garbage_is_no_packet_or_one(data):
    packet = parse_packet(data)
    assert packet is None or len(packet.payload) <= len(data)


def test_extension_csrc_and_padding_are_taken_off():
    head = bytes([0x80 | 0x30 | 1, 0]) + bytes(10) + b"CSRC" + b"\0\0\0\x01" + b"EXT!"
    assert parse_packet(head + b"voice" + b"\0\0\x03").payload == b"voice"


def test_losses_across_the_wrap_of_sequence_numbers():
    receiver = Receiver()
    feed(receiver, [n for n in range(65500, 65600) if n not in (65534, 65540, 65541)])
    assert (receiver.received, receiver.lost) == (97, 3)


def test_disorder_is_no_loss():
    receiver, order = Receiver(), list(range(100, 200))
    head, tail = order[:1], order[1:]
    random.Random(3).shuffle(tail)
    feed(receiver, head + tail)
    assert receiver.lost == 0


def test_a_new_source_starts_a_new_count():
    receiver = Receiver()
    feed(receiver, range(10), ssrc=1)
    feed(receiver, range(5000, 5010), ssrc=2)
    assert (receiver.received, receiver.lost) == (20, 0)


def test_first_sound_is_not_first_packet():
    receiver = Receiver()
    feed(receiver, range(3))
    feed(receiver, range(3, 5), payload=LOUD)
    assert receiver.first == 0
    assert receiver.first_voice == pytest.approx(0.06)
    receiver.listen_from_now()
    feed(receiver, [5])
    assert receiver.first == pytest.approx(0.1)
    assert receiver.first_voice is None


def test_payload_types_nobody_agreed_to_are_foreign():
    receiver = Receiver()
    receiver.take(Packet(18, False, 1, 1, 1, b"x"), CODECS, 101, 0.0)
    assert (receiver.foreign, receiver.received) == (1, 0)


def test_keys_are_counted_once_however_often_they_are_sent():
    receiver, sequence, pressed = Receiver(), 0, []
    for at, digit in enumerate("1*#A1"):
        for payload, first in event_payloads(digit):
            sequence += 1
            pressed.append(
                receiver.take(Packet(101, first, sequence, 1000 * at, 1, payload), CODECS, 101, 0.0)
            )
    assert receiver.digits == "1*#A1"
    assert "".join(pressed) == "1*#A1"
    assert sequence == 5 * 8


@pytest.mark.parametrize("payload", [b"", b"\x01\x02", b"\x63\x0a\x00\xa0"])
def test_broken_events_are_no_keys(payload):
    receiver = Receiver()
    assert receiver.take(Packet(101, True, 1, 1, 1, payload), CODECS, 101, 0.0) == ""
