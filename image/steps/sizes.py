# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the room of a slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

KINDS = (
    ("opt/callsheet/callsheet/", "the firmware"),
    ("opt/callsheet/", "Python packages"),
    ("usr/lib/python3", "Python"),
    ("usr/lib/modules/", "kernel modules"),
    ("boot/", "kernel and first root"),
    ("usr/lib/firmware/", "firmware of Wi-Fi chips"),
    ("usr/lib/systemd/", "systemd"),
    ("usr/lib/aarch64-linux-gnu/systemd/", "systemd"),
    ("usr/lib/aarch64-linux-gnu/", "libraries"),
    ("usr/bin/", "programs"), ("usr/sbin/", "programs"), ("usr/lib/", "programs"),
    ("usr/share/doc/", "licences"),
    ("usr/share/", "shared data"),
)
"""The longest beginning of a path decides."""
BLOCK = 4096


def by_kind(root: Path) -> dict[str, int]:
    """Bytes on the card by kind, the largest first; a file of several names counts once."""
    return total(_files(root))


def total(files: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Path and size -> bytes by kind, in whole blocks, the largest first."""
    found: Counter[str] = Counter()
    for path, size in files:
        found[kind(path)] += -(-size // BLOCK) * BLOCK
    return dict(found.most_common())


def kind(path: str) -> str:
    """What a file belongs to."""
    begins = [row for row in KINDS if path.startswith(row[0])]
    return max(begins, key=lambda row: len(row[0]))[1] if begins else "the rest"


def _files(root: Path) -> Iterable[tuple[str, int]]:
    seen: set[int] = set()
    for path in root.rglob("*"):
        facts = path.lstat()
        if path.is_file() and not path.is_symlink() and facts.st_ino not in seen:
            seen.add(facts.st_ino)
            yield str(path.relative_to(root)), facts.st_size
