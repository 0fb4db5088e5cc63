# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's mixer: which control is which, and what is left for the bridge."""

from __future__ import annotations

import pytest

from callsheet.adapters.headset.mixer import Mixer


class Control:
    """One simple mixer control."""

    def __init__(self, name, db=None, volume=(0, 40), playback=True):
        self.name, self.db, self.range, self.playback = name, db, volume, playback
        self.volume = volume[0]
        self.gain = 0.0
        self.on: dict[str, int] = {"playback": 0, "capture": 0}


class Card:
    """libasound's simple mixer interface, as far as a headset needs it. Volumes go in steps of 1 dB."""

    def __init__(self, *controls, refuses=""):
        self.controls = controls
        self.refuses = refuses
        self.open = 0

    def _at(self, element):
        return self.controls[element.value - 1]

    def snd_mixer_open(self, handle, mode):
        self.open += 1
        return 0

    def snd_mixer_attach(self, handle, name):
        assert name == b"hw:CARD=Headset"
        return -2 if self.refuses == "attach" else 0

    def snd_mixer_selem_register(self, *_):
        return 0

    def snd_mixer_load(self, handle):
        return 0

    def snd_mixer_close(self, handle):
        self.open -= 1

    def snd_mixer_first_elem(self, handle):
        return 1 if self.controls else None

    def snd_mixer_elem_next(self, element):
        return element.value + 1 if element.value < len(self.controls) else None

    def snd_mixer_selem_get_name(self, element):
        return self._at(element).name.encode()

    def snd_mixer_selem_has_playback_volume(self, element):
        return int(self._at(element).playback)

    def snd_mixer_selem_set_capture_switch_all(self, element, value):
        self._at(element).on["capture"] = value
        return 0

    def snd_mixer_selem_set_playback_switch_all(self, element, value):
        self._at(element).on["playback"] = value
        return 0

    def snd_mixer_selem_get_playback_volume_range(self, element, low, high):
        low._obj.value, high._obj.value = self._at(element).range
        return 0

    def snd_mixer_selem_set_playback_volume_all(self, element, value):
        self._at(element).volume = value.value
        return 0

    def snd_mixer_selem_get_playback_dB_range(self, element, low, high):  # noqa: N802 - as libasound names it
        if self._at(element).db is None:
            return -22
        low._obj.value, high._obj.value = (round(100 * one) for one in self._at(element).db)
        return 0

    def snd_mixer_selem_set_playback_dB_all(self, element, value, direction):  # noqa: N802 - as libasound names it
        if self.refuses == "dB":
            return -5
        self._at(element).gain = float(round(value.value / 100))
        return 0

    def snd_mixer_selem_get_playback_dB(self, element, channel, value):  # noqa: N802 - as libasound names it
        value._obj.value = round(self._at(element).gain * 100)
        return 0


def mixer(card):
    return Mixer("hw:CARD=Headset", card)


def test_speaker_and_microphone_are_switched_on_and_the_side_tone_is_set():
    speaker, mic = Control("Headset", (-40, 0)), Control("Mic", volume=(0, 9))
    card = Card(Control("Mic", playback=False), speaker, mic)
    assert mixer(card).prepare(50)
    assert speaker.on == {"playback": 1, "capture": 1}
    assert (mic.volume, mic.on["playback"]) == (4, 1)
    assert mixer(card).prepare(0)
    assert (mic.volume, mic.on["playback"]) == (0, 0)
    assert card.open == 0, "closed again"


def test_without_a_setting_the_side_tone_stays_as_the_headset_has_it():
    tone = Control("Sidetone", volume=(0, 9))
    tone.volume = 7
    assert mixer(Card(tone)).prepare(-1)
    assert (tone.volume, tone.on["playback"]) == (7, 0)


@pytest.mark.parametrize(("wanted", "left", "gain"), [(-12.0, 0.0, -12.0), (6.0, 6.0, 0.0), (-60.0, -20.0, -40.0),
                                                     (-3.4, pytest.approx(-0.4), -3.0)])
def test_the_headset_does_what_it_can_and_the_rest_is_told(wanted, left, gain):
    speaker = Control("PCM", (-40, 0))
    assert mixer(Card(speaker)).volume(wanted) == left
    assert speaker.gain == gain


@pytest.mark.parametrize("card", [Card(), Card(Control("PCM")), Card(Control("PCM", (0, 0))), Card(refuses="attach"),
                                  Card(Control("PCM", (-40, 0)), refuses="dB")])
def test_without_a_usable_volume_all_is_left(card):
    assert mixer(card).volume(-6.0) == -6.0
    assert card.open == 0


def test_real_alsa_without_a_card():
    one = Mixer("hw:CARD=NoSuchCard")
    assert one.prepare(10) is False
    assert one.volume(-6.0) == -6.0
