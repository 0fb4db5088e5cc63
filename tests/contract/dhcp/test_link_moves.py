# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that changes while the sheet at the old one is being fetched."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest

from callsheet.adapters.store import SqliteStore
from callsheet.adapters.transport import FileTransport
from callsheet.core.events import AnyEvent, FetchDue, SheetArrived
from callsheet.core.numbers import canonical
from callsheet.formats.dhcp import Offer
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.phones import sheet_file
from tests.contract.transport.servers import FaultServer, Handler, wait_until


@pytest.mark.parametrize("moves", [True, False])
def test_the_new_link_is_due_at_once(tmp_path: Path, moves: bool) -> None:
    """The core drops a FetchDue that comes while it waits for a fetch; so it must come again after it."""
    server = FaultServer().start()
    go_on = threading.Event()

    @server.on("GET", "/old.json")
    def slow(handler: Handler) -> None:
        go_on.wait(30)
        handler.reply(200, sheet_file(1))

    events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    store = SqliteStore(tmp_path, "kiosk", canonical, lambda attempt: True)
    store.start(events.put)
    now = [Offer(sheet=f"{server.url}/old.json")]
    transport = FileTransport(SheetSettings(poll=10_000), store, offer=lambda: now[0])
    transport.start(events.put)
    try:
        transport.fetch(1, "101", False)
        wait_until(lambda: bool(server.requests("GET")))
        if moves:
            now[0] = Offer(sheet=f"{server.url}/new.json")
        go_on.set()
        seen = [events.get(timeout=30)]
        while not isinstance(seen[-1], SheetArrived):
            seen.append(events.get(timeout=30))
        if moves:
            while not isinstance(seen[-1], FetchDue):
                seen.append(events.get(timeout=30))
        else:
            with pytest.raises(queue.Empty):
                events.get(timeout=0.5)
    finally:
        transport.close()
        store.close()
        server.stop()
