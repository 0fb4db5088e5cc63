# SPDX-License-Identifier: GPL-3.0-or-later
"""The client for ftp, ftpes (explicit TLS) and ftps (implicit TLS)."""

from __future__ import annotations

import ftplib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from callsheet.adapters.transport import bodies, tls, whole
from callsheet.adapters.transport.bounded import bounded
from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    TransferError,
    Unchanged,
    cannot_post,
    register,
)
from callsheet.adapters.transport.cutoff import Cutoff
from callsheet.adapters.transport.ftp_replies import REFUSALS, Doing, code, of_reply
from callsheet.adapters.transport.ftp_session import UNKNOWN_COMMAND, FtpSession, Security
from callsheet.adapters.transport.links import bare
from callsheet.adapters.transport.paths import ftp_path
from callsheet.adapters.transport.redirects import OTHER_PORTS
from callsheet.adapters.transport.whole import Facts
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin

SECURITY: dict[str, Security] = {"ftp": "off", "ftpes": "explicit", "ftps": "implicit"}
PIECE = 16384
"""Bytes that must get through within read_timeout."""
_MDTM = re.compile(r"213 +(\d{14})(\.\d+)?")
_SIZE = re.compile(r"213 +(\d{1,15})")
T = TypeVar("T")


class FtpClient:
    """See `callsheet.adapters.transport.client.Client`."""

    def __init__(self, url: str, settings: SheetSettings, credentials: Credentials) -> None:
        parts = urlsplit(bare(url))
        self._path = ftp_path(url)
        self._settings = settings
        self._scheme = parts.scheme.lower()
        self._host = parts.hostname or ""
        self._port = parts.port or OTHER_PORTS[self._scheme]
        self._credentials = _usable(credentials)
        self._context = tls.context(settings.ca_file)
        self._cutoff = Cutoff()
        self._session: FtpSession | None = None

    def fetch(self, seen: Origin | None) -> Fetched | Unchanged:
        """SIZE and MDTM (RFC 3659), and RETR unless they are the known ones."""
        with self._files("fetch") as files:
            return whole.fetch(files, self._path, seen, self._settings.max_bytes)

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """STOR under a temporary name, SIZE, RNFR and RNTO."""
        with self._files("put") as files:
            whole.put(files, self._path, name, body)

    def get(self, name: str) -> bytes | None:
        """SIZE and RETR."""
        with self._files("put") as files:
            return whole.get(files, self._path, name, self._settings.max_bytes)

    def create(self, name: str, body: bytes) -> bool:
        """As put: between the last look and RNTO another may do the same."""
        with self._files("put") as files:
            whole.put(files, self._path, name, body, whole.private_part(body))
        return False

    def replace(self, name: str, body: bytes) -> None:
        """STOR, RNFR and RNTO, which on most servers is rename(2)."""
        with self._files("put") as files:
            whole.replace(files, self._path, name, body)

    def post(self, body: bytes) -> bytes:
        """FTP cannot."""
        raise cannot_post()

    def abort(self) -> None:
        """Cut the connections off."""
        self._cutoff.abort()

    def close(self) -> None:
        """Let go of them."""
        if self._session:
            self._session.close()
            self._session = None
        self._cutoff.release()

    @contextmanager
    def _files(self, doing: Doing) -> Iterator[FtpFiles]:
        """The server's files, after log-in; the connection is kept unless something failed."""
        try:
            with bounded(self._cutoff, self._settings.total_timeout, self._host, (ftplib.Error, EOFError)):
                yield FtpFiles(self._session or self._signed_in(), self._host, doing)
        except BaseException:
            self.close()
            raise

    def _signed_in(self) -> FtpSession:
        settings, security = self._settings, SECURITY[self._scheme]
        session = FtpSession(security, self._context, self._cutoff, settings.connect_timeout, settings.read_timeout)
        self._session = session
        try:
            session.open(self._host, self._port)
        except REFUSALS as error:
            doing: Doing = "secure" if security == "explicit" and session.welcome else "greet"
            raise of_reply(error, doing, self._host) from None
        try:
            session.sign_in(self._credentials.user, self._credentials.password)
        except REFUSALS as error:
            raise of_reply(error, "login", self._host) from None
        return session


