# SPDX-License-Identifier: GPL-3.0-or-later
"""A call's media: connected when it comes, listened to while it is early, told to the core."""

from __future__ import annotations

from collections.abc import Callable

import pjsua2 as pj

from callsheet.adapters.sip.bridge import Bridge
from callsheet.adapters.sip.call import Line
from callsheet.adapters.sip.facts import MediaChanged
from callsheet.adapters.sip.hearing import Hearing
from callsheet.adapters.sip.listen import PERIOD, Listener
from callsheet.adapters.sip.logs import log
from callsheet.adapters.sip.stack import explain
from callsheet.adapters.sip.timers import Timers
from callsheet.core.events import CallMedia, ToneHeard


class Media:
    """What happens to streams, for all calls."""

    def __init__(self, bridge: Bridge, timers: Timers, report: Callable[[CallMedia | ToneHeard], None]) -> None:
        self._bridge = bridge
        self._timers = timers
        self._report = report
        self._hearing = Hearing(bridge, timers)

    def changed(self, line: Line, fact: MediaChanged) -> None:
        """Media was negotiated, held, or torn down."""
        found = fact.lines[0] if fact.lines else None
        codec, secure = "", False
        if found is not None and found.state in ("active", "remote-hold"):
            self._connect(line, found.index)
            codec, secure = _stream(line, found.index)
        else:
            self._hearing.forget(line)
            # On hold the stream is still there, and would take the microphone along.
            self._bridge.remove(line, gone=found is None or found.state != "local-hold")
        event = CallMedia(line.number, found.state if found is not None else "none", codec, secure)
        if event != line.last_media:
            line.last_media = event
            self._report(event)

    def answered(self, line: Line) -> None:
        """What is heard from now on is a person."""
        self._listen_no_more(line, gone=False)

    def ended(self, line: Line, gone: bool) -> None:
        """The call is over; `gone`: for the stack as well, which has taken its streams away."""
        self._listen_no_more(line, gone)
        self._hearing.forget(line)
        self._bridge.remove(line, gone)

    def _listen_no_more(self, line: Line, gone: bool) -> None:
        if line.listener is not None:
            line.listener.stop(gone)
            line.listener = None

    def _connect(self, line: Line, index: int) -> None:
        try:
            self._bridge.add(line, line.handle.getAudioMedia(index))
        except pj.Error as error:
            # It may have ended since the callback.
            log.info("media of a call could not be connected: %s", explain(error))
        else:
            line.sound_index = index
            self._hearing.watch(line)
            if not line.answered and not line.incoming:
                self._listen(line)

    def _listen(self, line: Line) -> None:
        if line.media is None:
            return
        if line.listener is not None:
            line.listener.attach(line.media)
            return
        try:
            line.listener = Listener(line.media)
        except (pj.Error, OSError) as error:
            log.info("no ear on early media: %s", explain(error) if isinstance(error, pj.Error) else error)
        else:
            self._timers.after(PERIOD, lambda: self._look(line))

    def _look(self, line: Line) -> None:
        if line.listener is None:
            return
        for tone in line.listener.look():
            line.tones.append(tone)
            self._report(ToneHeard(line.number, tone))
        self._timers.after(PERIOD, lambda: self._look(line))


def _stream(line: Line, index: int) -> tuple[str, bool]:
    """Codec, and whether SRTP is in use, which only the stack's report tells."""
    try:
        codec = line.handle.getStreamInfo(index).codecName
        return codec, "SRTP status: Active" in line.handle.dump(True, "")
    except pj.Error:
        return "", False
