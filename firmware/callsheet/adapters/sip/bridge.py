# SPDX-License-Identifier: GPL-3.0-or-later
"""Who hears whom: connects calls' media with microphone, ear piece and tones."""

from __future__ import annotations

import contextlib

import pjsua2 as pj

from callsheet.adapters.sip.call import Line
from callsheet.adapters.sip.logs import log
from callsheet.adapters.sip.sound import Sound
from callsheet.adapters.sip.stack import explain
from callsheet.adapters.sip.tones import Tones


class Bridge:
    """The conference bridge as the phone uses it."""

    def __init__(self, sound: Sound, tones: Tones) -> None:
        self._sound = sound
        self._tones = tones
        self._muted = False
        self._lines: dict[int, Line] = {}
        self._astray: dict[int, str] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is sound."""
        return self._sound.is_open

    def open(self) -> None:
        """Open the sound device and connect everything. Raises SoundError."""
        if not self._sound.is_open:
            self._sound.open()
            self._tones.connect(self._sound.ear)
            for line in self._lines.values():
                self._join(line)

    def close(self) -> None:
        """Let go of the sound device; calls stay up, but silent."""
        for line in self._lines.values():
            self._part(line)
        self._tones.connect(None)
        self._sound.close()

    def add(self, line: Line, media: pj.AudioMedia) -> None:
        """A call has sound now, or has a new stream, whose port takes the place of the old one's."""
        line.media = media
        self._lines[line.number] = line
        self._join(line)

    def remove(self, line: Line, gone: bool = False) -> None:
        """A call is to have no sound any more; `gone`: the stack took its port away already."""
        if self._lines.pop(line.number, None) and not gone:
            self._part(line)
        self._astray.pop(line.number, None)
        line.media = None

    def mute(self, on: bool) -> None:
        """Nothing of the microphone goes anywhere while muted."""
        self._muted = on
        for line in self._lines.values():
            self._talk(line)

    def mend(self, line: Line) -> None:
        """Connect what two calls of this in a row find unconnected: changes wait for the bridge's clock."""
        before, self._astray[line.number] = self._astray.get(line.number, ""), self._missing(line)
        missing = self._astray[line.number]
        if not missing or missing != before:
            return
        log.warning("call %d was not connected to the %s; it is connected again", line.number, missing)
        self._join(line)

    def _missing(self, line: Line) -> str:
        ear, microphone = self._sound.ear, self._sound.microphone
        if ear is None or microphone is None or line.media is None:
            return ""
        if not hears(line.media, ear):
            return "ear piece"
        return "" if self._muted or hears(microphone, line.media) else "microphone"

    def _join(self, line: Line) -> None:
        if self._sound.ear is not None and line.media is not None:
            _connect(line.media, self._sound.ear)
            self._talk(line)

    def _part(self, line: Line) -> None:
        if self._sound.ear is not None and line.media is not None:
            with contextlib.suppress(pj.Error):
                line.media.stopTransmit(self._sound.ear)
        self._hush(line)

    def _talk(self, line: Line) -> None:
        microphone = self._sound.microphone
        if microphone is None or line.media is None:
            return
        if self._muted:
            self._hush(line)
        else:
            _connect(microphone, line.media)

    def _hush(self, line: Line) -> None:
        if self._sound.microphone is not None and line.media is not None:
            with contextlib.suppress(pj.Error):
                self._sound.microphone.stopTransmit(line.media)


def _connect(source: pj.AudioMedia, sink: pj.AudioMedia) -> None:
    try:
        source.startTransmit(sink)
    except pj.Error as error:
        # A port that just went, as that of a call that ended; `mend` comes back to one that stays.
        log.info("sound was not connected: %s", explain(error))


def hears(source: pj.AudioMedia, sink: pj.AudioMedia) -> bool:
    """Whether the bridge has the connection; also if it cannot be asked, as of a port that went."""
    try:
        # Kept, because the list lives in it.
        port = source.getPortInfo()
        return sink.getPortId() in port.listeners
    except pj.Error:
        return True