class FtpFiles:
    """See `callsheet.adapters.transport.whole.Files`."""

    def __init__(self, session: FtpSession, host: str, doing: Doing) -> None:
        self._ftp = session
        self._host = host
        self._doing = doing
        self._known = False

    def facts(self, path: str) -> Facts | None:
        """SIZE and MDTM, as far as the server knows them."""
        size, modified = self._ask(f"SIZE {path}", _SIZE), self._ask(f"MDTM {path}", _MDTM)
        if size is None or modified is None:
            return None
        self._known = bool(size or modified)
        return Facts(int(size) if size else None, modified, _posix(modified))

    def read(self, path: str, limit: int) -> bytes:
        """RETR."""
        try:
            with self._ftp.transfer(f"RETR {path}") as conn:
                return bodies.collect(iter(lambda: conn.recv(65536), b""), limit)
        except REFUSALS as error:
            if code(error) == "550" and self._known:
                # It has a size and a time, but is not to be read.
                raise TransferError("credentials", "the server does not permit it (FTP 550)",
                                    of_file=self._doing == "put") from None
            raise of_reply(error, "fetch", self._host) from None

    def write(self, path: str, body: bytes) -> None:
        """STOR."""
        try:
            with self._ftp.transfer(f"STOR {path}") as conn:
                # The time-out of sendall is for all it is given.
                for start in range(0, len(body), PIECE):
                    conn.sendall(body[start:start + PIECE])
        except REFUSALS as error:
            if code(error) in ("550", "553") and not self._exists(path.rpartition("/")[0]):
                raise TransferError("missing", f"the folder for uploads does not exist (FTP {code(error)})",
                                    of_file=True) from None
            raise of_reply(error, "put", self._host) from None

    def rename(self, old: str, new: str) -> None:
        """RNFR and RNTO."""
        self._do(lambda: self._ftp.rename(old, new))

    def overwrite(self, old: str, new: str) -> None:
        """The same; a server that does not overwrite says so."""
        self.rename(old, new)

    def remove(self, path: str) -> None:
        """DELE."""
        self._do(lambda: self._ftp.delete(path))

    def _do(self, command: Callable[[], T]) -> T:
        try:
            return command()
        except REFUSALS as error:
            raise of_reply(error, "put", self._host) from None

    def _ask(self, command: str, expected: re.Pattern[str]) -> str | None:
        """The answer; empty: the server does not know the command; None: it does not know the file."""
        try:
            reply = self._ftp.sendcmd(command)
        except REFUSALS as error:
            if code(error) == "550":
                return None
            if code(error) in UNKNOWN_COMMAND:
                return ""
            raise of_reply(error, self._doing, self._host) from None
        match = expected.match(reply)
        return match[1] if match else ""

    def _exists(self, folder: str) -> bool:
        """Whether one can go there; the way back is by a new connection, after any failure."""
        try:
            self._ftp.cwd(folder or ".")
        except REFUSALS:
            return False
        return True


def _usable(credentials: Credentials) -> Credentials:
    if credentials.token or credentials.key_file:
        raise TransferError("credentials", 'FTP takes a user and a password: set sheet.auth to "basic" or "agent-pin"')
    if not (credentials.user + credentials.password).isprintable():
        raise TransferError("credentials", "user or password holds characters that cannot be sent")
    return credentials


def _posix(mdtm: str) -> float:
    try:
        return datetime.strptime(mdtm, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp() if mdtm else 0.0
    except ValueError:
        return 0.0


for _scheme in SECURITY:
    register(_scheme, FtpClient)
