# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that asks which phone may dial: by lease files, or of the manager where the sheet names one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from random import Random
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.transport.client import Client, NameTaken, TransferError, open_client, place
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.lanes import LAST
from callsheet.adapters.transport.lease_chain import Party
from callsheet.adapters.transport.lease_files import Granted, LeaseFiles, Outcome
from callsheet.adapters.transport.lease_steps import Create, Look, NotKept, Pause, Rewrite
from callsheet.adapters.transport.links import Links
from callsheet.core.events import AnyEvent, LeaseFailed, LeaseGranted, LeaseRefused, LeaseWaived
from callsheet.core.model import Progress
from callsheet.formats.errors import FormatError
from callsheet.formats.lease import LeaseRequest, read_answer, read_file, write_lease
from callsheet.ports import Outbox, Post, StoreError

log = logging.getLogger(__name__)
LONGEST_RENEW = 60.0
UNSENT = 10.0
"""Seconds a claim waits for what this phone's last session with the agent still has to send."""
T = TypeVar("T")


class _Wish(Struct, frozen=True):
    id: int
    request: LeaseRequest
    url: str
    folder: str
    session: int
    keyring: Keyring
    """What is given back after the agent has left needs the PIN that is then forgotten."""


class _SystemClock:
    def wall(self) -> float:
        return time.time()

    def mono(self) -> float:
        return time.monotonic()


