# SPDX-License-Identifier: GPL-3.0-or-later
"""An image as it lies on the disk: plain, .xz or .zst, with a map of what is in it and a checksum beside it."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast

from .trouble import Trouble

PACKED = (".xz", ".zst", ".gz")
CHUNK = 1 << 20


@dataclass(frozen=True)
class Range:
    """Bytes that must be written: from `start`, `size` of them, with their SHA-256 if it is known."""

    start: int
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class Map:
    """What of an image must be written. The rest is zeros, or does not matter."""

    size: int
    ranges: tuple[Range, ...]

    @property
    def mapped(self) -> int:
        """Bytes to write."""
        return sum(one.size for one in self.ranges)


class Image:
    """An image file."""

    def __init__(self, path: Path) -> None:
        """Raises Trouble if it is not there, or its kind is unknown."""
        if not path.is_file():
            raise Trouble(f"there is no file {path}")
        self.path = path
        self.packed = path.suffix if path.suffix in PACKED else ""
        self.plain_name = path.name.removesuffix(self.packed)
        if not self.plain_name.endswith(".img"):
            raise Trouble(f"{path.name} is not an image: its name ends in .img, .img.xz, .img.zst or .img.gz")

    def map(self) -> Map | None:
        """The map beside it; None: there is none. Raises Trouble if it is broken."""
        path = self._beside("bmap")
        if path is None:
            if self.packed:
                return None
            return Map(size := self.path.stat().st_size, (Range(0, size),))
        try:
            return read_map(path.read_bytes())
        except (ValueError, ElementTree.ParseError, AttributeError) as error:
            raise Trouble(f"{path} is broken ({error}); fetch it again, or remove it and everything is written") from None

    def check(self) -> bool:
        """Hold the file against the sums beside it; False: there are none. Raises Trouble if it is another one."""
        beside = self._beside("sha256")
        if beside is None:
            return False
        rows = [line.split() for line in beside.read_text().lower().splitlines()]
        # As sha256sum writes it: the sum, and the name if there is more than one.
        wanted = next((row[0] for row in rows if row and (len(row) == 1 or row[1].lstrip("*") == self.path.name.lower())), "")
        if not re.fullmatch("[0-9a-f]{64}", wanted):
            raise Trouble(f"{beside} has no SHA-256 for {self.path.name}; fetch it again")
        with self.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise Trouble(f"{self.path.name} is not what {beside.name} says: it was not fetched whole; fetch it again")
        return True

    def _beside(self, kind: str) -> Path | None:
        """NAME.img.xz.KIND, NAME.img.KIND or NAME.KIND, whichever is there."""
        names = (self.path.name, self.plain_name, self.plain_name.removesuffix(".img"))
        found = (self.path.with_name(f"{name}.{kind}") for name in names)
        return next((path for path in found if path.is_file()), None)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked. Reading raises Trouble where it is cut off or broken."""
        if self.packed == ".zst":
            with _zstd(self.path) as stream:
                yield stream
            return
        openers: dict[str, Callable[[Path, str], Any]] = {"": Path.open, ".xz": lzma.open, ".gz": gzip.open}
        try:
            with openers[self.packed](self.path, "rb") as file:
                yield file
        except (EOFError, lzma.LZMAError, gzip.BadGzipFile):
            raise Trouble(f"{self.path.name} is cut off or broken; fetch it again") from None


def read_map(data: bytes) -> Map:
    """A block map of format 1.3 to 2.0 (bmap-tools). Raises ValueError, ParseError, AttributeError."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("not a block map")
    tree = ElementTree.fromstring(data)

    def number(name: str) -> int:
        return int((tree.find(name).text or "").strip())  # type: ignore[union-attr]

    size, block = number("ImageSize"), number("BlockSize")
    kind = tree.findtext("ChecksumType", "sha256").strip()
    ranges = []
    for one in tree.iter("Range"):
        first, _, last = (one.text or "").strip().partition("-")
        start, end = int(first) * block, min((int(last or first) + 1) * block, size)
        if not 0 <= start < end:
            raise ValueError("a range outside of the image")
        ranges.append(Range(start, end - start, one.get("chksum", "") if kind == "sha256" else ""))
    if not ranges or any(a.start + a.size > b.start for a, b in pairwise(ranges)):
        raise ValueError("no ranges, or not in order")
    return Map(size, tuple(ranges))


@contextmanager
def _zstd(path: Path) -> Iterator[IO[bytes]]:
    if shutil.which("zstd") is None:
        raise Trouble("zstd is needed to unpack it: install zstd, or take the .img.xz")
    with subprocess.Popen(["zstd", "-dcq", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        stream = cast(IO[bytes], process.stdout)
        try:
            yield stream
            ended = not stream.read(1)
        except BaseException:
            process.kill()
            raise
        if not ended:
            process.kill()
    if ended and process.returncode:
        raise Trouble(f"{path.name} is cut off or broken; fetch it again")
