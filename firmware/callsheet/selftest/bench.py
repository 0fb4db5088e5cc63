# SPDX-License-Identifier: GPL-3.0-or-later
"""What every check is given: the handset's parts, the technician's answers, and words."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from callsheet.adapters.display.render import render
from callsheet.adapters.faults import Faults
from callsheet.core.events import AnyEvent, HeadsetChanged, HookChanged, KeyContact
from callsheet.core.keypad import Keypad
from callsheet.core.screen import KeyHint, Screen
from callsheet.formats.settings import Settings
from callsheet.ports import Display, Headset, Keys, Lamps
from callsheet.selftest.texts import say
from callsheet.selftest.verdict import Result, Verdict

PATIENCE = 60.0
"""Seconds to wait for a hand."""
_YES, _NO, _SKIP = "#", "*", "0"

Answer = Literal["yes", "no", "skip", ""]
"""Empty: nobody answered."""


class Typed(Struct, frozen=True):
    """A line typed at the terminal."""

    text: str


class Pressed(Struct, frozen=True):
    """A key of the handset."""

    cap: str


Happening = AnyEvent | Typed | Pressed


class Parts(Struct, frozen=True):
    """The handset under test."""

    keys: Keys
    display: Display
    lamps: Lamps
    headset: Headset
    faults: Faults
    real: bool = True
    """Not the simulated one."""


class Bench:
    """One run of the self-test."""

    def __init__(self, settings: Settings, data: Path, parts: Parts | None, *, hands: bool, print_line: Callable[[str], None],
                 phone: Mapping[str, Any] | None = None) -> None:
        """`parts` None and `phone` set: a phone runs here and has the parts; `phone` is its status."""
        self.settings = settings
        self.data = data
        self.parts = parts
        self.phone = phone
        self.hands = hands
        self.language = settings.phone.language
        self._print = print_line
        self._inbox: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._keypad = Keypad(settings.phone.keypad)
        self.headset: HeadsetChanged | None = None
        """What the headset adapter said last."""
        self.off_hook = False
        """What the hook switch said last."""
        self.closed: set[tuple[int, int]] = set()
        """Contacts of the keypad that conduct."""

    def post(self, event: Happening) -> None:
        """Take news; callable from any thread."""
        self._inbox.put(event)

    def words(self, key: str, /, **values: object) -> str:
        """In the phone's language."""
        return say(self.language, key, **values)

    def verdict(self, name: str, result: Result, key: str, /, **values: object) -> Verdict:
        """A verdict in words."""
        return Verdict(name, result, self.words(key, **values))

    def show(self, title: str, headline: str, *lines: str, keys: tuple[KeyHint, ...] = (), number: str = "") -> None:
        """On the display, and the same at the terminal."""
        if self.parts is not None:
            screen = Screen("selftest", title, headline=headline, number=number, lines=lines, keys=keys)
            self.parts.display.show(render(screen, self.parts.display.size))
        if self.hands:
            self._print(f"{title}: " + " ".join(text for text in (headline, number, *lines) if text))

    def ask(self, check: str, key: str, /, **values: object) -> Answer:
        """A question to the technician: # or y is yes, * or n is no, 0 or s leaves it out."""
        hints = (KeyHint(_YES, self.words("key.yes")), KeyHint(_NO, self.words("key.no")),
                 KeyHint(_SKIP, self.words("key.skip")))
        self.show(self.words(f"check.{check}"), self.words(key, **values), keys=hints)
        self._print("  [y/n/s] " + self.words("say.answer"))
        answers: dict[str, Answer] = {_YES: "yes", _NO: "no", _SKIP: "skip", "y": "yes", "n": "no", "s": "skip"}
        found: list[Answer] = []

        def answered(event: Happening) -> bool:
            text = event.cap if isinstance(event, Pressed) else event.text[:1].lower() if isinstance(event, Typed) else ""
            if text in answers:
                found.append(answers[text])
            return bool(found)

        return found[0] if self.wait(answered) else ""

    def wait(self, done: Callable[[Happening], bool], seconds: float | None = None) -> bool:
        """Until something happens for which `done` is true; whether it did."""
        until = time.monotonic() + (PATIENCE if seconds is None else seconds)
        while (left := until - time.monotonic()) > 0:
            due = self._keypad.deadline()
            pause = left if due is None else max(0.0, min(left, due - time.monotonic()))
            try:
                event = self._inbox.get(timeout=pause)
            except queue.Empty:
                event = None
            for one in self._digest(event):
                if done(one):
                    return True
        return False

    def settle(self, seconds: float) -> None:
        """Let the parts do what they were told."""
        self.wait(lambda _: False, seconds)

    def fault(self, part: str) -> str:
        """What is wrong with a part, as its driver or the running phone says; empty: nothing."""
        if self.phone is not None:
            return str(self.phone.get("fault_texts", {}).get(part, ""))
        return self.parts.faults.standing.get(part, "") if self.parts is not None else ""

    def _digest(self, event: Happening | None) -> list[Happening]:
        """The event, and the keys it presses; what was said of headset, hook and contacts is remembered."""
        now = time.monotonic()
        strokes = []
        match event:
            case KeyContact():
                place = (event.row, event.column)
                (self.closed.add if event.closed else self.closed.discard)(place)
                strokes = self._keypad.contact(*place, event.closed, now)
            case HeadsetChanged():
                self.headset = event
            case HookChanged():
                self.off_hook = event.off
            case _:
                pass
        strokes += self._keypad.tick(now)
        pressed = [Pressed(stroke.cap) for stroke in strokes if stroke.kind == "press"]
        return [*([event] if event is not None else []), *pressed]