class Leases:
    """One request after the other; each but "release" is answered by one event."""

    def __init__(self, links: Links, keyring: Keyring, outbox: Outbox, rng: Random) -> None:
        self._links, self._keyring, self._outbox, self._rng = links, keyring, outbox, rng
        self._settings = links.settings
        self._wishes: SimpleQueue[_Wish | None] = SimpleQueue()
        self._one_at_a_time = threading.Lock()
        """A renewal must not undo the release that the outbox brings."""
        self._session = 0
        self._files: LeaseFiles | None = None
        self._whose: tuple[str, Party] | None = None
        self._since: datetime | None = None
        self._told: Progress | None = None
        """What the manager has confirmed to know."""
        self._said = False
        self._client: Client | None = None
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self, post: Post) -> None:
        """Begin."""
        self._post = post
        self._thread.start()

    def ask(self, id: int, request: LeaseRequest, url: str, folder: str) -> None:
        """See `callsheet.ports.Transport.lease`."""
        keyring = self._keyring
        if request.action == "release":
            keyring = Keyring()
            keyring.sign_in(request.agent, self._keyring.pin(request.agent))
        self._wishes.put(_Wish(id, request, url, folder, self._session, keyring))

    def forget(self) -> None:
        """The agent leaves: what was asked for and is not answered yet is not asked any more."""
        self._session += 1
        self._since = self._told = None

    def close(self, patience: float) -> None:
        """Break off what is under way and end; waits for at most `patience` seconds."""
        self._closed.set()
        with self._guard:
            if self._client:
                self._client.abort()
        self._wishes.put(None)
        self._thread.join(patience)

    def release(self, client: Client, agent: str, body: bytes) -> None:
        """What the outbox holds for a lease that is given back. Raises TransferError."""
        with self._one_at_a_time:
            try:
                last = read_file(body)
            except FormatError:
                client.post(body)
                self._since = self._told = None
                return
            files = self._of(agent, Party(last.phone, last.installation))
            self._drive(files.release(last), client)

    def _run(self) -> None:
        while (wish := self._wishes.get()) is not None:
            with self._one_at_a_time:
                if wish.session != self._session and wish.request.action != "release":
                    continue
                event = self._answer(wish)
            if event is not None and not self._closed.is_set():
                self._post(event)

    def _answer(self, wish: _Wish) -> AnyEvent | None:
        if self._settings.lease_mode == "off":
            return LeaseWaived(wish.id)
        try:
            if wish.request.action in ("claim", "take-over", "force"):
                self._wait_for_release(wish.request.agent)
            event = self._of_manager(wish) if wish.url else self._of_files(wish)
        except NotKept:
            event = self._without(wish, "the server does not let a file that was put there be read back")
        except TransferError as error:
            if _for_ever(error) and not wish.url:
                event = self._without(wish, error.reason)
            else:
                kind = error.kind if error.kind in ("unreachable", "credentials") else "other"
                event = LeaseFailed(wish.id, kind, error.reason)
        except (StoreError, FormatError) as error:
            event = LeaseFailed(wish.id, "other", str(error))
        except Exception as error:  # noqa: BLE001 -- a fault of ours must not leave the agent waiting
            log.error("lease: %s", place(error))
            event = LeaseFailed(wish.id, "other", f"internal error ({place(error)})")
        return None if wish.request.action == "release" else event

    def _without(self, wish: _Wish, reason: str) -> AnyEvent:
        """The server keeps no leases."""
        if self._settings.lease_mode == "required":
            return LeaseFailed(wish.id, "unsupported", f"{reason}; sheet.lease_mode demands it")
        if not self._said:
            self._said = True
            log.warning("no leases here, so nothing keeps two phones from dialling one agent's sheet: %s", reason)
        return LeaseWaived(wish.id)

    def _wait_for_release(self, agent: str) -> None:
        """What was done here before must be on the server before it is read from there."""
        end = time.monotonic() + UNSENT
        while any(item.agent == agent and item.name.startswith(LAST) for item in self._outbox.waiting()):
            self._one_at_a_time.release()
            try:
                over = self._closed.wait(0.1) or time.monotonic() > end
            finally:
                self._one_at_a_time.acquire()
            if over:
                raise TransferError("unreachable", "what was done here before is not sent yet", temporary=True)

    # Plain servers -------------------------------------------------------------

    def _of(self, agent: str, me: Party) -> LeaseFiles:
        whose = (agent, me)
        if self._files is None or self._whose != whose:
            length = self._settings.lease
            renew = min(self._settings.poll, LONGEST_RENEW, length / 3)
            self._files = LeaseFiles(agent, me, _SystemClock(), self._rng.uniform, length=length, renew=renew)
            self._whose = whose
        return self._files

    def _of_files(self, wish: _Wish) -> AnyEvent | None:
        request = wish.request
        folder = self._links.folder(request.agent, wish.folder)
        files = self._of(request.agent, Party(request.phone, request.installation))
        credentials = self._links.credentials(folder, request.agent, wish.keyring)
        with self._open(open_client(folder, self._settings, credentials)) as client:
            if request.action == "release":
                self._drive(files.give_back(), client)
                return None
            return _told(wish.id, self._drive(files.ask(request), client))

    def _drive(self, steps: Generator[Any, Any, T], client: Client) -> T:
        """Carry out one step after the other."""
        answer: object = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = self._step(step, client)

    def _step(self, step: object, client: Client) -> object:
        match step:
            case Look():
                return client.get(step.name)
            case Create():
                try:
                    return "alone" if client.create(step.name, step.body) else "made"
                except NameTaken:
                    return "taken"
            case Rewrite():
                client.replace(step.name, step.body)
            case Pause():
                if self._closed.wait(step.seconds):
                    raise TransferError("unreachable", "given up", temporary=True)
            case _:
                raise AssertionError(step)
        return None

    # The manager ---------------------------------------------------------------

    def _of_manager(self, wish: _Wish) -> AnyEvent | None:
        request = wish.request
        url = self._links.place(wish.url, request.agent)
        credentials = self._links.credentials(url, request.agent, wish.keyring)
        if request.action == "renew" and request.progress == self._told:
            request = replace(request, progress=None)
        asked = datetime.now(UTC)
        with self._open(open_client(url, self._settings, credentials)) as client:
            answer = read_answer(client.post(write_lease(request)))
        self._told = wish.request.progress
        if request.action == "release":
            self._since = None
            return None
        # The server's clock counts, and the time that question and answer took is the phone's loss.
        skew = asked - answer.at if answer.at is not None else timedelta(0)
        until = None if answer.until is None else answer.until + skew
        if not answer.granted:
            return LeaseRefused(wish.id, answer.holder or "?", until, answer.heard, answer.renew,
                                request.action in ("take-over", "force"))
        now = datetime.now(UTC)
        self._since = self._since or now
        until = until or now + timedelta(seconds=3.0 * answer.renew)
        return LeaseGranted(wish.id, self._since, until, answer.renew, answer.asked_by, answer.revision, answer.stop,
                            answer.progress)

    def _open(self, client: T) -> closing[Any]:
        with self._guard:
            self._client = client  # type: ignore[assignment]
        return closing(client)


def _told(id: int, outcome: Outcome) -> AnyEvent:
    if isinstance(outcome, Granted):
        return LeaseGranted(id, outcome.since, outcome.until, outcome.renew, outcome.asked_by, progress=outcome.progress)
    return LeaseRefused(id, outcome.holder, outcome.until, outcome.heard, outcome.renew, outcome.waiting)


def _for_ever(error: TransferError) -> bool:
    """Whether the same would happen again: the server, or the way to it, knows no files that are read and rewritten."""
    return not error.temporary and (error.of_file or error.kind in ("missing", "other", "too-large"))
