# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's leases, store and transport as a process of its own, which can be put into a namespace.

`python -m tests.contract.dhcp.desk_in_namespace SETTINGS FOLDER`: agent 101 is signed in; it
looks for a sheet at start and at each FetchDue, adopts what comes, prints one JSON object
for each event, and ends with its standard input.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from callsheet.adapters.dhcp import LeaseWatcher
from callsheet.adapters.store import SqliteStore
from callsheet.adapters.transport import FileTransport
from callsheet.core.events import AnyEvent, FetchDue, SheetArrived, SheetFailed
from callsheet.core.ledger import Adopted, SignedIn
from callsheet.core.numbers import canonical
from callsheet.formats.dhcp import Offer
from callsheet.formats.settings import read_settings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def main(settings_file: str, folder: str) -> None:
    """Run until standard input ends."""
    settings = read_settings(Path(settings_file).read_bytes())
    events: queue.SimpleQueue[AnyEvent | None] = queue.SimpleQueue()
    store = SqliteStore(Path(folder), "kiosk", canonical, lambda attempt: attempt.ringing is not None)
    store.start(events.put)
    leases = LeaseWatcher(settings.dhcp) if settings.dhcp.enabled and not settings.sheet.url else None
    transport = FileTransport(settings.sheet, store, mac="b827eb000001", serial="0001",
                              offer=leases.offer if leases else Offer)
    transport.start(events.put)
    store.save(1, (SignedIn("101", NOW),))
    transport.sign_in("101", "1234")
    if leases:
        leases.start(events.put, transport.flush)
    threading.Thread(target=lambda: (sys.stdin.read(), events.put(None)), daemon=True).start()
    number = 2
    transport.fetch(number, "101", False)
    while (event := events.get()) is not None:
        told: dict[str, object] = {"event": type(event).__name__}
        match event:
            case FetchDue():
                number += 1
                transport.fetch(number, "101", False)
            case SheetArrived():
                number += 1
                store.save(number, (Adopted(event.sheet, NOW),))
                told["revision"] = event.sheet.revision
            case SheetFailed():
                told |= {"kind": event.kind, "reason": event.reason}
        print(json.dumps(told), flush=True)
    if leases:
        leases.close()
    transport.close()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
