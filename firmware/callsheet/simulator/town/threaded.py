# SPDX-License-Identifier: GPL-3.0-or-later
"""The town in a thread of its own, for code that has no event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from callsheet.simulator.town.behaviours import Behaviour, TownConfig
from callsheet.simulator.town.caller import Caller
from callsheet.simulator.town.log import CallRecord, Totals
from callsheet.simulator.town.server import Town
from callsheet.simulator.town.transport import Address

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds a request to the town's thread may take."""


class Ringing:
    """A call the town makes, held from another thread."""

    def __init__(self, server: TownServer, caller: Caller) -> None:
        self._server = server
        self._caller = caller

    @property
    def record(self) -> CallRecord:
        """How it stands."""
        return self._caller.record

    def cancel(self) -> None:
        """Give up ringing."""
        self._server.run(self._caller.cancel)

    def hang_up(self) -> None:
        """BYE."""
        self._server.run(self._caller.hang_up)

    def wait(self, event: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """Until the ledger has that event of this call. Raises TimeoutError."""
        return self._server.wait(event, timeout=timeout, call_id=self.record.call_id)[0]


class TownServer:
    """A Town and its thread; every method may be called from any thread."""

    def __init__(
        self,
        config: TownConfig,
        listen: Address = ("127.0.0.1", 0),
        log: Path | str | None = None,
        fsync: bool = False,
    ) -> None:
        self.town = Town(config, listen, log, fsync)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="town", daemon=True)

    def __enter__(self) -> TownServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Address:
        """Open for calls; returns host and port. Raises OSError."""
        self._thread.start()
        try:
            self.address = self._await(self.town.start())
        except OSError:
            self._end()
            raise
        return self.address

    def stop(self) -> None:
        """End every call and close."""
        if self._thread.is_alive():
            self._await(self.town.stop())
            self._end()

    def run(self, call: Callable[..., T], *args: Any) -> T:
        """Call something on the town's thread. Raises what it raises."""

        async def there() -> T:
            return call(*args)

        return self._await(there())

    def set_registrar(self, mode: str) -> None:
        """As Town.set_registrar."""
        self.run(self.town.set_registrar, mode)

    def cut(self, on: bool) -> None:
        """As Town.cut."""
        self.run(self.town.cut, on)

    def assign(self, number: str, behaviour: str | Behaviour) -> None:
        """As Town.assign."""
        self.run(self.town.assign, number, behaviour)

    def registered(self, user: str) -> bool:
        """Whether a user has a binding."""
        return bool(self.run(self.town.registrar.bindings, user))

    def ring(self, user: str, number: str, name: str = "", behaviour: Behaviour | None = None) -> Ringing:
        """As Town.ring. Raises NotRegistered."""
        return Ringing(self, self.run(self.town.ring, user, number, name, behaviour))

    @property
    def calls(self) -> list[CallRecord]:
        """As Town.calls."""
        return list(self.town.calls)

    def totals(self) -> Totals:
        """As Town.totals."""
        return self.town.totals()

    def wait(
        self, event: str, timeout: float = PATIENCE, count: int = 1, **fields: Any
    ) -> list[dict[str, Any]]:
        """Until `count` events of that name and with those fields are in the ledger. Raises TimeoutError."""
        wanted = {"event": event, **fields}
        return self.town.ledger.wait(lambda line: wanted.items() <= line.items(), timeout, count)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
