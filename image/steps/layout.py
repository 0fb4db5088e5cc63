# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what is on the card: one boot partition, two slots, and the data.

A card has an MBR, because the Pi 3's boot ROM knows nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 1 << 20
DISK_ID = 0x43414C4C
"""The MBR's signature ("CALL"): partitions are found by it and their number."""
BOOT_MB, SLOT_MB = 256, 768
START_MB = 4
"""Before the first partition: cards erase in blocks of up to 4 MiB."""
WHOLE_MB = 2048
"""A power of two, as QEMU's card reader wants it, and less than the smallest card one can buy."""


@dataclass(frozen=True)
class Partition:
    """One: its number, begin and size in MiB, MBR type, and the label of its file system."""

    number: int
    begin: int
    size: int
    kind: str
    label: str

    @property
    def partuuid(self) -> str:
        """As the kernel names it."""
        return f"{DISK_ID:08x}-{self.number:02}"


BOOT = Partition(1, START_MB, BOOT_MB, "c", "CALLSHEET")
SLOT_A = Partition(2, BOOT.begin + BOOT.size, SLOT_MB, "83", "slot")
SLOT_B = Partition(3, SLOT_A.begin + SLOT_A.size, SLOT_MB, "83", "slot")
DATA = Partition(4, SLOT_B.begin + SLOT_B.size, WHOLE_MB - SLOT_B.begin - SLOT_B.size, "83", "callsheet-data")
PARTITIONS = (BOOT, SLOT_A, SLOT_B, DATA)


def table() -> str:
    """The partition table, as sfdisk(8) reads it."""
    rows = [f"label: dos\nlabel-id: 0x{DISK_ID:08x}\n"]
    for one in PARTITIONS:
        active = ", bootable" if one is BOOT else ""
        rows.append(f"start={one.begin}MiB, size={one.size}MiB, type={one.kind}{active}\n")
    return "".join(rows)
