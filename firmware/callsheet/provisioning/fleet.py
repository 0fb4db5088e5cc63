# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings for many phones from a server: a file for all, one for each, looked at when the phone starts and once a day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.identity import Identity, identity
from callsheet.adapters.settings_files import SettingsFiles
from callsheet.adapters.transport.client import Credentials, TransferError, Unchanged, open_client
from callsheet.adapters.transport.links import masked
from callsheet.adapters.transport.transport import HOST_KEYS
from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.links import fill
from callsheet.formats.settings import Settings
from callsheet.formats.settings_layers import fleet_text

log = logging.getLogger("callsheet.provisioning")

SOONEST, LATEST = 30.0, 3600.0
"""Seconds between tries while the server cannot be reached; doubled each time."""
JITTER = 0.2


class Fetched(Struct, frozen=True):
    """What the server has for this phone."""

    text: str
    changed: bool


class Fleet:
    """Looks, and puts what is new on trial by way of `apply`."""

    def __init__(
        self, settings: Callable[[], Settings], files: SettingsFiles, data: Path, offered: Callable[[], str],
        apply: Callable[[str], None], who: Identity | None = None,
    ) -> None:
        """`settings` are those in force; `offered` is DHCP's link; `apply` takes a new file and has the phone use it."""
        self._settings, self._files, self._data, self._offered, self._apply = settings, files, data, offered, apply
        self._who = who or identity()
        self._random = SystemRandom()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            every = self._settings().provisioning.every
            try:
                self.look()
                failures = 0
            except (TransferError, FormatError) as error:
                failures += 1
                log.warning("settings from the server: %s", error)
            except OSError as error:
                failures += 1
                log.error("settings from the server: %s", error.strerror or error)
            pause = min(SOONEST * 2.0 ** (failures - 1), LATEST, every) if failures else every
            self._closed.wait(pause * self._random.uniform(1 - JITTER, 1 + JITTER))

    def look(self) -> bool:
        """Fetch and apply what is new; whether anything was. Raises TransferError, FormatError, OSError."""
        settings = self._settings()
        wanted = settings.provisioning
        link = wanted.url or self._offered()
        if not link:
            return False
        common = self._fetch(link, settings)
        device = self._fetch(wanted.device_url, settings, may_miss=True) if wanted.device_url else b""
        text = fleet_text(common, device)
        if text.encode() == self._files.current():
            return False
        log.warning("new settings from %s", masked(link))
        self._apply(text)
        return True

    def _fetch(self, link: str, settings: Settings, *, may_miss: bool = False) -> bytes:
        wanted = settings.provisioning
        try:
            url = fill(link, agent="", mac=self._who.mac, serial=self._who.serial)
        except Invalid as fault:
            raise TransferError("other", f"provisioning.url: {fault.reason}") from None
        # The password goes where the settings say, never where a DHCP server sends us.
        ours = any(_same_server(named, url) for named in (wanted.url, wanted.device_url))
        credentials = Credentials(wanted.user, wanted.password) if ours and wanted.user else Credentials()
        sheet = replace(settings.sheet, max_bytes=min(settings.sheet.max_bytes, 256 * 1024),
                        host_keys=settings.sheet.host_keys or str(self._data / HOST_KEYS))
        client = open_client(url, sheet, credentials)
        try:
            found = client.fetch(None)
        except TransferError as error:
            if may_miss and error.kind == "missing":
                return b""
            raise
        finally:
            client.close()
        return b"" if isinstance(found, Unchanged) else found.body


def _same_server(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    return bool(a.hostname) and (a.scheme, a.hostname, a.port) == (b.scheme, b.hostname, b.port)
