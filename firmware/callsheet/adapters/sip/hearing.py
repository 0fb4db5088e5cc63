# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks, while a call has sound, whether the agent can hear it, and mends it if not.

The stack has been seen to stop taking RTP in (see `Handle.onCreateMediaTransport`), and tells nobody
when it does: an agent would sit in a silent call that looks well.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pjsua2 as pj

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.bridge import Bridge
from callsheet.adapters.sip.call import Line
from callsheet.adapters.sip.logs import log
from callsheet.adapters.sip.timers import Timers

PERIOD = 1.0
"""Seconds between looks."""
_TABLES = (Path("/proc/self/net/udp"), Path("/proc/self/net/udp6"))
_LOCAL, _QUEUES = 1, 4
"""Columns of these tables: address:port, and tx:rx bytes in the queues, all hexadecimal (proc(5))."""


class Hearing:
    """All calls' that have sound."""

    def __init__(self, bridge: Bridge, timers: Timers) -> None:
        self._bridge = bridge
        self._timers = timers
        self._due: dict[int, int] = {}
        self._taken: dict[int, int] = {}

    def watch(self, line: Line) -> None:
        """A call has sound now, or a new stream."""
        self.forget(line)
        self._taken[line.number] = 0
        self._later(line)

    def forget(self, line: Line) -> None:
        """It has none any more."""
        self._taken.pop(line.number, None)
        if (due := self._due.pop(line.number, None)) is not None:
            self._timers.drop(due)

    def _later(self, line: Line) -> None:
        self._due[line.number] = self._timers.after(PERIOD, lambda: self._look(line))

    def _look(self, line: Line) -> None:
        if line.media is None:
            self.forget(line)
            return
        # It may have ended since; and where the kernel tells nothing, nothing can be found.
        with contextlib.suppress(pj.Error, OSError):
            self._listen(line)
        self._bridge.mend(line)
        self._later(line)

    def _listen(self, line: Line) -> None:
        """Have RTP taken in again if it waits in the socket and none was taken since the last look."""
        taken = int(line.handle.getStreamStat(line.sound_index).rtcp.rxStat.pkt)
        before, self._taken[line.number] = self._taken[line.number], taken
        if taken != before:
            return
        address = line.handle.getMedTransportInfo(line.sound_index).localRtpName
        transport = line.handle.transports.get(line.sound_index, 0)
        if unread(int(address.rpartition(":")[2])) and transport:
            log.warning("call %d: RTP waited in its socket, and was not taken in; it is read again", line.number)
            lowlevel.stop_reading_rtp(transport)
            lowlevel.read_rtp(transport)


def unread(port: int) -> int:
    """Bytes that wait, as the kernel counts them, in this machine's UDP sockets of a port. Raises OSError."""
    waiting = 0
    for table in _TABLES:
        if not table.exists():
            continue
        for row in table.read_text(encoding="ascii").splitlines()[1:]:
            columns = row.split()
            if int(columns[_LOCAL].rpartition(":")[2], 16) == port:
                waiting += int(columns[_QUEUES].partition(":")[2], 16)
    return waiting
