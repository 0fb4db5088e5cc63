# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/flash on files: what is written is what the image says, and what is wrong is said before or at once."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.paths import ROOT
from flash import writing
from flash.command import main
from flash.drives import drives
from flash.image import Image, read_map
from flash.trouble import Trouble

BLOCK = 4096
SIZE = 64 << 20
SETTINGS = b'[phone]\nid = "desk-7"\n[sip]\nserver = "pbx.example.com"\n'


def bmap(data: bytes, ranges: list[tuple[int, int]], *, sums: bool = True) -> str:
    rows = "".join(
        f'<Range chksum="{hashlib.sha256(data[a * BLOCK:(b + 1) * BLOCK]).hexdigest() if sums else 64 * "0"}"> {a}-{b} </Range>'
        for a, b in ranges)
    return (f'<?xml version="1.0" ?><bmap version="2.0"><ImageSize> {len(data)} </ImageSize><BlockSize> {BLOCK} </BlockSize>'
            f"<BlocksCount> {len(data) // BLOCK} </BlocksCount><ChecksumType> sha256 </ChecksumType><BlockMap>{rows}</BlockMap></bmap>")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A card's image: a table, a FAT named as ours, and holes."""
    path = tmp_path / "callsheet-1.img"
    with path.open("wb") as file:
        file.truncate(SIZE)
    for name in ("sfdisk", "mkfs.vfat", "mcopy"):
        if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            pytest.skip(f"{name} is not installed (scripts/lib/debian-packages)")
    env = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    subprocess.run(["sfdisk", "-q", path], input="label: dos\nstart=1MiB, size=40MiB, type=c\n", text=True, check=True, env=env)
    subprocess.run(["mkfs.vfat", "--offset", "2048", "-F", "32", "-n", "CALLSHEET", path, str(40 * 1024)], check=True, env=env,
                   stdout=subprocess.DEVNULL)
    with path.open("r+b") as file:
        file.seek(50 << 20)
        file.write(random.Random(7).randbytes(3 << 20))
    return path


