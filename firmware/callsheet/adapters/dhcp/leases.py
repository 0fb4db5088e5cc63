# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that dhcpcd's hook writes to: one file for each interface that has a lease."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from callsheet.formats.dhcp import MAX_LEASE
from callsheet.formats.errors import Invalid

Stamp = tuple[tuple[str, int, int, int], ...]
"""Interface, inode, time in ns and size of each file; the hook renames a new file into place, so no change is missed."""


def stamp(folder: Path) -> Stamp:
    """What is there now, wired interfaces first (their names begin with e), then by name; no folder is an empty one."""
    found: list[tuple[str, int, int, int]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                try:
                    state = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                found.append((entry.name, state.st_ino, state.st_mtime_ns, state.st_size))
    except OSError:
        return ()
    return tuple(sorted(found, key=lambda one: (not one[0].startswith("e"), one[0])))


def content(folder: Path, interface: str) -> bytes:
    """The file of one interface. Raises OSError, and Invalid for what is no ordinary file."""
    descriptor = os.open(folder / interface, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Invalid("not an ordinary file")
        return file.read(MAX_LEASE + 1)
