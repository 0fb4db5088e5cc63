# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's telephony: its link, and the buttons it has."""

from __future__ import annotations

import time

from callsheet.core.events import HeadsetButton, HeadsetFailed, HeadsetReady
from callsheet.selftest.bench import Bench, Happening, Pressed, Typed
from callsheet.selftest.verdict import Verdict

NAME = "buttons"
LINK = 5.0
"""Seconds a wireless headset may take."""
PRESS = 15.0
"""Seconds to press a button."""


def check(bench: Bench) -> Verdict:
    """With hands: call, mute and volume are pressed. Without: it is there and its link opens."""
    parts = bench.parts
    if parts is None:
        name = str((bench.phone or {}).get("headset_name", ""))
        if reason := bench.fault("headset"):
            return Verdict(NAME, "fail", reason)
        return Verdict(NAME, "pass", name) if name else bench.verdict(NAME, "fail", "buttons.none")
    bench.settle(0.3)
    if reason := bench.fault("headset"):
        return Verdict(NAME, "fail", reason)
    if bench.headset is None or not bench.headset.present:
        return bench.verdict(NAME, "fail", "buttons.none")
    name = bench.headset.name
    began = time.monotonic()
    answers: list[Happening] = []
    parts.headset.off_hook(1)
    bench.wait(lambda event: _keep(event, answers), LINK)
    try:
        if not answers or isinstance(answers[0], HeadsetFailed):
            reason = answers[0].reason if answers and isinstance(answers[0], HeadsetFailed) else bench.words("say.no-answer")
            return bench.verdict(NAME, "fail", "buttons.no-link", name=name, reason=reason)
        link = bench.words("buttons.link", ms=round(1000 * (time.monotonic() - began)))
        if not bench.hands:
            return bench.verdict(NAME, "pass", "buttons.present", name=name, link=link)
        return _pressed(bench, name, link)
    finally:
        parts.headset.on_hook()


def _keep(event: Happening, answers: list[Happening]) -> bool:
    if isinstance(event, HeadsetReady | HeadsetFailed):
        answers.append(event)
    return bool(answers)


def _pressed(bench: Bench, name: str, link: str) -> Verdict:
    missing: list[str] = []
    heard: list[str] = []
    for button in ("mute", "volume-up", "hook"):
        word = bench.words(f"buttons.{button}")
        bench.show(bench.words("check.buttons"), bench.words("buttons.press", button=word))
        found: list[str] = []

        def done(event: Happening, button: str = button, found: list[str] = found) -> bool:
            if isinstance(event, HeadsetButton) and event.button == button:
                found.append(button)
            # Any key goes on: not every headset has each button.
            return bool(found) or isinstance(event, Pressed | Typed)

        bench.wait(done, PRESS)
        (heard if found else missing).append(word)
    if not heard:
        return bench.verdict(NAME, "skip", "buttons.missing", name=name, which=", ".join(missing))
    return bench.verdict(NAME, "pass", "buttons.works", name=name, found=", ".join([link, *heard]))
