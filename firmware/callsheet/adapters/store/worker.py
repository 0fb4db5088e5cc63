# SPDX-License-Identifier: GPL-3.0-or-later
"""The one thread that touches the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from callsheet.ports import StoreError

Result = TypeVar("Result")


class Worker:
    """Runs jobs one after another, in the order they were handed in, on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False
        self._guard = threading.Lock()
        # Daemon: a main thread that dies without close() must not leave a process
        # behind that holds the lock; a transaction cut short by that rolls back.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """Queue a job; its result or exception is the future's. Raises StoreError after `close`."""
        future: Future[Result] = Future()

        def run() -> None:
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 -- it belongs to whoever waits for the future
                future.set_exception(error)

        with self._guard:
            if self._closed:
                raise StoreError("the store is closed")
            self._jobs.put(run)
        return future

    def call(self, job: Callable[[], Result]) -> Result:
        """Run a job and wait for it; on the worker's own thread it runs at once."""
        if threading.current_thread() is self._thread:
            return job()
        return self.submit(job).result()

    def close(self) -> None:
        """Do what is queued, then end. Further calls do nothing."""
        with self._guard:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
