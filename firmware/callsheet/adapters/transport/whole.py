# SPDX-License-Identifier: GPL-3.0-or-later
"""Files whole or not at all, on servers that can tell a file's size and rename it (FTP, SFTP)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Protocol

from msgspec import Struct

from callsheet.adapters.transport import bodies, stamps
from callsheet.adapters.transport.client import Fetched, NameTaken, TransferError, Unchanged
from callsheet.adapters.transport.paths import within
from callsheet.ports import Origin

PART = ".part"
"""Ends the name of an upload that is not whole yet. The same for every try, so that a next one replaces it."""


class Facts(Struct, frozen=True):
    """What a server says about a file."""

    size: int | None = None
    """None: it does not tell."""
    modified: str = ""
    changed: float = 0.0
    """POSIX time; 0: it does not tell."""


class Files(Protocol):
    """A server's files. All methods raise TransferError, or what their library raises."""

    def facts(self, path: str) -> Facts | None:
        """None: there is no such file."""

    def read(self, path: str, limit: int) -> bytes:
        """The content, of at most so many bytes."""

    def write(self, path: str, body: bytes) -> None:
        """Create or replace."""

    def rename(self, old: str, new: str) -> None:
        """Give it another name in its folder."""

    def overwrite(self, old: str, new: str) -> None:
        """Give it the name of another file, which it replaces."""

    def remove(self, path: str) -> None:
        """Delete."""


def fetch(files: Files, path: str, seen: Origin | None, limit: int) -> Fetched | Unchanged:
    """The file, if it is not the one `seen` describes, and did not change while it was read."""
    before = files.facts(path)
    if before is None:
        raise missing()
    if before.size is not None and before.size > limit:
        raise bodies.too_large(limit)
    modified = before.modified and f"{before.modified} {before.size}"
    if stamps.is_unchanged(modified, seen):
        return Unchanged()
    body = files.read(path, limit)
    if before.size not in (None, len(body)) or files.facts(path) != before:
        raise TransferError("unreachable", "the file changed while it was being read", temporary=True)
    return Fetched(body, stamps.mark(modified, seen, stamps.now()), modified, before.changed)


def put(files: Files, folder: str, name: str, body: bytes, part: str = PART) -> None:
    """Store under a temporary name, check the size, rename. Raises NameTaken."""
    path = within(folder, name)
    if _there(files, path, body):
        return
    try:
        files.write(path + part, body)
        _check_size(files, path + part, body)
        if _there(files, path, body):
            files.remove(path + part)
        else:
            _rename(files, path, body, part)
            _check_size(files, path, body)
    except TransferError as error:
        # On a broken connection another request would only wait once more.
        if error.kind != "unreachable":
            with suppress(TransferError):
                files.remove(path + part)
        raise


def get(files: Files, folder: str, name: str, limit: int) -> bytes | None:
    """A file as it is now; None: there is none."""
    path = within(folder, name)
    if files.facts(path) is None:
        return None
    try:
        return files.read(path, limit)
    except TransferError as error:
        if error.kind == "missing":
            return None
        raise


def replace(files: Files, folder: str, name: str, body: bytes) -> None:
    """Write beside it, then over it. A server that renames over nothing gets the content written into the file itself."""
    path = within(folder, name)
    files.write(path + PART, body)
    _check_size(files, path + PART, body)
    try:
        files.overwrite(path + PART, path)
    except TransferError as error:
        if error.kind == "unreachable":
            raise
        files.write(path, body)
        _check_size(files, path, body)
        with suppress(TransferError):
            files.remove(path + PART)


def private_part(body: bytes) -> str:
    """Ends the temporary name of a file that two phones may create at once."""
    return f".{hashlib.sha256(body).hexdigest()[:12]}{PART}"


def missing() -> TransferError:
    """No file to fetch."""
    return TransferError("missing", "there is no file at the link")


def _rename(files: Files, path: str, body: bytes, part: str) -> None:
    try:
        files.rename(path + part, path)
    except TransferError:
        if not _there(files, path, body):
            raise


def _there(files: Files, path: str, body: bytes) -> bool:
    """Whether the server holds this content. Raises NameTaken if it holds another one."""
    found = files.facts(path)
    if found is None:
        return False
    if found.size not in (None, len(body)):
        raise NameTaken
    try:
        same = files.read(path, len(body)) == body
    except TransferError as error:
        if error.kind == "missing":
            return False
        # What cannot be read cannot be compared.
        if error.kind in ("too-large", "credentials"):
            raise NameTaken from None
        raise
    if not same:
        raise NameTaken
    return True


def _check_size(files: Files, path: str, body: bytes) -> None:
    found = files.facts(path)
    if found is None or found.size not in (None, len(body)):
        raise TransferError("other", "the server does not hold what was sent to it", temporary=True)