@pytest.fixture
def packed(plain: Path) -> Path:
    """As it is handed out: packed, with map and sum."""
    data = plain.read_bytes()
    used = [n for n in range(SIZE // BLOCK) if data[n * BLOCK:(n + 1) * BLOCK].strip(b"\0")]
    ranges: list[tuple[int, int]] = []
    for n in used:
        if ranges and ranges[-1][1] == n - 1:
            ranges[-1] = (ranges[-1][0], n)
        else:
            ranges.append((n, n))
    path = plain.with_name("callsheet-1.img.xz")
    path.write_bytes(lzma.compress(data, preset=0))
    plain.with_name("callsheet-1.img.bmap").write_text(bmap(data, ranges))
    path.with_name(f"{path.name}.sha256").write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return path


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_what_is_written_is_the_image_and_less_of_it_with_a_map(packed: Path, plain: Path, tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    card = tmp_path / "card.img"
    assert run(packed, card, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert card.read_bytes() == plain.read_bytes()
    assert said["verified"] and (3 << 20) < said["bytes"] < (8 << 20)


@pytest.mark.parametrize("kind", ["img", "zst", "xz"])
def test_without_a_map_all_of_it_is_written(plain: Path, tmp_path: Path, kind: str) -> None:
    source = plain
    if kind == "zst":
        if not shutil.which("zstd"):
            pytest.skip("zstd is not installed")
        source = tmp_path / "callsheet-1.img.zst"
        subprocess.run(["zstd", "-q1", plain, "-o", source], check=True)
    elif kind == "xz":
        source = tmp_path / "callsheet-1.img.xz"
        source.write_bytes(lzma.compress(plain.read_bytes(), preset=0))
    assert run(source, tmp_path / "card.img") == 0
    assert (tmp_path / "card.img").read_bytes() == plain.read_bytes()


def test_sums_and_map_are_found_as_the_image_is_built_with_them(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed.with_name("callsheet-1.img.bmap").rename(packed.with_name("callsheet-1.bmap"))
    sums = packed.with_name(f"{packed.name}.sha256").rename(packed.with_name("callsheet-1.sha256"))
    sums.write_text(f"{'0' * 64}  callsheet-1.img\n{sums.read_text()}")
    assert run(packed, tmp_path / "card.img", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["bytes"] < (8 << 20) and "note" not in said.err
    sums.write_text(f"{'0' * 64}  callsheet-1.img\n")
    assert run(packed, tmp_path / "card.img") == 1
    assert "no SHA-256 for" in capsys.readouterr().err


def test_settings_are_checked_before_anything_is_written(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "desk.toml"
    bad.write_text('[sip]\nserver = "pbx.example.com"\npasword = "open-sesame"\n')
    assert run(packed, tmp_path / "card.img", "--settings", bad) == 1
    said = capsys.readouterr().err
    assert "desk.toml" in said and "pasword" in said and "password" in said and "open-sesame" not in said
    assert not (tmp_path / "card.img").exists()


def test_settings_are_put_on_the_card(packed: Path, tmp_path: Path) -> None:
    good, card = tmp_path / "desk.toml", tmp_path / "card.img"
    good.write_bytes(SETTINGS)
    assert run(packed, card, "--settings", good) == 0
    found = subprocess.run(["mtype", "-i", f"{card}@@1M", "::callsheet.toml"], capture_output=True, check=True)
    assert found.stdout == SETTINGS


@pytest.mark.parametrize("cut", ["xz", "sum", "map"])
def test_what_is_broken_is_named_and_starts_nothing(packed: Path, tmp_path: Path, cut: str,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    if cut == "map":
        beside = packed.with_name("callsheet-1.img.bmap")
        beside.write_text(beside.read_text().replace('chksum="', 'chksum="0'))
    else:
        packed.write_bytes(packed.read_bytes()[:-70000])
        if cut == "xz":
            packed.with_name(f"{packed.name}.sha256").unlink()
    card = tmp_path / "card.img"
    assert run(packed, card) == 1
    assert "fetch" in capsys.readouterr().err
    # The partition table is written last.
    assert not card.exists() or card.read_bytes()[:512].strip(b"\0") == b""


def test_a_card_that_does_not_keep_what_it_is_given_is_found(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    forget = writing._Target.forget

    def worn(target: writing._Target) -> None:
        os.pwrite(target._fd, b"\xff", (50 << 20) + 12345)
        forget(target)

    monkeypatch.setattr(writing._Target, "forget", worn)
    assert run(packed, tmp_path / "card.img") == 1
    assert "take another one" in capsys.readouterr().err


def test_nonsense_is_refused_with_a_remedy(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for words, part in (((tmp_path / "notes.txt", tmp_path / "card.img"), "not an image"), ((plain, plain), "not written over"),
                        ((plain, "/dev/nothing-there"), "--list"), ((tmp_path / "no.img", tmp_path / "card.img"), "no file")):
        assert run(*words) == 1
        assert part in capsys.readouterr().err


def test_this_computers_own_drives_are_refused(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for own in [one for one in drives() if not one.removable]:
        assert run(plain, own.path, "--yes") == 1
        said = capsys.readouterr().err
        assert "built into" in said or "runs from" in said


@pytest.mark.parametrize("text", ["", "<bmap/>", '<!DOCTYPE x [<!ENTITY a "b">]><bmap/>',
                                  bmap(bytes(8 * BLOCK), [(4, 5), (1, 2)]), bmap(bytes(8 * BLOCK), [(9, 12)])])
def test_a_broken_map_is_refused(plain: Path, text: str) -> None:
    plain.with_name("callsheet-1.img.bmap").write_text(text)
    with pytest.raises(Trouble, match="bmap is broken"):
        Image(plain).map()


def test_an_own_map_is_read() -> None:
    found = read_map(bmap(bytes(8 * BLOCK), [(0, 1), (3, 7)]).encode())
    assert (found.size, found.mapped) == (8 * BLOCK, 7 * BLOCK)


def test_the_script_runs_and_lists() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/flash", "--list", "--json"], capture_output=True, text=True, check=True)
    assert isinstance(json.loads(done.stdout)["drives"], list)
