# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that follows the leases: what they offer now, and word to the main loop when that changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from callsheet.adapters.dhcp.leases import Stamp, content, stamp
from callsheet.core.events import FetchDue
from callsheet.formats.dhcp import Offer, offer, read_lease
from callsheet.formats.errors import Invalid
from callsheet.formats.settings import DhcpSettings
from callsheet.ports import Post

log = logging.getLogger(__name__)

PERIOD = 2.0
"""Seconds between looks at the folder: one directory of a memory file system, far cheaper than a lease."""

_DHCPCD = Path(__file__).parent / "dhcpcd"
HOOK = _DHCPCD / "90-callsheet"
"""Belongs into dhcpcd's folder of hooks."""
OPTIONS = _DHCPCD / "dhcpcd.conf"
"""Belongs at the end of /etc/dhcpcd.conf."""


class LeaseWatcher:
    """Knows what DHCP offers.

    The first interface that offers a link to a sheet counts. When no interface has
    a lease any more, what the last one offered stays: with the network away nothing
    can be fetched anyway, and results go on waiting for the server they are for.
    """

    def __init__(self, settings: DhcpSettings) -> None:
        self._settings = settings
        self._folder = Path(settings.directory)
        self._seen: Stamp = ()
        self._offer = Offer()
        self._told: frozenset[str] = frozenset()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dhcp", daemon=True)

    def offer(self) -> Offer:
        """What DHCP offers now. Safe from any thread."""
        return self._offer

    def start(self, post: Post, moved: Callable[[], object] = lambda: None) -> None:
        """Begin; posts FetchDue for each new link to a sheet, and calls `moved` when results have a new way to go.

        A lease that is there already is known when this returns.
        """
        self._post, self._moved = post, moved
        self.look()
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(PERIOD)

    def _run(self) -> None:
        while not self._closed.wait(PERIOD):
            self.look()

    def look(self) -> None:
        """Look at the folder once. The thread's whole work."""
        now = stamp(self._folder)
        if now == self._seen:
            return
        self._seen = now
        if not now:
            log.info("no interface has a lease; the last link stays")
            return
        before, self._offer = self._offer, self._read(tuple(one[0] for one in now))
        after = self._offer
        if (before.sheet, before.upload) == (after.sheet, after.upload):
            return
        log.info("call sheets: %s", f"link from DHCP option {after.source}" if after.sheet else "no link from DHCP")
        if after.sheet and after.sheet != before.sheet:
            self._post(FetchDue())
        self._moved()

    def _read(self, interfaces: tuple[str, ...]) -> Offer:
        """The best of all interfaces; each problem is logged once."""
        offers = [self._of(interface) for interface in interfaces]
        problems = frozenset(problem for one in offers for problem in one.problems)
        for problem in sorted(problems - self._told):
            log.warning("%s", problem)
        self._told = problems
        return next((one for one in offers if one.sheet), next((one for one in offers if one.problems), offers[0]))

    def _of(self, interface: str) -> Offer:
        try:
            lease = read_lease(content(self._folder, interface))
        except FileNotFoundError:
            return Offer()
        except (OSError, Invalid) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else fault
            return Offer(problems=(f"DHCP lease of {interface}: {reason}",))
        return offer(lease, self._settings.options, self._settings.hosts)
