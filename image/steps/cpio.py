# SPDX-License-Identifier: GPL-3.0-or-later
"""A first root file system in the kernel's own format (Documentation/driver-api/early-userspace/buffer-format.rst)."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path


def archive(files: Mapping[str, bytes], folders: tuple[str, ...], devices: Mapping[str, tuple[int, int]]) -> bytes:
    """Executable files, folders and character devices (major, minor), all root's; links are not needed."""
    return b"".join(_entries(files, folders, devices)) + _entry(0, "TRAILER!!!", 0)


def _entries(files: Mapping[str, bytes], folders: tuple[str, ...],
             devices: Mapping[str, tuple[int, int]]) -> Iterator[bytes]:
    number = 0
    parents = {str(parent) for name in (*files, *devices) for parent in Path(name).parents} - {"."}
    for name in sorted({*parents, *folders}):
        number += 1
        yield _entry(number, name, stat.S_IFDIR | 0o755)
    for name, data in files.items():
        number += 1
        yield _entry(number, name, stat.S_IFREG | 0o755, data)
    for name, device in devices.items():
        number += 1
        yield _entry(number, name, stat.S_IFCHR | 0o600, device=device)


def _entry(number: int, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
