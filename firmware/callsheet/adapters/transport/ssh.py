# SPDX-License-Identifier: GPL-3.0-or-later
"""The client for sftp, and for scp: SFTP where the server has it, else the legacy scp protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import paramiko

from callsheet.adapters.transport import scp, stamps, whole
from callsheet.adapters.transport.bounded import bounded
from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    NameTaken,
    TransferError,
    Unchanged,
    cannot_post,
)
from callsheet.adapters.transport.cutoff import Cutoff
from callsheet.adapters.transport.hostkeys import SSH_PORT
from callsheet.adapters.transport.paths import ssh_path, within
from callsheet.adapters.transport.sftp import SftpFiles
from callsheet.adapters.transport.ssh_session import connected
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin

SEAL = ".sha256"
"""Ends the name of the file that says that another one is whole, where nothing can be renamed."""


class SshClient:
    """See `callsheet.adapters.transport.client.Client`."""

    def __init__(self, url: str, settings: SheetSettings, credentials: Credentials) -> None:
        parts = urlsplit(url)
        self._path = ssh_path(url)
        self._settings = settings
        self._legacy = parts.scheme.lower() == "scp"
        self._host = parts.hostname or ""
        self._port = parts.port or SSH_PORT
        self._credentials = credentials
        self._cutoff = Cutoff()
        self._transport: paramiko.Transport | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def fetch(self, seen: Origin | None) -> Fetched | Unchanged:
        """Time and size first; the content unless they are the known ones."""
        with self._connection() as (transport, sftp):
            if sftp:
                return whole.fetch(SftpFiles(sftp, put=False), self._path, seen, self._settings.max_bytes)
            return self._receive(transport, seen)

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Temporary name, size, rename; in legacy scp a second file that seals the first."""
        with self._connection() as (transport, sftp):
            if sftp:
                whole.put(SftpFiles(sftp, put=True), self._path, name, body)
            else:
                self._send(transport, name, body)

    def get(self, name: str) -> bytes | None:
        """In legacy scp a file that does not fit its seal is just being written: it is no content yet."""
        with self._connection() as (transport, sftp):
            if sftp:
                return whole.get(SftpFiles(sftp, put=True), self._path, name, self._settings.max_bytes)
            path, limit = within(self._path, name), self._settings.max_bytes
            body = self._held(transport, path, limit)
            if body is None:
                return None
            return body if self._held(transport, path + SEAL, 4096) == _seal(name, body) else b""

    def create(self, name: str, body: bytes) -> bool:
        """OpenSSH renames by link(2), so of two only one gets the name."""
        with self._connection() as (transport, sftp):
            if sftp:
                whole.put(SftpFiles(sftp, put=True), self._path, name, body, whole.private_part(body))
                return "OpenSSH" in transport.remote_version
            self._send(transport, name, body)
            return False

    def replace(self, name: str, body: bytes) -> None:
        """In legacy scp over the file itself, and then a new seal."""
        with self._connection() as (transport, sftp):
            if sftp:
                whole.replace(SftpFiles(sftp, put=True), self._path, name, body)
                return
            path, seconds = within(self._path, name), self._settings.read_timeout
            scp.send(transport, path, body, seconds)
            scp.send(transport, path + SEAL, _seal(name, body), seconds)

    def post(self, body: bytes) -> bytes:
        """SSH cannot."""
        raise cannot_post()

    def abort(self) -> None:
        """Cut the connection off."""
        self._cutoff.abort()

    def close(self) -> None:
        """Let go of it."""
        if self._transport:
            self._transport.close()
        self._transport = self._sftp = None
        self._cutoff.release()

    @contextmanager
    def _connection(self) -> Iterator[tuple[paramiko.Transport, paramiko.SFTPClient | None]]:
        """Signed in, with SFTP if there is; kept unless something failed."""
        try:
            raised = (paramiko.SSHException, EOFError)
            with bounded(self._cutoff, self._settings.total_timeout, self._host, raised):
                if self._transport is None:
                    self._transport = connected(self._host, self._port, self._settings, self._credentials, self._cutoff)
                    self._sftp = self._subsystem(self._transport)
                yield self._transport, self._sftp
        except BaseException:
            self.close()
            raise

    def _subsystem(self, transport: paramiko.Transport) -> paramiko.SFTPClient | None:
        """SFTP; None: the server has none, and scp will do."""
        channel = transport.open_session(timeout=self._settings.read_timeout)
        channel.settimeout(self._settings.read_timeout)
        try:
            channel.invoke_subsystem("sftp")
            return paramiko.SFTPClient(channel)
        except TimeoutError:
            raise
        except (paramiko.SSHException, OSError, EOFError):
            if not transport.is_active():
                raise
            channel.close()
            if not self._legacy:
                raise TransferError("other", "the server has no SFTP; it may have the older scp: try scp://") from None
            return None

    def _receive(self, transport: paramiko.Transport, seen: Origin | None) -> Fetched | Unchanged:
        with scp.receive(transport, self._path, self._settings.read_timeout) as file:
            modified = file.head.modified and f"{file.head.modified} {file.head.size}"
            if stamps.is_unchanged(modified, seen):
                return Unchanged()
            body = file.body(self._settings.max_bytes)
        mark = stamps.mark(modified, seen, stamps.now())
        return Fetched(body, mark, modified, float(file.head.modified or 0))

    def _send(self, transport: paramiko.Transport, name: str, body: bytes) -> None:
        """The file, and when it is found to be whole, its seal.

        What is there may be the beginning of the same file, from a try that broke
        off; anything else is another file.
        """
        path = within(self._path, name)
        seconds = self._settings.read_timeout
        found = self._held(transport, path, len(body))
        if found != body:
            if found is not None and not body.startswith(found):
                raise NameTaken
            scp.send(transport, path, body, seconds)
            if self._held(transport, path, len(body)) != body:
                raise TransferError("other", "the server does not hold what was sent to it", temporary=True)
        seal = _seal(name, body)
        if self._held(transport, path + SEAL, len(seal)) != seal:
            scp.send(transport, path + SEAL, seal, seconds)

    def _held(self, transport: paramiko.Transport, path: str, limit: int) -> bytes | None:
        """What the server holds under the name; None: nothing. Raises NameTaken if it cannot be ours."""
        try:
            with scp.receive(transport, path, self._settings.read_timeout) as file:
                return file.body(limit)
        except TransferError as error:
            if error.kind == "missing":
                return None
            if error.kind in ("too-large", "credentials"):
                raise NameTaken from None
            raise


def _seal(name: str, body: bytes) -> bytes:
    """One line as `sha256sum` writes it."""
    return f"{hashlib.sha256(body).hexdigest()}  {name}\n".encode()
