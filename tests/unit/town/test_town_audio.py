# SPDX-License-Identifier: GPL-3.0-or-later
"""What callees sound like and how they listen: G.711, tones, Goertzel."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.simulator.town.behaviours import own_hz
from callsheet.simulator.town.g711 import RATE, decode, encode
from callsheet.simulator.town.goertzel import dominant, mean_square, power
from callsheet.simulator.town.tones import SOUNDS, frames


def sine(hz, seconds=1.0, level=8000):
    return [round(level * math.sin(2 * math.pi * hz * n / RATE)) for n in range(int(RATE * seconds))]


def heard(sound, hz, codec):
    return [sample for payload in frames(sound, hz, codec) for sample in decode(payload, codec)]


@pytest.mark.parametrize(
    ("codec", "code", "value"),
    [
        # Ends and middle of tables 2a and 1a of G.711, scaled to 16 bit.
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0x80, 32124),
        ("PCMU", 0x00, -32124),
        ("PCMU", 0xFE, 8),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xAA, 32256),
        ("PCMA", 0x2A, -32256),
    ],
)
def test_code_points(codec, code, value):
    assert decode(bytes([code]), codec) == [value]


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_every_code_survives_its_own_value(codec):
    codes = bytes(range(256))
    values = decode(codes, codec)
    assert decode(encode(values, codec), codec) == values


@given(st.integers(-40000, 40000), st.sampled_from(["PCMU", "PCMA"]))
def test_coding_is_as_exact_as_the_law_allows(sample, codec):
    clipped = max(-32768, min(32767, sample))
    [back] = decode(encode([sample], codec), codec)
    # Half a step at the top of a segment is 1/32 of the value; the foot is linear. 4 is our table's own step.
    assert abs(back - clipped) <= abs(clipped) / 30 + 13


def test_silence_is_coded_as_silence():
    assert encode([0], "PCMU") == b"\xff"
    assert encode([0], "PCMA") == b"\xd5"


@pytest.mark.parametrize("hz", [350, 440, 777, 1003, 1490, 2100, 3000])
def test_dominant_frequency_of_a_tone(hz):
    found = dominant(sine(hz))
    assert found.hz == pytest.approx(hz, abs=1)
    assert found.share > 0.95


def test_dominant_frequency_in_noise_and_with_a_weaker_rival():
    noise = random.Random(1)
    mixed = [a + b // 3 + noise.randint(-1500, 1500) for a, b in zip(sine(620), sine(1900), strict=True)]
    found = dominant(mixed)
    assert found.hz == pytest.approx(620, abs=2)
    assert 0.5 < found.share < 0.95


def test_a_short_tone_between_silences_is_found():
    assert dominant([0] * 6000 + sine(1200, 0.1) + [0] * 6000).hz == pytest.approx(1200, abs=5)


@pytest.mark.parametrize("samples", [[], [0] * 8000, [3, -3] * 4000, sine(700, 0.04)])
def test_nothing_dominates_silence_or_too_little(samples):
    assert dominant(samples) is None


def test_power_of_a_sine_is_half_its_amplitude_squared():
    samples = sine(1000)
    assert power(samples, 1000) == pytest.approx(8000**2 / 2, rel=0.001)
    assert power(samples, 1000) == pytest.approx(mean_square(samples), rel=0.001)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("number", ["+8613800000001", "1001", "x"])
def test_callees_speak_in_their_own_frequency(codec, number):
    hz = own_hz(number)
    assert dominant(heard("voice", hz, codec) * 2).hz == pytest.approx(hz, abs=1)


def test_special_information_tone_is_three_times_330_ms():
    samples = heard("sit", 0, "PCMA")
    for index, hz in enumerate((950, 1400, 1800)):
        part = samples[index * 2640 : (index + 1) * 2640]
        found = dominant(part)
        assert found.hz == pytest.approx(hz, abs=1)
        assert power(part[:100], hz) > 0.8 * power(part, hz) < 1.2 * power(part[-100:], hz)
    assert dominant(samples[3 * 2640 :]) is None


@pytest.mark.parametrize(
    ("sound", "on", "off", "frequencies"),
    [
        ("cn-busy", 350, 350, (450,)),
        ("cn-congestion", 700, 700, (450,)),
        ("cn-ring-back", 1000, 4000, (450,)),
        ("us-busy", 500, 500, (480, 620)),
        ("us-ring-back", 2000, 4000, (440, 480)),
    ],
)
def test_cadences(sound, on, off, frequencies):
    samples = heard(sound, 0, "PCMU")
    assert len(samples) == pytest.approx((on + off) * 8, abs=160)
    tone, silence = samples[: on * 8], samples[on * 8 : (on + off) * 8]
    for hz in frequencies:
        assert power(tone, hz) == pytest.approx((8000 / len(frequencies)) ** 2 / 2, rel=0.05)
    assert mean_square(silence) < 100


@pytest.mark.parametrize("sound", SOUNDS)
def test_every_sound_fills_whole_frames(sound):
    assert {len(payload) for payload in frames(sound, 510, "PCMU")} == {160}
