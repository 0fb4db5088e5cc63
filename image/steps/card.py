# SPDX-License-Identifier: GPL-3.0-or-later
"""The card put together from its parts, without loop devices and without mounting."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import bmap, shelf, tooltree, trees
from .layout import BOOT, DATA, DISK_ID, MEBI, SLOT_A, SLOT_B, WHOLE_MB, Partition, table

FIRMWARE = ("bootcode.bin", "start.elf", "fixup.dat", "start_cd.elf", "fixup_cd.dat", "start4.elf", "fixup4.dat",
            "start4cd.elf", "fixup4cd.dat")
"""Of the Pi's own firmware: the usual one and the small one that gpu_mem=16 asks for; none with camera or debugging."""
DATA_UUID = "ca115ee7-0000-4000-8000-000000000004"
BLOCK = 1 << 20


def boot_partition(folder: Path, base: Path, ours: Mapping[str, bytes], made: int) -> Path:
    """Make the boot partition's file system in `folder`, all files dated `made`. Raises Failed."""
    content, image = folder / "boot", folder / "boot.vfat"
    content.mkdir()
    for name in FIRMWARE:
        shutil.copy(base / "boot/firmware" / name, content)
    shutil.copy(base / "boot/u-boot.bin", content)
    trees.device_trees(base / "boot/broadcom", content)
    for name, data in ours.items():
        (content / name).write_bytes(data)
    _blank(image, BOOT)
    # mcopy takes a file's own time; the folder's entries are sorted, so that they lie on the card in that order.
    script = (f"find boot -exec touch -d @{made} {{}} + && mkfs.vfat --invariant -F 32 -i {DISK_ID:08x} -n {BOOT.label} "
              "boot.vfat > mkfs.log && LC_ALL=C && mcopy -s -m -i boot.vfat boot/* ::/ && mdir -/ -i boot.vfat ::/ > list")
    tooltree.run(["sh", "-ec", script], log=shelf.log("image"), shown={"/work": folder}, env={"SOURCE_DATE_EPOCH": str(made)})
    return image


def data_partition(folder: Path, made: int) -> Path:
    """Make the empty data partition's file system in `folder`. Raises Failed."""
    image = folder / "data.ext4"
    _blank(image, DATA)
    tooltree.run(["mke2fs", "-q", "-t", "ext4", "-L", DATA.label, "-U", DATA_UUID, "-m", "0",
                  # As for the whole card, of which it will have the most.
                  "-b", str(bmap.BLOCK), "-i", "16384", "-J", "size=16", "-O", "metadata_csum,64bit",
                  "-E", f"hash_seed={DATA_UUID},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard",
                  "/work/data.ext4"], log=shelf.log("image"), shown={"/work": folder}, env={"SOURCE_DATE_EPOCH": str(made)})
    return image


def card(image: Path, boot: Path, slot: Path, data: Path) -> None:
    """Write the table and the parts, with holes where there is nothing. Raises Failed."""
    with image.open("wb") as file:
        file.truncate(WHOLE_MB * MEBI)
    (image.parent / "table").write_text(table())
    tooltree.run(["sh", "-ec", f"sfdisk -q /work/{image.name} < /work/table"], log=shelf.log("image"),
                 shown={"/work": image.parent})
    for part, source in ((BOOT, boot), (SLOT_A, slot), (DATA, data)):
        if source.stat().st_size != part.size * MEBI:
            raise ValueError(f"{source} does not fill partition {part.number}")
        copy_sparse(source, image, part.begin * MEBI)


def mapped(boot: Path, slot: Path, data: Path) -> list[bmap.Range]:
    """The blocks of the card that a writer must write. Raises Failed."""
    # The table, and zeros behind it where another system may have left a table of its own.
    found = [(0, BOOT.begin * MEBI // bmap.BLOCK - 1)]
    found += bmap.shifted(bmap.used_fat(boot), BOOT.begin * MEBI)
    for part, source in ((SLOT_A, slot), (DATA, data)):
        found += bmap.shifted(bmap.used(_dump(source)), part.begin * MEBI)
    # Slot B is empty, and shall not look like an old one.
    found += bmap.shifted([(0, MEBI // bmap.BLOCK - 1)], SLOT_B.begin * MEBI)
    return bmap.joined(found)


def _dump(source: Path) -> str:
    log = source.parent / f"{source.name}.dump"
    tooltree.run(["sh", "-c", f"dumpe2fs /work/{source.name} > /work/{log.name} 2>> /work/{log.name}"],
                 log=shelf.log("image"), shown={"/work": source.parent})
    return log.read_text()


def copy_sparse(source: Path, target: Path, offset: int) -> None:
    """Copy a file into another at an offset, leaving out blocks of zeros."""
    with source.open("rb") as reader, target.open("r+b") as writer:
        while block := reader.read(BLOCK):
            if block.strip(b"\0"):
                writer.seek(offset)
                writer.write(block)
            offset += len(block)


def _blank(image: Path, part: Partition) -> None:
    with image.open("wb") as file:
        file.truncate(part.size * MEBI)
