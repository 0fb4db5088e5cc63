# SPDX-License-Identifier: GPL-3.0-or-later
"""One process per data directory: two phones on one ledger would ring the same callee twice."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from callsheet.ports import StoreError


class DirectoryLock:
    """An flock(2) on `directory/lock`; the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, directory: Path) -> None:
        """Take the lock, making the directory (mode 0700) if need be. Raises StoreError."""
        path = directory / "lock"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"data directory {directory}: {error.strerror}; make it writable or set data.directory") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._fd)
            raise StoreError(
                f"data directory {directory} is in use by another phone (process {owner}); "
                "stop that one, or give this one its own data.directory"
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go of the directory."""
        os.close(self._fd)
