# SPDX-License-Identifier: GPL-3.0-or-later
"""What every protocol must be able to do, and which one serves a URL.

A client is bound to one URL: that of a file to be fetched, or of the folder that
files are put into. It is used by one thread; only `abort` may be called by others.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin, PortError

Kind = Literal["unreachable", "credentials", "missing", "format", "certificate", "too-large", "other"]


class TransferError(PortError, OSError):
    """A transfer failed. The text names neither credentials nor callees, and fits on a line."""

    def __init__(
        self, kind: Kind, reason: str, *, temporary: bool = False, of_file: bool = False, suspect: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.temporary = temporary
        """The same may succeed by itself later."""
        self.of_file = of_file
        """The server speaks to us, but does not want this file."""
        self.suspect = suspect
        """Should the same happen again and again, this very file may be the cause: too slow, or it trips the server."""
        self.retry_after = retry_after
        """Seconds the server asked us to wait."""


class NameTaken(TransferError):
    """The server holds another content under the name of an upload."""

    def __init__(self) -> None:
        super().__init__("other", "the server holds another file of that name", of_file=True)


def cannot_post() -> TransferError:
    """The protocol has no requests with an answer."""
    return TransferError("other", "a sheet's lease link must begin with http: or https:", of_file=True)


class Fetched(Struct, frozen=True):
    """A file that came whole."""

    body: bytes
    etag: str = ""
    modified: str = ""
    changed: float = 0.0
    """POSIX time of the file's last change, as its server says; 0: it does not."""
    content_type: str = ""


class Unchanged(Struct, frozen=True):
    """The file is the one we have."""


class Credentials(Struct, frozen=True):
    """What to say who we are; empty: nothing. `token` goes before user and password."""

    user: str = ""
    password: str = ""
    token: str = ""
    key_file: str = ""
    """Of an SSH key; `password` is its passphrase then."""

    def __repr__(self) -> str:
        return "Credentials(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Nothing to be shown."""
        return []


class Client(Protocol):
    """One protocol, for one URL. All methods but the last two raise TransferError."""

    def fetch(self, seen: Origin | None) -> Fetched | Unchanged:
        """The file at the URL, whole, unless it still is the one `seen` describes."""

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Store a file in the folder at the URL, whole or not at all; what is there already stays.

        Returns when the server has it, also if it had it before. Raises NameTaken.
        """

    def get(self, name: str) -> bytes | None:
        """A file in the folder as it is now; None: there is none. One that is just being written may be broken."""

    def create(self, name: str, body: bytes) -> bool:
        """As `put`, for a file that another phone may be creating too. Whether the server lets only one of them.

        Raises NameTaken.
        """

    def replace(self, name: str, body: bytes) -> None:
        """Give a file in the folder, which nobody else writes, new content; at once where the protocol can."""

    def post(self, body: bytes) -> bytes:
        """Send JSON to the URL itself and return what is answered; only http and https can."""

    def abort(self) -> None:
        """Make a call that another thread is in fail at once, and all later ones."""

    def close(self) -> None:
        """Let go of the connection."""


def place(error: BaseException) -> str:
    """Kind and place of a fault of our own, for the log: its text might quote what was being sent."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


Factory = Callable[[str, SheetSettings, Credentials], Client]
_factories: dict[str, Factory] = {}


def register(scheme: str, factory: Factory) -> None:
    """Let URLs of this scheme be served by clients that `factory` makes."""
    _factories[scheme] = factory


def open_client(url: str, settings: SheetSettings, credentials: Credentials) -> Client:
    """A client for the URL. Raises TransferError if none serves its scheme or the URL cannot be read."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise TransferError("other", "the link cannot be read; check sheet.url and sheet.upload") from None
    factory = _factories.get(parts.scheme.lower())
    if factory is None:
        known = ", ".join(sorted(_factories))
        raise TransferError("other", f'links with "{parts.scheme[:20]}:" are not supported; use one of {known}')
    if not named:
        raise TransferError("other", "the link names no server; check sheet.url and sheet.upload")
    return factory(url, settings, credentials)
