# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the account registered: at the first server, at the fallback while the first does not answer.

The stack refreshes a registration that works; everything after a failure is
decided here: retry after `retry_min`..`retry_max` seconds at random, so that a
hundred phones do not come back in the same second, and at once when the network
returns.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from callsheet.adapters.sip.facts import Located, Registered
from callsheet.adapters.sip.timers import Timers
from callsheet.core.events import RegistrationChanged
from callsheet.formats.settings import SipSettings

ANSWER_TIMEOUT = 5.0
"""Seconds without any answer after which a server counts as not answering; the transaction itself
would take 32 s (RFC 3261 timer F)."""
_NOT_ANSWERING = {408, 500, 502, 503, 504}


class Server(Protocol):
    """What the registrar asks of an account."""

    def locate(self) -> None:
        """Find the server; answered by a Located fact."""

    def register(self) -> str:
        """Send REGISTER; returns what hindered it, or nothing."""

    def unregister(self) -> None:
        """Send REGISTER with expiry 0."""


class Registrar:
    """Registration of one or two servers."""

    def __init__(self, sip: SipSettings, servers: Sequence[Server], timers: Timers,
                 report: Callable[[RegistrationChanged], None], drop_connections: Callable[[], None]) -> None:
        self._sip = sip
        self._names = [name for name in (sip.server, sip.fallback) if name]
        self._servers = servers
        self._timers = timers
        self._report = report
        self._drop_connections = drop_connections
        self._pending: dict[int, int] = {}
        """Server -> ticket of its answer time-out."""
        self._lapses: dict[int, int] = {}
        """Server -> ticket of the end of its registration."""
        self._retry: int | None = None
        self._registered: set[int] = set()
        self._last: RegistrationChanged | None = None
        self.closing = False

    @property
    def active(self) -> int:
        """The server to send calls to: the first if it is registered, or if none is."""
        return min(self._registered, default=0)

    @property
    def waiting(self) -> bool:
        """A REGISTER is under way."""
        return bool(self._pending)

    def start(self) -> None:
        """Begin."""
        if self._servers and not self._sip.register:
            self._registered.add(0)
            self._tell(True, 0, "")
        elif self._servers:
            self._try(0)

    def network_changed(self) -> None:
        """The network is back: what was connected before may not be, and what failed may work."""
        if self._servers and self._sip.register and not self.closing:
            self._drop_connections()
            self._drop_retry()
            self._try(0)

    def connection_lost(self) -> None:
        """The server cannot reach us any more: register again, which connects again."""
        if self._sip.register and self._registered and not self._pending and not self.closing:
            self._try(self.active)

    def close(self) -> None:
        """Take the registrations back; the answers are not waited for here."""
        self.closing = True
        self._drop_retry()
        for ticket in (*self._pending.values(), *self._lapses.values()):
            self._timers.drop(ticket)
        self._pending.clear()
        self._lapses.clear()
        if not self._sip.register:
            return
        for server in self._registered:
            self._await(server)
            self._servers[server].unregister()

    def handle(self, fact: Registered) -> None:
        """An answer to REGISTER, or the stack's word that none came."""
        awaited = self._pending.pop(fact.server, None)
        if awaited is not None:
            self._timers.drop(awaited)
        if self.closing:
            return
        ok = 200 <= fact.code < 300 and fact.expires > 0 and fact.active
        if ok:
            self._succeeded(fact)
        elif awaited is not None or fact.server in self._registered:
            self._failed(fact.server, fact.code, fact.phrase, fact.received)

    def located(self, fact: Located) -> None:
        """A server's address is known, or its name is not."""
        if fact.server not in self._pending or self.closing:
            return
        problem = fact.problem or self._servers[fact.server].register()
        if problem:
            self._timers.drop(self._pending.pop(fact.server))
            self._failed(fact.server, 0, problem, False)

    def _try(self, server: int) -> None:
        if server not in self._pending:
            self._await(server)
            self._servers[server].locate()

    def _await(self, server: int) -> None:
        self._pending[server] = self._timers.after(ANSWER_TIMEOUT, lambda: self._timed_out(server))

    def _timed_out(self, server: int) -> None:
        if self._pending.pop(server, None) is not None and not self.closing:
            self._drop_connections()
            self._failed(server, 408, "no answer", False)

    def _lapsed(self, server: int) -> None:
        """The server has forgotten us: the stack's own refresh is not answered, and would go on for half a minute."""
        self._lapses.pop(server, None)
        if server in self._registered:
            self._failed(server, 408, "no answer", False)

    def _lose(self, server: int) -> None:
        self._registered.discard(server)
        if (ticket := self._lapses.pop(server, None)) is not None:
            self._timers.drop(ticket)

    def _succeeded(self, fact: Registered) -> None:
        self._lose(fact.server)
        self._registered.add(fact.server)
        self._lapses[fact.server] = self._timers.after(fact.expires, lambda: self._lapsed(fact.server))
        if fact.server == 0 and 1 in self._registered:
            self._lose(1)
            self._servers[1].unregister()
        if fact.server == self.active:
            self._tell(True, fact.code, fact.phrase)
        if self.active == 0:
            self._drop_retry()
        else:
            self._schedule()

    def _failed(self, server: int, code: int, phrase: str, received: bool) -> None:
        self._lose(server)
        silent = not received or code in _NOT_ANSWERING
        if server == 0 and silent and len(self._servers) > 1 and 1 not in self._registered:
            self._try(1)
        elif not self._registered:
            self._tell(False, code, phrase)
        self._schedule()

    def _schedule(self) -> None:
        if self._retry is None:
            wait = random.uniform(self._sip.retry_min, max(self._sip.retry_min, self._sip.retry_max))
            self._retry = self._timers.after(wait, self._again)

    def _again(self) -> None:
        self._retry = None
        self._try(0)

    def _drop_retry(self) -> None:
        if self._retry is not None:
            self._timers.drop(self._retry)
            self._retry = None

    def _tell(self, registered: bool, code: int, phrase: str) -> None:
        name = self._names[self.active] if self._names else ""
        event = RegistrationChanged(registered, code, phrase, name)
        if event != self._last:
            self._last = event
            self._report(event)
