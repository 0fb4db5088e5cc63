# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's files over SFTP (draft-ietf-secsh-filexfer-02, as OpenSSH speaks it)."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from callsheet.adapters.transport import bodies
from callsheet.adapters.transport.client import TransferError
from callsheet.adapters.transport.whole import Facts

PIECE = 32768
"""What servers must be able to take in one packet."""


class SftpFiles:
    """See `callsheet.adapters.transport.whole.Files`."""

    def __init__(self, sftp: paramiko.SFTPClient, *, put: bool) -> None:
        self._sftp = sftp
        self._put = put

    def facts(self, path: str) -> Facts | None:
        """STAT."""
        try:
            with self._refusals():
                found = self._sftp.stat(path)
        except TransferError as error:
            if error.kind == "missing":
                return None
            raise
        if found.st_mode and stat.S_ISDIR(found.st_mode):
            raise TransferError("other", "there is a folder where a file should be", of_file=self._put)
        changed = found.st_mtime or 0
        return Facts(found.st_size, str(changed or ""), float(changed))

    def read(self, path: str, limit: int) -> bytes:
        """OPEN and READ."""
        with self._refusals(), self._sftp.open(path, "rb", bufsize=0) as file:
            return bodies.collect(iter(lambda: file.read(PIECE), b""), limit)

    def write(self, path: str, body: bytes) -> None:
        """OPEN and WRITE, each piece confirmed."""
        with self._refusals():
            file = self._sftp.open(path, "wb", bufsize=0)
        with self._refusals(writing=True), file:
            for start in range(0, len(body), PIECE):
                file.write(body[start:start + PIECE])

    def rename(self, old: str, new: str) -> None:
        """RENAME, which OpenSSH refuses if the new name is taken."""
        with self._refusals():
            self._sftp.rename(old, new)

    def overwrite(self, old: str, new: str) -> None:
        """posix-rename@openssh.com, which is rename(2)."""
        with self._refusals():
            self._sftp.posix_rename(old, new)

    def remove(self, path: str) -> None:
        """REMOVE."""
        with self._refusals():
            self._sftp.remove(path)

    @contextmanager
    def _refusals(self, *, writing: bool = False) -> Iterator[None]:
        """A server's "no" as TransferError; a connection's end as it comes."""
        try:
            yield
        except TransferError:
            raise
        except OSError as error:
            channel = self._sftp.get_channel()
            if isinstance(error, TimeoutError) or channel is None or channel.closed:
                raise
            raise self._meaning(error, writing) from None

    def _meaning(self, error: OSError, writing: bool) -> TransferError:
        if error.errno == errno.ENOENT:
            reason = "the folder for uploads does not exist" if self._put else "there is no file at the link"
            return TransferError("missing", reason, of_file=self._put)
        if error.errno == errno.EACCES:
            return TransferError("credentials", "the server does not permit it", of_file=self._put)
        if writing:
            # SFTP 3 has no number for it.
            return TransferError("other", "the server cannot store the file; is its disk full?", temporary=True)
        return TransferError("other", "the server refuses", of_file=self._put)
