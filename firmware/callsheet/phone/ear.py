# SPDX-License-Identifier: GPL-3.0-or-later
"""When the sound device is open: for calls, and for as long as a tone to the agent lasts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from callsheet.core.effects import Sound
from callsheet.ports import Sip, SoundError

log = logging.getLogger("callsheet.ear")

TONE_SECONDS = 1.5
"""How long the ear piece stays open for one tone outside a call; the longest tone is shorter."""


class Ear:
    """Opens the sound device when something is to be heard, and closes it after that."""

    def __init__(self, sip: Sip, mono: Callable[[], float]) -> None:
        self._sip = sip
        self._mono = mono
        self._call = False
        self._looping = False
        self._until: float | None = None

    def open(self) -> None:
        """For a call. Raises SoundError."""
        self._sip.open_sound()
        self._call = True

    def close(self) -> None:
        """The call is over; a tone that is still sounding is heard to its end."""
        self._call = False
        if self._until is None and not self._looping:
            self._sip.close_sound()

    def play(self, sound: Sound, loop: bool) -> None:
        """A tone to the agent; without a sound device there is none, which stops nothing."""
        if not self._call:
            try:
                self._sip.open_sound()
            except SoundError as error:
                log.warning("tone %s not heard: %s", sound, error)
                return
        self._looping = self._looping or loop
        if not loop:
            self._until = self._mono() + TONE_SECONDS
        with suppress(SoundError):
            self._sip.play(sound, loop)

    def silence(self) -> None:
        """End a looping tone."""
        self._sip.silence()
        self._looping = False
        if not self._call and self._until is None:
            self._sip.close_sound()

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        return self._until

    def tick(self, mono: float) -> None:
        """Close the device when the last tone is over and no call needs it."""
        if self._until is not None and mono >= self._until:
            self._until = None
            if not self._call and not self._looping:
                self._sip.close_sound()
