# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's own mixer: volume, side tone, and both switches on.

Over libasound itself, which the SIP stack has loaded anyway. `amixer` would be one more
package and a process for every step of the volume. The mixer is opened for a moment and
closed again, so that nothing stays open while the phone is idle.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

log = logging.getLogger("callsheet.mixer")

MAIN = ("headset", "headphone", "pcm", "speaker", "master")
"""Names of the playback volume, the likeliest first (USB audio class: the feature unit's terminal names it)."""
SIDE = ("sidetone", "side tone", "mic")
"""Names of the side tone: a microphone with a playback volume is one."""
_FLOOR = -1000.0
"""dB below which a mixer means "silent", not a volume."""


class Range(Struct, frozen=True):
    """What a volume can be, in dB."""

    low: float
    high: float


class Mixer:
    """One card's controls. Where a card has none, or ALSA refuses, everything here does nothing and says so."""

    def __init__(self, device: str, library: Any = None) -> None:
        """`device`: as ALSA names its control interface, "hw:CARD=Headset"."""
        self._device = device
        self._alsa = library

    def prepare(self, sidetone: int) -> bool:
        """Switch speaker and microphone on, and set the side tone (percent; -1 leaves it). False: there is no mixer."""
        with self._elements() as found:
            if found is None:
                return False
            alsa = self._library()
            for element in found.values():
                alsa.snd_mixer_selem_set_capture_switch_all(element, 1)
            if (main := _first(alsa, found, MAIN)) is not None:
                alsa.snd_mixer_selem_set_playback_switch_all(main, 1)
            side = _first(alsa, found, SIDE)
            if sidetone >= 0 and side is not None:
                low, high = ctypes.c_long(), ctypes.c_long()
                alsa.snd_mixer_selem_get_playback_volume_range(side, ctypes.byref(low), ctypes.byref(high))
                alsa.snd_mixer_selem_set_playback_switch_all(side, int(sidetone > 0))
                value = low.value + round((high.value - low.value) * sidetone / 100)
                alsa.snd_mixer_selem_set_playback_volume_all(side, ctypes.c_long(value))
            return True

    def volume(self, decibels: float) -> float:
        """Set the ear piece's gain as near as it goes; returns what is left for others to do, in dB."""
        with self._elements() as found:
            alsa = self._library() if found is not None else None
            main = _first(alsa, found, MAIN) if found is not None else None
            scale = _range(alsa, main) if main is not None else None
            if alsa is None or scale is None:
                return decibels
            set_to = max(scale.low, min(scale.high, decibels))
            if alsa.snd_mixer_selem_set_playback_dB_all(main, ctypes.c_long(round(set_to * 100)), 0) < 0:
                return decibels
            now = ctypes.c_long()
            alsa.snd_mixer_selem_get_playback_dB(main, 0, ctypes.byref(now))
            return decibels - now.value / 100

    def _library(self) -> Any:
        if self._alsa is None:
            self._alsa = ctypes.CDLL("libasound.so.2")
            for name in ("snd_mixer_first_elem", "snd_mixer_elem_next"):
                getattr(self._alsa, name).restype = ctypes.c_void_p
            self._alsa.snd_mixer_selem_get_name.restype = ctypes.c_char_p
        return self._alsa

    @contextmanager
    def _elements(self) -> Iterator[dict[str, ctypes.c_void_p] | None]:
        """The controls by lower-case name; None if the mixer cannot be opened."""
        handle = ctypes.c_void_p()
        opened = False
        try:
            alsa = self._library()
            opened = alsa.snd_mixer_open(ctypes.byref(handle), 0) == 0
            if not opened or alsa.snd_mixer_attach(handle, self._device.encode()) < 0 or \
                    alsa.snd_mixer_selem_register(handle, None, None) < 0 or alsa.snd_mixer_load(handle) < 0:
                log.info("%s has no mixer", self._device)
                yield None
                return
            yield dict(_each(alsa, handle))
        except OSError as error:
            log.info("no mixer: %s", error)
            yield None
        finally:
            if opened:
                self._library().snd_mixer_close(handle)


def _each(alsa: Any, handle: ctypes.c_void_p) -> Iterator[tuple[str, ctypes.c_void_p]]:
    element = alsa.snd_mixer_first_elem(handle)
    while element:
        pointer = ctypes.c_void_p(element)
        yield alsa.snd_mixer_selem_get_name(pointer).decode(errors="replace").lower(), pointer
        element = alsa.snd_mixer_elem_next(pointer)


def _first(alsa: Any, found: dict[str, ctypes.c_void_p], names: tuple[str, ...]) -> ctypes.c_void_p | None:
    """The control with a playback volume whose name begins like the likeliest of these."""
    for wanted in names:
        for name, element in found.items():
            if name.startswith(wanted) and alsa.snd_mixer_selem_has_playback_volume(element):
                return element
    return None


def _range(alsa: Any, element: ctypes.c_void_p) -> Range | None:
    low, high = ctypes.c_long(), ctypes.c_long()
    if alsa.snd_mixer_selem_get_playback_dB_range(element, ctypes.byref(low), ctypes.byref(high)) < 0:
        return None
    made = Range(max(low.value / 100, _FLOOR), high.value / 100)
    return made if made.low < made.high else None
