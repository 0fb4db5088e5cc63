# SPDX-License-Identifier: GPL-3.0-or-later
"""`FileTransport`: the port `Transport` over whatever protocol the links ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

from msgspec.structs import replace

# For their registration.
import callsheet.adapters.transport.ftp
import callsheet.adapters.transport.http  # noqa: F401
from callsheet.adapters.transport.client import Client, Credentials, register
from callsheet.adapters.transport.courier import Courier
from callsheet.adapters.transport.fetcher import Fetcher
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.leases import Leases
from callsheet.adapters.transport.links import Links
from callsheet.core.model import Sheet
from callsheet.formats.dhcp import Offer
from callsheet.formats.lease import LeaseRequest
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Outbox, Post

PATIENCE = 2.0
"""Seconds `close` waits for a thread; only a name server that does not answer can hold one longer."""
HOST_KEYS = "host_keys"


def _ssh(url: str, settings: SheetSettings, credentials: Credentials) -> Client:
    """Loaded when needed: paramiko takes a second on a small Pi."""
    from callsheet.adapters.transport.ssh import SshClient

    return SshClient(url, settings, credentials)


register("sftp", _ssh)
register("scp", _ssh)


class FileTransport:
    """One thread that fetches, one that empties the outbox, one that asks for leases. Credentials are kept in memory only."""

    def __init__(
        self,
        settings: SheetSettings,
        store: Outbox,
        *,
        mac: str = "",
        serial: str = "",
        data: Path | None = None,
        prepare: Callable[[Sheet], Sheet] = lambda sheet: sheet,
        offer: Callable[[], Offer] = Offer,
    ) -> None:
        """`data` is where the accepted host keys are, unless settings name a file.

        `prepare` may add to a sheet what the phone knows (recent calls); it runs on the fetching thread.

        `offer` tells what DHCP offers, from any thread.
        """
        if data and not settings.host_keys:
            settings = replace(settings, host_keys=str(data / HOST_KEYS))
        links = Links(settings, mac, serial, offer)
        self._keyring = Keyring()
        rng = SystemRandom()
        self._fetcher = Fetcher(links, self._keyring, store, prepare, rng)
        self._leases = Leases(links, self._keyring, store, rng)
        self._courier = Courier(links, self._keyring, store, rng, release=self._leases.release)

    def start(self, post: Post) -> None:
        """Begin to empty the outbox, and to say when it is time to look for a revision."""
        self._courier.start(post)
        self._fetcher.start(post)
        self._leases.start(post)

    def sign_in(self, agent: str, pin: str) -> None:
        """Credentials from here on; what waited for them is tried at once."""
        self._keyring.sign_in(agent, pin)
        self._courier.flush()

    def sign_out(self) -> None:
        """Forget them when nothing of the agent's waits any more."""
        self._leases.forget()
        self._keyring.sign_out()
        self._courier.look()

    def fetch(self, id: int, agent: str, force: bool) -> None:
        """Posts SheetArrived, SheetUnchanged or SheetFailed with this id."""
        self._fetcher.fetch(id, agent, force)

    def lease(self, id: int, request: LeaseRequest, url: str, folder: str) -> None:
        """Posts LeaseGranted, LeaseRefused, LeaseWaived or LeaseFailed with this id."""
        self._leases.ask(id, request, url, folder)

    def flush(self) -> None:
        """Try the outbox now."""
        self._courier.flush()

    def close(self) -> None:
        """End the threads; what is under way is broken off."""
        self._fetcher.close(PATIENCE)
        self._leases.close(PATIENCE)
        self._courier.close(PATIENCE)
