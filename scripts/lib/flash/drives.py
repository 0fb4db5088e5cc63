# SPDX-License-Identifier: GPL-3.0-or-later
"""This computer's drives: which are cards or sticks, and which must never be written to."""

from __future__ import annotations

import plistlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .trouble import Trouble

LARGEST = 256 * 10**9
"""Bytes. A larger one is hardly an SD card for a phone, but may well be somebody's backup."""
_SYSTEM = ("/", "/boot", "/boot/efi", "/boot/firmware", "/home", "/usr", "/var")


@dataclass(frozen=True)
class Drive:
    """A whole drive."""

    path: str
    size: int
    """Bytes; 0: no medium in it."""
    name: str
    removable: bool
    """A card, a stick, or anything else behind USB."""
    mounted: tuple[str, ...] = ()
    """Where it is mounted, itself or a part of it, also through LVM, encryption, RAID; `swap` among them."""
    read_only: bool = False

    @property
    def system(self) -> bool:
        """This computer runs from it."""
        return any(place in _SYSTEM or place == "swap" for place in self.mounted)

    @property
    def refusal(self) -> str:
        """Why it is not written to, with the remedy; empty: it may be."""
        if self.system:
            return f"{self.path} is what this computer runs from ({', '.join(self.mounted)}); name the card's drive, see --list"
        if not self.removable:
            return f"{self.path} ({self.name}) is built into this computer; name a card or a stick, see --list"
        if self.mounted:
            return f"{self.path} is in use at {', '.join(self.mounted)}; eject it in the file manager, or umount it, but leave it in"
        if not self.size:
            return f"{self.path} has no card in it"
        if self.read_only:
            return f"{self.path} is write-protected; move the slider on the card's edge"
        return ""


def drives(root: Path = Path("/")) -> list[Drive]:
    """All drives of this computer; `root` is for tests. Raises Trouble where they cannot be listed."""
    if sys.platform == "darwin":
        return _of_macos()
    if not (root / "sys/block").is_dir():
        raise Trouble("this system's drives cannot be listed: use Linux or macOS, or Raspberry Pi Imager with the .img.xz")
    return [_drive(path, root) for path in sorted((root / "sys/block").iterdir()) if _whole(path)]


def find(path: str, root: Path = Path("/")) -> Drive:
    """The drive with this path, also under another name (/dev/disk/by-id/…). Raises Trouble."""
    real = str(Path(path).resolve())
    found = drives(root)
    for one in found:
        if one.path in (path, real):
            return one
        if re.fullmatch(rf"{re.escape(one.path)}(p|s)?\d+", real):
            raise Trouble(f"{path} is a part of a drive; the whole drive is {one.path}")
    raise Trouble(f"there is no drive {path}; --list shows those there are")


def _whole(path: Path) -> bool:
    return not re.match(r"(loop|ram|zram|dm-|md|sr|fd|nbd)\d*", path.name)


def _drive(path: Path, root: Path) -> Drive:
    names = [path.name, *(part.name for part in path.iterdir() if (part / "partition").exists())]
    users = {name for one in names for name in (one, *_holders(root, one))}
    maker = " ".join(filter(None, (_line(path / "device/vendor"), _line(path / "device/model") or _line(path / "device/name"))))
    return Drive(f"/dev/{path.name}", int(_line(path / "size") or 0) * 512, maker or "unknown", _removable(path),
                 tuple(sorted(place for name, place in _places(root) if name in users)), _line(path / "ro") == "1")


def _removable(path: Path) -> bool:
    if path.name.startswith("mmcblk"):
        return _line(path / "device/type") == "SD"  # MMC is soldered in
    return _line(path / "removable") == "1" or "/usb" in str((path / "device").resolve())


def _holders(root: Path, name: str) -> Iterator[str]:
    """What is made of it: device mapper, RAID, and what those carry."""
    for path in sorted((root / "sys/class/block" / name / "holders").glob("*")):
        yield path.name
        yield from _holders(root, path.name)


def _places(root: Path) -> Iterator[tuple[str, str]]:
    """Kernel name of a device, and where it is mounted."""
    mounts = _text(root / "proc/self/mountinfo").splitlines()
    numbers = {_line(path / "dev"): path.name for path in (root / "sys/class/block").glob("*")}
    for line in mounts:
        words = line.split()
        where = re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), words[4])
        if words[2] in numbers:
            yield numbers[words[2]], where
        else:
            yield Path(words[words.index("-") + 2]).name, where
    for line in _text(root / "proc/swaps").splitlines()[1:]:
        yield Path(line.split()[0]).resolve().name, "swap"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _line(path: Path) -> str:
    return _text(path).strip()


def _of_macos() -> list[Drive]:
    """By diskutil(8)."""
    def ask(*words: str) -> dict[str, object]:
        done = subprocess.run(["diskutil", *words], capture_output=True, check=False)
        if done.returncode:
            raise Trouble("diskutil does not answer; try Raspberry Pi Imager with the .img.xz")
        found: dict[str, object] = plistlib.loads(done.stdout)
        return found

    names = ask("list", "-plist", "physical")["WholeDisks"]
    made = []
    for name in names if isinstance(names, list) else ():
        facts = ask("info", "-plist", name)
        listed = ask("list", "-plist", name)["AllDisksAndPartitions"]
        parts = [part for disk in listed for part in disk.get("Partitions", ())] if isinstance(listed, list) else []
        mounted = tuple(str(part["MountPoint"]) for part in parts if part.get("MountPoint"))
        made.append(Drive(f"/dev/{name}", int(str(facts["TotalSize"])), str(facts.get("MediaName") or "unknown"),
                          not facts.get("Internal", True) or bool(facts.get("RemovableMedia")), mounted,
                          not facts.get("WritableMedia", True)))
    return made
