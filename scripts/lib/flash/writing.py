# SPDX-License-Identifier: GPL-3.0-or-later
"""From an image to a card or a file, and back again to see that it is there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .image import CHUNK, Image, Map, Range
from .trouble import Trouble

FLUSH = 16 * CHUNK
"""Bytes after which the card must have what it was given, so that progress is the card's and not the memory's."""
TAIL = 1 << 20
"""Bytes at a card's end where an older GPT has its second copy, which would come back to life."""
_BLKRRPART, _BLKFLSBUF = 0x125F, 0x1261  # linux/fs.h

Told = Callable[[str, int, int], None]
"""Hears: what is being done, bytes done, bytes in all (0: not known)."""


class _Target:
    """A card or a file, written so that a card that was pulled out in between starts nothing."""

    def __init__(self, path: Path, told: Told, total: int) -> None:
        self._path, self._told, self._total = path, told, total
        self._first = b""
        self.written = self._unflushed = 0

    def open(self, size: int) -> None:
        device = self._path.exists() and stat.S_ISBLK(self._path.stat().st_mode)
        # O_EXCL on a block device: nobody has it mounted, and nobody mounts it meanwhile (open(2)).
        self._fd = os.open(self._path, os.O_RDWR | (os.O_EXCL if device and sys.platform == "linux" else os.O_CREAT), 0o644)
        room = os.lseek(self._fd, 0, os.SEEK_END)
        if not device:
            os.ftruncate(self._fd, 0)
            os.ftruncate(self._fd, size)
        elif room < size:
            raise Trouble(f"{self._path} has {room / 1e9:.1f} GB, the image needs {size / 1e9:.1f} GB; take a larger card")
        else:
            for at in (0, room - TAIL):
                os.pwrite(self._fd, bytes(TAIL), at)

    def write(self, at: int, data: bytes) -> None:
        if at == 0:
            # The partition table comes last.
            self._first, data, at = data[:512], data[512:], 512
        while data:
            done = os.pwrite(self._fd, data, at)
            data, at = data[done:], at + done
            self.written += done
            self._unflushed += done
        if self._unflushed >= FLUSH:
            os.fsync(self._fd)
            self._unflushed = 0
        self._told("writing", self.written, self._total)

    def finish(self) -> None:
        os.fsync(self._fd)
        os.pwrite(self._fd, self._first, 0)
        os.fsync(self._fd)
        _ioctl(self._fd, _BLKFLSBUF)

    def read(self, at: int, size: int) -> bytes:
        return os.pread(self._fd, size, at)

    def forget(self) -> None:
        """Read from the card, not from memory."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        with suppress(AttributeError, OSError):
            _ioctl(self._fd, _BLKRRPART)
            os.close(self._fd)


def write(image: Image, target: Path, told: Told, *, verify: bool = True) -> int:
    """Write and read back; returns the bytes written. Raises Trouble."""
    wanted = image.map()
    total = wanted.mapped if wanted else 0
    card = _Target(target, told, total)
    with _explained(target):
        try:
            sums = _copy(image, wanted, card)
            card.finish()
            if verify:
                card.forget()
                _compare(card, sums, told, target)
            return card.written + 512
        finally:
            card.close()


def _copy(image: Image, wanted: Map | None, card: _Target) -> list[Range]:
    """Write what the map names, and return it with its sums. Without a map: everything but zeros to a file's end."""
    with image.open() as stream:
        if wanted is None:
            return _copy_all(stream, image, card)
        card.open(wanted.size)
        at, sums = 0, []
        for one in wanted.ranges:
            _skip(stream, one.start - at, image)
            total = hashlib.sha256()
            at = one.start
            while at < one.start + one.size:
                data = _exactly(stream, min(CHUNK, one.start + one.size - at), image)
                total.update(data)
                card.write(at, data)
                at += len(data)
            if one.sha256 and total.hexdigest() != one.sha256:
                raise Trouble(f"{image.path.name} does not belong to its .bmap, or is broken; fetch both again")
            sums.append(Range(one.start, one.size, total.hexdigest()))
        return sums


def _copy_all(stream: IO[bytes], image: Image, card: _Target) -> list[Range]:
    """A packed image without a map: how large it is shows at its end, so a card must fit the first time."""
    at, sums = 0, []
    card.open(0)
    while data := _upto(stream, CHUNK):
        card.write(at, data)
        sums.append(Range(at, len(data), hashlib.sha256(data).hexdigest()))
        at += len(data)
    if at < TAIL:
        raise Trouble(f"{image.path.name} is no card's image: it has {at} bytes")
    return sums


def _compare(card: _Target, sums: list[Range], told: Told, target: Path) -> None:
    done, total = 0, sum(one.size for one in sums)
    for one in sums:
        found = hashlib.sha256()
        for at in range(one.start, one.start + one.size, CHUNK):
            found.update(card.read(at, min(CHUNK, one.start + one.size - at)))
            done += min(CHUNK, one.start + one.size - at)
            told("verifying", done, total)
        if found.hexdigest() != one.sha256:
            raise Trouble(f"{target} does not give back what was written (near byte {one.start}); the card is worn out or fake: "
                          "take another one")


def _skip(stream: IO[bytes], count: int, image: Image) -> None:
    if count and not image.packed:
        stream.seek(count, os.SEEK_CUR)
        return
    while count:
        count -= len(_exactly(stream, min(CHUNK, count), image))


def _exactly(stream: IO[bytes], count: int, image: Image) -> bytes:
    data = _upto(stream, count)
    if len(data) < count:
        raise Trouble(f"{image.path.name} ends too early; fetch it again")
    return data


def _upto(stream: IO[bytes], count: int) -> bytes:
    parts = []
    while count and (data := stream.read(count)):
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def _ioctl(fd: int, number: int) -> None:
    if sys.platform == "linux" and stat.S_ISBLK(os.fstat(fd).st_mode):
        from fcntl import ioctl

        with suppress(OSError):
            ioctl(fd, number)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise Trouble(f"{target} may only be written by root; say sudo before the command") from None
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Trouble(f"{target} is in use; eject it in the file manager, or umount it, but leave it in") from None
        if error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENOMEDIUM if hasattr(errno, "ENOMEDIUM") else errno.EIO):
            raise Trouble(f"{target} failed, or was pulled out ({error.strerror}); start again, with another card if need be") from None
        raise Trouble(f"{target}: {error.strerror}") from None
