# SPDX-License-Identifier: GPL-3.0-or-later
"""A tone in the ear piece, and a level from the microphone."""

from __future__ import annotations

from callsheet.adapters.sip.soundcheck import SoundCheck
from callsheet.ports import SipError, SoundError
from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "sound"
TONE, SPEECH = 2.0, 4.0
"""Seconds of each."""
QUIET = 0.02
"""Level below which a microphone into which somebody speaks is not working."""


def check(bench: Bench) -> Verdict:
    """With hands: somebody listens and speaks. Without: the device opens."""
    if bench.parts is None:
        reason = bench.fault("headset-audio")
        if reason or not (bench.phone or {}).get("headset"):
            return Verdict(NAME, "fail", reason or bench.words("buttons.none"))
        return bench.verdict(NAME, "pass", "say.in-use")
    try:
        with SoundCheck(bench.settings.audio) as sound:
            return _heard(bench, sound)
    except (SoundError, SipError) as error:
        return Verdict(NAME, "fail", str(error))


def _heard(bench: Bench, sound: SoundCheck) -> Verdict:
    ms = round(1000 * sound.open())
    if not bench.hands:
        sound.play("answered", 0.3)
        return bench.verdict(NAME, "pass", "sound.opens", ms=ms)
    sound.play("ringing", TONE)
    answer = bench.ask(NAME, "sound.tone")
    if answer == "skip":
        return bench.verdict(NAME, "skip", "say.skipped")
    if answer != "yes":
        return bench.verdict(NAME, "fail", "say.seen-not" if answer else "say.no-answer")
    bench.show(bench.words("check.sound"), bench.words("sound.speak"))
    level = sound.hear(SPEECH)
    if level < QUIET:
        return bench.verdict(NAME, "fail", "sound.quiet")
    return bench.verdict(NAME, "pass", "sound.works", level=round(100 * level), ms=ms)
