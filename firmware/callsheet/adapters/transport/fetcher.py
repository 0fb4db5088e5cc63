# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that looks for call sheets, when told to; and the timer that says when it is time to look."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from random import Random
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from callsheet.adapters.transport import backoff
from callsheet.adapters.transport.client import Client, Fetched, TransferError, Unchanged, open_client, place
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links, masked
from callsheet.core.events import AnyEvent, FetchDue, SheetArrived, SheetFailed, SheetUnchanged
from callsheet.core.model import Sheet
from callsheet.formats.errors import FormatError, shown
from callsheet.formats.sheet import SheetFile, read_sheet
from callsheet.ports import Origin, Outbox, Post

log = logging.getLogger(__name__)


class _Wish(Struct, frozen=True):
    id: int
    agent: str
    force: bool


class Fetcher:
    """Fetches one after the other, in the order they were asked for; each is answered by one event."""

    def __init__(
        self, links: Links, keyring: Keyring, memory: Outbox, prepare: Callable[[Sheet], Sheet], rng: Random,
    ) -> None:
        self._links = links
        self._settings = links.settings
        self._keyring = keyring
        self._memory = memory
        self._prepare = prepare
        self._rng = rng
        self._wishes: SimpleQueue[_Wish | None] = SimpleQueue()
        self._failures = 0
        self._trouble = ""
        self._url = ""
        self._client: Client | None = None
        self._guard = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)

    def start(self, post: Post) -> None:
        """Begin."""
        self._post = post
        self._due = time.monotonic() + self._pause()
        self._thread.start()

    def fetch(self, id: int, agent: str, force: bool) -> None:
        """Posts SheetArrived, SheetUnchanged or SheetFailed with this id."""
        self._wishes.put(_Wish(id, agent, force))

    def close(self, patience: float) -> None:
        """Break off what is under way and end; waits for at most `patience` seconds."""
        with self._guard:
            self._closed = True
            if self._client:
                self._client.abort()
        self._wishes.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        while True:
            try:
                wish = self._wishes.get(timeout=max(0.0, self._due - time.monotonic()))
            except Empty:
                self._due = time.monotonic() + self._pause()
                self._tell(FetchDue())
                continue
            if wish is None:
                return
            try:
                event = self._look(wish)
                self._failures, self._trouble = 0, ""
            except TransferError as error:
                self._failures = self._failures + 1 if error.temporary else 0
                if error.reason != self._trouble:
                    self._trouble = error.reason
                    log.warning("no sheet: %s", error.reason)
                event = SheetFailed(wish.id, error.kind, error.reason)
            except Exception as error:  # noqa: BLE001 -- see below
                # A fault of ours must neither end the thread nor leave the agent waiting.
                log.error("fetch: %s", place(error))
                event = SheetFailed(wish.id, "other", f"internal error ({place(error)})")
            # A link that came from DHCP while this was under way has not been looked at.
            moved = self._links.moved(wish.agent, self._url)
            self._due = time.monotonic() + (0.0 if moved else self._pause())
            self._tell(event)

    def _tell(self, event: AnyEvent) -> None:
        with self._guard:
            if not self._closed:
                self._post(event)

    def _pause(self) -> float:
        """Seconds until it is time to look again: sooner after a failure that may pass."""
        if not self._failures:
            return backoff.spread(self._settings.poll, self._rng.uniform)
        longest = min(self._settings.retry_max, self._settings.poll)
        return backoff.after_failures(self._failures, self._settings.retry_min, longest, self._rng.uniform)

    def _look(self, wish: _Wish) -> AnyEvent:
        self._url = ""
        self._url = url = self._links.sheet(wish.agent)
        credentials = self._links.credentials(url, wish.agent, self._keyring)
        seen = None if wish.force else self._memory.origin(wish.agent, url)
        client = open_client(url, self._settings, credentials)
        try:
            with self._guard:
                if self._closed:
                    raise TransferError("unreachable", "given up", temporary=True)
                self._client = client
            found = client.fetch(seen)
        finally:
            with self._guard:
                self._client = None
            client.close()
        if isinstance(found, Unchanged):
            return SheetUnchanged(wish.id)
        return self._read(wish, url, found, seen)

    def _read(self, wish: _Wish, url: str, found: Fetched, seen: Origin | None) -> AnyEvent:
        origin = Origin(url, found.etag, found.modified, hashlib.sha256(found.body).hexdigest())
        if seen and seen.sha256 == origin.sha256:
            if seen != origin:
                self._memory.renew(wish.agent, origin)
            return SheetUnchanged(wish.id)
        file = self._parse(wish.agent, url, found)
        sheet = file.sheet
        if sheet.agent != wish.agent:
            reason = f"this sheet is for agent {shown(sheet.agent)}, not for {shown(wish.agent)}"
            raise TransferError("other", reason)
        self._memory.remember(sheet, origin)
        log.info("sheet %s revision %d, %d tasks, from %s", sheet.id, sheet.revision, len(sheet.tasks), masked(url))
        return SheetArrived(wish.id, self._prepare(sheet), tuple(str(problem) for problem in file.problems))

    def _parse(self, agent: str, url: str, found: Fetched) -> SheetFile:
        parts = urlsplit(url)
        try:
            return read_sheet(
                found.body, name=urlunsplit(("", "", parts.path, "", "")), content_type=found.content_type,
                bad_rows=self._settings.bad_rows, agent=agent, revision=int(found.changed or time.time()),
            )
        except FormatError as error:
            more = f" (and {len(error.others)} more)" if error.others else ""
            raise TransferError("format", f"{error}{more}") from None
