# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens to a call's early media for the network's tones.

The stack records what is heard into an unlinked file in memory, and the owner
thread reads it: a Python callback on the sound device's thread would make audio
wait for whatever else runs under the interpreter's lock. The file holds no more
than the ringing, is never on a disk, and is gone when the call is answered.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from array import array
from pathlib import Path

import pjsua2 as pj

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.stack import CLOCK_RATE
from callsheet.core.tones import Tone, ToneDetector

PERIOD = 0.1
"""Seconds between looks."""
_HEADER = 44
"""Bytes of a WAV header."""
_MEMORY = Path("/dev/shm")


class Listener:
    """An ear on one call."""

    def __init__(self, media: pj.AudioMedia) -> None:
        """Raises pj.Error or OSError if there is no way to listen."""
        self._detector = ToneDetector(CLOCK_RATE)
        self._recorder = pj.AudioMediaRecorder()
        folder = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        handle, name = tempfile.mkstemp(suffix=".wav", prefix="callsheet-", dir=folder)
        try:
            self._recorder.createRecorder(name)
            self._file = os.fdopen(handle, "rb", buffering=0)
        except pj.Error:
            os.close(handle)
            raise
        finally:
            Path(name).unlink()
        self._file.seek(_HEADER)
        self._odd = b""
        self.attach(media)

    def attach(self, media: pj.AudioMedia) -> None:
        """Go on with this stream, which took the place of the one before."""
        self._media = media
        media.startTransmit(self._recorder)

    def look(self) -> list[Tone]:
        """Tones that were recognised since the last look."""
        data = self._odd + self._file.read()
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        return self._detector.feed(array("h", data[:whole]))

    def stop(self, gone: bool) -> None:
        """Listen no more; `gone`: the call's own port is away already."""
        if not gone:
            with contextlib.suppress(pj.Error):
                self._media.stopTransmit(self._recorder)
        lowlevel.release(self._recorder)
        self._file.close()
