# SPDX-License-Identifier: GPL-3.0-or-later
"""What is where on the card: a table of four partitions, as a PC of 1983 wrote it (MBR), and the parts behind it."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

MEBI = 1 << 20
SECTOR = 512
FAT32, LINUX = 0x0C, 0x83


@dataclass(frozen=True)
class Part:
    """One partition: its label, its type, where it begins and how long it is, both in MiB."""

    label: str
    kind: int
    start: int
    size: int

    @property
    def offset(self) -> int:
        """Bytes before it."""
        return self.start * MEBI


BOOT = Part("CALLSHEET", FAT32, 1, 256)
SLOT_A = Part("slot-a", LINUX, 257, 768)
SLOT_B = Part("slot-b", LINUX, 1025, 768)
DATA = Part("callsheet-data", LINUX, 1793, 255)
PARTS = (BOOT, SLOT_A, SLOT_B, DATA)
TOTAL = 2048
"""MiB of the whole image: a power of two, which QEMU's card reader asks for; a phone grows DATA to the card's end."""


def table(disk: int, parts: Iterable[Part] = PARTS) -> bytes:
    """The first sector: the disk's signature and the partitions; the first one is active."""
    rows = b"".join(_row(part, active=number == 0) for number, part in enumerate(parts))
    return bytes(440) + struct.pack("<IH", disk, 0) + rows.ljust(64, b"\0") + b"\x55\xaa"


def _row(part: Part, *, active: bool) -> bytes:
    nowhere = b"\xfe\xff\xff"  # cylinder, head, sector cannot tell: beyond 8 GB, and nobody asks
    first, length = part.offset // SECTOR, part.size * MEBI // SECTOR
    return struct.pack("<B3sB3sII", 0x80 if active else 0, nowhere, part.kind, nowhere, first, length)
