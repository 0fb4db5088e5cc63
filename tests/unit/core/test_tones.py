# SPDX-License-Identifier: GPL-3.0-or-later
"""The tone detector on synthesised line sounds: what must be heard, and what must not."""

import math
import random
from array import array

import pytest

from callsheet.core.tones import RATE, ToneDetector

NEVER = 0


def sound(frequencies, ms, rate=RATE, amplitude=4000.0):
    return [
        sum(amplitude * math.sin(2 * math.pi * f * i / rate) for f in frequencies) for i in range(rate * ms // 1000)]


def cadence(frequencies, *times, cycles=4, rate=RATE, amplitude=4000.0):
    """On and off times in ms, over and over."""
    out = []
    for _ in range(cycles):
        for index, ms in enumerate(times):
            out += sound(frequencies if index % 2 == 0 else (), ms, rate, amplitude)
    return out


def heard(samples, rate=RATE, noise=0.0, chunk=1000, seed=1):
    rng = random.Random(seed)
    line = array("h", (max(-32768, min(32767, int(s + rng.gauss(0, noise)))) for s in samples))
    detector = ToneDetector(rate)
    found = []
    for begin in range(0, len(line), chunk):
        found += detector.feed(line[begin:begin + chunk])
    return found


def special(pitches=(950, 1400, 1800), ms=330, gap=0, lead=200):
    out = sound((), lead)
    for pitch in pitches:
        out += sound((pitch,), ms) + sound((), gap)
    return out + sound((), 300)


CADENCES = [
    ("busy China", (450,), (350, 350), ["busy"]),
    ("congestion China", (450,), (700, 700), ["congestion"]),
    ("busy Europe", (425,), (500, 500), ["busy"]),
    ("congestion Europe", (425,), (250, 250), ["congestion"]),
    ("busy UK", (400,), (375, 375), ["busy"]),
    ("busy North America", (480, 620), (500, 500), ["busy"]),
    ("reorder North America", (480, 620), (250, 250), ["congestion"]),
    ("ring-back China", (450,), (1000, 4000), ["ring-back"]),
    ("ring-back North America", (440, 480), (2000, 4000), ["ring-back"]),
]


@pytest.mark.parametrize(("frequencies", "times", "expected"), [c[1:] for c in CADENCES], ids=[c[0] for c in CADENCES])
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize(("amplitude", "noise"), [(4000, 0), (12000, 200), (700, 30)])
def test_cadences(frequencies, times, expected, rate, amplitude, noise):
    lead = sound((), 137, rate)
    assert heard(lead + cadence(frequencies, *times, rate=rate, amplitude=amplitude), rate, noise) == expected


@pytest.mark.parametrize("pitches", [(950, 1400, 1800), (913.8, 1370.6, 1776.7), (985.2, 1428.5, 1776.7),
                                     (900, 1350, 1750), (1000, 1450, 1850)])
@pytest.mark.parametrize("gap", [0, 30])
@pytest.mark.parametrize("ms", [270, 330, 390])
@pytest.mark.parametrize("lead", [200, 207, 213])
def test_special_information_tone(pitches, gap, ms, lead):
    assert heard(special(pitches, ms, gap, lead), noise=60) == ["sit"]


@pytest.mark.parametrize("pitches", [(1800, 1400, 950), (950, 1400, 1400), (950, 1800, 1400)])
def test_other_orders_are_no_special_information_tone(pitches):
    assert heard(special(pitches)) == []


def test_steps_that_are_too_short_or_too_long():
    assert heard(special(ms=100)) == []
    assert heard(special(ms=900)) == []


def test_a_tone_is_told_once():
    assert heard(special() + special()) == ["sit"]


def test_announcement_tone_then_busy():
    assert heard(special() + sound((), 500) + cadence((450,), 350, 350, cycles=6)) == ["sit", "busy"]


@pytest.mark.parametrize("chunk", [1, 7, 159, 160, 4000])
def test_sizes_of_chunks_do_not_matter(chunk):
    assert heard(cadence((450,), 350, 350), chunk=chunk) == ["busy"]


def test_dial_tone_is_nothing():
    assert heard(sound((425,), 5000)) == []


def test_noise_is_nothing():
    assert heard([0.0] * RATE * 20, noise=3000) == []


@pytest.mark.parametrize("period", [40, 60, 350, 500])
def test_tones_of_another_pitch_are_nothing(period):
    assert heard(cadence((1004,), period, period, cycles=10)) == []


def test_uneven_cadence_is_nothing():
    assert heard(cadence((450,), 350, 700, cycles=6)) == []


def voice(seconds, seed):
    """Speech-like sound: a gliding pitch with harmonics through moving formants, in syllables and pauses."""
    rng = random.Random(seed)
    out, phase, pitch = [], 0.0, rng.uniform(90, 260)
    while len(out) < seconds * RATE:
        formants = [rng.uniform(250, 900), rng.uniform(900, 2300), rng.uniform(2300, 3300)]
        target = max(80, min(420, pitch * rng.uniform(0.7, 1.4)))
        count = int(rng.uniform(0.06, 0.4) * RATE)
        for i in range(count):
            pitch += (target - pitch) / count
            phase += 2 * math.pi * pitch / RATE
            envelope = math.sin(math.pi * i / count)
            value = 0.0
            for harmonic in range(1, 9):
                frequency = harmonic * pitch
                gain = sum(1 / (1 + ((frequency - f) / 120) ** 2) for f in formants)
                value += gain * math.sin(harmonic * phase)
            out.append(3000 * envelope * value)
        out += [0.0] * int(rng.choice([0, 0, 0.05, 0.2, 0.35, 0.6, 2.5]) * RATE)
    return out


@pytest.mark.parametrize("seed", range(6))
def test_speech_is_nothing(seed):
    assert heard(voice(12, seed), noise=20) == []


def test_hold_music_is_nothing():
    """Notes of a scale, held and repeated, some of them at the tones' own pitches."""
    rng = random.Random(5)
    notes = [392, 415.3, 440, 466.2, 493.9, 523.3, 587.3, 659.3, 950, 1400, 1760]
    out = []
    for _ in range(60):
        note = rng.choice(notes)
        out += [a + b + c for a, b, c in zip(
            sound((note,), 240, amplitude=3000), sound((note * 2,), 240, amplitude=1800),
            sound((note * 1.5,), 240, amplitude=1500), strict=True)]
    assert heard(out) == []


def test_rate_must_be_a_multiple():
    with pytest.raises(ValueError, match="multiple"):
        ToneDetector(11025)
