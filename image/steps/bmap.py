# SPDX-License-Identifier: GPL-3.0-or-later
"""Which blocks of an image must be written, as bmaptool and scripts/flash read it (format 2.0 of bmap-tools).

A block of zeros that belongs to a file system must be written, for a used card has
something else there; a block that is free need not. Holes in the image's file cannot
tell one from the other, so the file systems are asked.
"""

from __future__ import annotations

import hashlib
import re
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

BLOCK = 4096
CHUNK = 1 << 20
Range = tuple[int, int]
"""First and last block."""
_FREE = re.compile(r"^  Free blocks: (.*)$", re.MULTILINE)
_SIZE = re.compile(r"^Block size: +(\d+)$", re.MULTILINE)
_COUNT = re.compile(r"^Block count: +(\d+)$", re.MULTILINE)
_HEAD = """\
<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> {size} </ImageSize>
    <BlockSize> {block} </BlockSize>
    <BlocksCount> {count} </BlocksCount>
    <MappedBlocksCount> {mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> {own} </BmapFileChecksum>
    <BlockMap>
"""
_TAIL = "    </BlockMap>\n</bmap>\n"


def used(dump: str) -> list[Range]:
    """The blocks of an ext4 file system that are not free, by what dumpe2fs(8) says of it.

    Raises ValueError if it says nothing of the kind, or its blocks are of another size than ours.
    """
    count, size = _COUNT.search(dump), _SIZE.search(dump)
    if count is None or size is None or int(size[1]) != BLOCK:
        raise ValueError(f"no ext4 file system with blocks of {BLOCK} bytes")
    free = [tuple(map(int, (part.split("-") * 2)[:2])) for row in _FREE.findall(dump) for part in row.split(", ") if part]
    found, at = [], 0
    for first, last in sorted(free):
        if first > at:
            found.append((at, first - 1))
        at = last + 1
    if at < int(count[1]):
        found.append((at, int(count[1]) - 1))
    return found


def used_fat(image: Path) -> list[Range]:
    """The blocks of a FAT32 file system that are not free: all before the first cluster, and each cluster that a file has.

    Layout: Microsoft, "FAT32 File System Specification", 2000. Raises ValueError for anything else.
    """
    with image.open("rb") as stream:
        boot = stream.read(512)
        sector, cluster, reserved, tables = struct.unpack_from("<HBHB", boot, 11)
        (length,) = struct.unpack_from("<I", boot, 36)
        if boot[510:] != b"\x55\xaa" or not sector or not length or boot[82:87] != b"FAT32":
            raise ValueError("no FAT32 file system")
        stream.seek(reserved * sector)
        entries = array("I", stream.read(length * sector))
    if sys.byteorder == "big":
        entries.byteswap()
    start, size = (reserved + tables * length) * sector, cluster * sector
    found = [(0, (start - 1) // BLOCK)]
    for number, entry in enumerate(entries):
        if number >= 2 and entry & 0x0FFFFFFF:
            at = start + (number - 2) * size
            found.append((at // BLOCK, (at + size - 1) // BLOCK))
    return joined(found)


def joined(ranges: Iterable[Range]) -> list[Range]:
    """The same blocks in order, with ranges that touch or overlap made one."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def shifted(ranges: Iterable[Range], offset: int) -> list[Range]:
    """Ranges of a part, as ranges of a whole in which the part begins `offset` bytes after the start."""
    return [(first + offset // BLOCK, last + offset // BLOCK) for first, last in ranges]


def document(image: Path, ranges: Iterable[Range]) -> str:
    """The block map of an image."""
    mapped, size = joined(ranges), image.stat().st_size
    rows = "".join(_rows(image, mapped))
    facts = {"size": size, "block": BLOCK, "count": -(-size // BLOCK), "mapped": sum(last - first + 1 for first, last in mapped)}
    # Its own checksum is that of the file with zeros in the checksum's place.
    blank = _HEAD.format(**facts, own="0" * 64) + rows + _TAIL
    return _HEAD.format(**facts, own=hashlib.sha256(blank.encode()).hexdigest()) + rows + _TAIL


def _rows(image: Path, mapped: Iterable[Range]) -> Iterator[str]:
    with image.open("rb") as stream:
        for first, last in mapped:
            stream.seek(first * BLOCK)
            total, left = hashlib.sha256(), (last - first + 1) * BLOCK
            while left > 0 and (data := stream.read(min(CHUNK, left))):
                total.update(data)
                left -= len(data)
            span = str(first) if first == last else f"{first}-{last}"
            yield f'        <Range chksum="{total.hexdigest()}"> {span} </Range>\n'
