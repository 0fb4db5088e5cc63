# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that empties the outbox."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from random import Random

from callsheet.adapters.transport import backoff, lanes
from callsheet.adapters.transport.client import Client, NameTaken, TransferError, open_client, place
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.lanes import Lane
from callsheet.adapters.transport.links import Links, masked
from callsheet.core.events import OutboxChanged
from callsheet.ports import Outbox, Post, StoreError, Waiting

log = logging.getLogger(__name__)
REFUSALS = 2
"""So many in a row, and the folder is at fault, not the file."""
SUSPICION = 5
"""So many failures of one lane in a row, and the file itself may be the cause."""


class Courier:
    """Tries what is due, oldest first; says after every change how much waits and why."""

    def __init__(
        self, links: Links, keyring: Keyring, outbox: Outbox, rng: Random,
        clock: Callable[[], float] = time.monotonic, *, release: Callable[[Client, str, bytes], None] | None = None,
    ) -> None:
        """`release` gives a lease back, which is more than to put a file."""
        self._release = release
        self._links = links
        self._settings = links.settings
        self._keyring = keyring
        self._outbox = outbox
        self._rng = rng
        self._clock = clock
        self._lanes: dict[lanes.Key, Lane] = {}
        self._told: OutboxChanged | None = None
        self._wake = threading.Event()
        self._hurry = False
        self._client: Client | None = None
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self, post: Post) -> None:
        """Begin."""
        self.connect(post)
        self._thread.start()

    def connect(self, post: Post) -> None:
        """Where to tell, and to be told of new uploads; the thread is not begun."""
        self._post = post
        self._outbox.listen(self._wake.set)

    def flush(self) -> None:
        """Try everything now."""
        self._hurry = True
        self._wake.set()

    def look(self) -> None:
        """Look at the outbox and the keyring again."""
        self._wake.set()

    def close(self, patience: float) -> None:
        """Break off what is under way and end; waits for at most `patience` seconds."""
        with self._guard:
            self._closed.set()
            if self._client:
                self._client.abort()
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._wake.clear()
            try:
                pause = self.round()
            except StoreError as error:
                log.error("outbox: %s", error)
                pause = self._settings.retry_max
            except Exception as error:  # noqa: BLE001 -- results must go out even if one meets a fault of ours
                log.error("outbox: %s", place(error))
                pause = self._settings.retry_max
            self._wake.wait(pause)

    def round(self) -> float | None:
        """Try what is due; seconds until something is due again, None if nothing waits. The thread's whole work."""
        if self._hurry:
            self._hurry = False
            for lane in self._lanes.values():
                lane.hurry()
        self._sort(waiting := self._outbox.waiting())
        self._tell(waiting)
        for lane in self._lanes.values():
            self._work(lane)
        leaving = self._keyring.leaving()
        waiting = self._outbox.waiting()
        self._keyring.forget(leaving - {item.agent for item in waiting})
        self._sort(waiting)
        self._tell(waiting)
        if not waiting:
            return None
        return max(0.0, min(lane.next_due() for lane in self._lanes.values()) - self._clock())

    def _sort(self, waiting: tuple[Waiting, ...]) -> None:
        """The lane with the oldest upload first; a lane without any is forgotten."""
        aside = frozenset(id for lane in self._lanes.values() for id in lane.aside)
        found = lanes.sort(waiting, aside)
        self._lanes = {key: self._lanes.get(key, Lane()) for key in found}
        for key, items in found.items():
            self._lanes[key].items = items

    def _work(self, lane: Lane) -> None:
        """One pass over a lane."""
        ready = lane.ready(self._clock())
        if not ready or self._closed.is_set():
            return
        agent, named = ready[0].agent, ready[0].upload
        try:
            folder = self._links.folder(agent, named)
            client = open_client(folder, self._settings, self._links.credentials(folder, agent, self._keyring))
        except TransferError as error:
            # Nothing was tried, so nothing is counted or written: sign-in or new settings will help.
            self._wait(lane, error, self._slow())
            return
        with self._guard:
            if self._closed.is_set():
                return
            self._client = client
        try:
            self._deliver(client, lane, ready, masked(folder))
        finally:
            with self._guard:
                self._client = None
            client.close()

    def _deliver(self, client: Client, lane: Lane, ready: list[Waiting], folder: str) -> None:
        refusals = 0
        for item in ready:
            try:
                self._put(client, item)
            except (TransferError, StoreError) as error:
                if self._closed.is_set():
                    return
                self._outbox.failed(item.id, str(error))
                lane.failures += 1
                refusals += 1
                if not _file_at_fault(error, lane):
                    self._wait(lane, error, self._pause(lane.failures, error))
                    return
                lane.error = str(error)
                lane.aside[item.id] = self._clock() + self._slow()
                if refusals >= REFUSALS:
                    self._wait(lane, error, self._slow())
                    return
            else:
                log.info("uploaded %s to %s", item.name, folder)
                self._outbox.confirmed(item.id)
                refusals = lane.failures = 0
                lane.error = ""
                lane.aside.pop(item.id, None)
                self._tell(self._outbox.waiting())

    def _put(self, client: Client, item: Waiting) -> None:
        body = self._outbox.body(item.id)
        if self._release is not None and item.name.startswith(lanes.LAST):
            self._release(client, item.agent, body)
            return
        try:
            client.put(item.name, body, item.content_type)
        except NameTaken:
            # Another phone's file, or an earlier life of this one's: nothing is overwritten, nothing is lost.
            name = self._outbox.rename(item.id)
            log.warning("%s exists on the server with another content; sending %s", item.name, name)
            client.put(name, body, item.content_type)

    def _wait(self, lane: Lane, error: Exception, pause: float) -> None:
        if lane.error != str(error):
            log.warning("uploads wait: %s", error)
        lane.error = str(error)
        lane.due = self._clock() + pause

    def _pause(self, failures: int, error: TransferError | StoreError) -> float:
        if isinstance(error, StoreError) or not error.temporary:
            return self._slow()
        longest = self._settings.retry_max
        pause = backoff.after_failures(failures, self._settings.retry_min, longest, self._rng.uniform)
        return max(pause, min(error.retry_after, longest))

    def _slow(self) -> float:
        return max(backoff.FLOOR, backoff.spread(self._settings.retry_max, self._rng.uniform))

    def _tell(self, waiting: tuple[Waiting, ...]) -> None:
        """Post OutboxChanged if it has; the error is the first lane's that has one."""
        errors = [lane.error for lane in self._lanes.values()] + [item.error for item in waiting]
        told = OutboxChanged(len(waiting), next(filter(None, errors), "") if waiting else "")
        with self._guard:
            if told != self._told and not self._closed.is_set():
                self._told = told
                self._post(told)


def _file_at_fault(error: TransferError | StoreError, lane: Lane) -> bool:
    """Whether the next file may fare better than this one."""
    if isinstance(error, StoreError):
        return True
    return error.of_file or (error.suspect and lane.failures > SUSPICION)
