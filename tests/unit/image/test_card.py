# SPDX-License-Identifier: GPL-3.0-or-later
"""The card's table and the map of its blocks, judged by other people's tools where they are installed here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image.steps import bmap, card, layout, trees

MEBI = layout.MEBI
EXT4 = ("mke2fs", "dumpe2fs", "e2fsck")


def need(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"no {tool} here")


def test_the_parts_follow_each_other_and_fill_the_card():
    at = layout.START_MB
    for part in layout.PARTITIONS:
        assert part.begin == at
        at += part.size
    assert at == layout.WHOLE_MB
    assert layout.WHOLE_MB & (layout.WHOLE_MB - 1) == 0
    assert layout.SLOT_A.size == layout.SLOT_B.size


def test_sfdisk_makes_of_it_what_is_meant(tmp_path):
    need("sfdisk")
    image = tmp_path / "card"
    with image.open("wb") as file:
        file.truncate(layout.WHOLE_MB * MEBI)
    subprocess.run(["sfdisk", "-q", image], input=layout.table(), text=True, check=True)
    found = json.loads(subprocess.check_output(["sfdisk", "--json", image]))["partitiontable"]
    assert (found["label"], int(found["id"], 16)) == ("dos", layout.DISK_ID)
    rows = [(row["start"] * 512, row["size"] * 512, row["type"], row.get("bootable", False)) for row in found["partitions"]]
    assert rows == [(part.begin * MEBI, part.size * MEBI, part.kind, part is layout.BOOT) for part in layout.PARTITIONS]


def test_ranges_that_touch_are_joined():
    assert bmap.joined([(5, 6), (0, 2), (3, 3), (9, 9), (6, 7)]) == [(0, 3), (5, 7), (9, 9)]


@pytest.mark.parametrize("megabytes", [40, 256])
def test_a_boot_partition_is_whole_on_a_used_card_with_the_zeros_in_its_files(tmp_path, megabytes):
    need("mkfs.vfat", "mcopy", "fsck.vfat")
    image, used_card = tmp_path / "image", tmp_path / "card"
    subprocess.run(["mkfs.vfat", "-F", "32", "-C", image, str(megabytes * 1024)], check=True, capture_output=True)
    files = {"zeros": bytes(20000), "mixed": b"a" * 5000 + bytes(50000) + b"z", "end": b"end" + bytes(9000)}
    for name, data in files.items():
        subprocess.run(["mcopy", "-i", image, "-", f"::{name}"], input=data, check=True)
    ranges = bmap.used_fat(image)
    written(image, ranges, used_card)
    said = subprocess.run(["fsck.vfat", "-n", used_card], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    for name, data in files.items():
        assert subprocess.run(["mcopy", "-i", used_card, f"::{name}", "-"], capture_output=True, check=True).stdout == data
    assert sum(last - first + 1 for first, last in ranges) * bmap.BLOCK < 6 * MEBI


def test_only_fat32_is_read_as_fat32(tmp_path):
    (tmp_path / "image").write_bytes(bytes(MEBI))
    with pytest.raises(ValueError):
        bmap.used_fat(tmp_path / "image")


@pytest.mark.parametrize("text", ["", "Block count:              512\nBlock size:               1024\n"])
def test_other_block_sizes_are_refused(text):
    with pytest.raises(ValueError):
        bmap.used(text)


def written(image: Path, ranges: list[bmap.Range], target: Path) -> None:
    """What a writer makes of a card that was full of something else."""
    target.write_bytes(b"\xa5" * image.stat().st_size)
    with image.open("rb") as reader, target.open("r+b") as writer:
        for first, last in ranges:
            reader.seek(first * bmap.BLOCK)
            writer.seek(first * bmap.BLOCK)
            writer.write(reader.read((last - first + 1) * bmap.BLOCK))


def made(folder: Path) -> tuple[Path, Path]:
    """An ext4 file system with a few files, one with a hole and one of zeros."""
    need(*EXT4)
    content, image = folder / "content", folder / "image"
    content.mkdir()
    (content / "text").write_bytes(b"text" * 9999)
    (content / "zeros").write_bytes(bytes(5 * 4096))
    with image.open("wb") as file:
        file.truncate(64 * MEBI)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-E", "lazy_itable_init=0,nodiscard", "-d", content, image], check=True)
    return image, content


def test_what_is_mapped_makes_a_sound_file_system_of_a_used_card(tmp_path):
    image, content = made(tmp_path)
    dump = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
    ranges = bmap.used(dump)
    used_card = tmp_path / "card"
    written(image, ranges, used_card)
    said = subprocess.run(["e2fsck", "-f", "-n", used_card], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    for path in content.iterdir():
        read = subprocess.run(["debugfs", "-R", f"cat /{path.name}", used_card], capture_output=True, check=True).stdout
        assert read == path.read_bytes()
    assert sum(last - first + 1 for first, last in ranges) < 64 * MEBI // bmap.BLOCK // 2


def test_the_map_says_what_it_maps(tmp_path):
    image = tmp_path / "card.img"
    image.write_bytes(b"a" * 4096 + bytes(4096) + b"b" * 8192 + b"end")
    text = bmap.document(image, [(0, 0), (2, 3), (4, 4)])
    assert re.search(r"<MappedBlocksCount> 4 ", text) and re.search(r"<BlocksCount> 5 ", text)
    assert re.findall(r"> (\S+) </Range>", text) == ["0", "2-4"]


def test_bmaptool_takes_the_map(tmp_path):
    need("bmaptool")
    image, target = tmp_path / "card.img", tmp_path / "target"
    image.write_bytes(b"a" * 4096 + bytes(4096) + b"b" * 8192 + b"end")
    (tmp_path / "card.bmap").write_text(bmap.document(image, [(0, 0), (2, 4)]))
    subprocess.run(["bmaptool", "copy", "--bmap", tmp_path / "card.bmap", image, target], check=True, capture_output=True)
    assert target.read_bytes() == image.read_bytes()
    # It checks what it copies: another image is refused.
    image.write_bytes(image.read_bytes().replace(b"b", b"c"))
    assert subprocess.run(["bmaptool", "copy", "--bmap", tmp_path / "card.bmap", image, target], capture_output=True,
                          check=False).returncode


def test_zeros_are_holes_and_the_rest_arrives(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"begin".ljust(MEBI, b"\0") + bytes(2 * MEBI) + b"end".ljust(MEBI, b"\0"))
    with target.open("wb") as file:
        file.truncate(16 * MEBI)
    card.copy_sparse(source, target, 4 * MEBI)
    assert target.read_bytes() == bytes(4 * MEBI) + source.read_bytes() + bytes(8 * MEBI)
    assert target.stat().st_blocks * 512 < 4 * MEBI


def test_an_overlay_is_for_all_trees_or_for_those_it_names():
    names = ["bcm2711-rpi-4-b.dtb", "bcm2837-rpi-3-b.dtb"]
    assert trees.chosen("/dts-v1/;\n", names) == names
    assert trees.chosen("/dts-v1/;\n// for: bcm2711-* bcm2712-*\n", names) == names[:1]
    assert trees.chosen("// for: bcm2835-*\n", names) == []
