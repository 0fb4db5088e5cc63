# SPDX-License-Identifier: GPL-3.0-or-later
"""The first root of the image: busybox, a script, and the modules that reach the card."""

from __future__ import annotations

import lzma
from pathlib import Path

from bootstrap import say
from bootstrap.paths import ROOT

from . import cpio, crosstree, packages, shelf, tooltree
from . import kernel as linux

SCRIPT = ROOT / "image" / "initrd" / "init"
MODULES = (
    "bcm2835_wdt",
    "gpio-regulator", "fixed",  # the 4B's card has its power switched by these
    "sdhci-iproc", "bcm2835",  # card readers: 4B, 400 and Zero 2 W; 3A+, 3B, 3B+
    "mmc_block",
    "virtio_blk", "virtio_mmio",  # QEMU
    "ext4", "overlay",
)


def initrd(release: str) -> Path:
    """The archive, compressed, for the kernel of that release. Raises Failed."""
    kernel, shell = linux.kernel(), busybox()
    if kernel.release != release:
        raise say.Failed(f"Debian's index has Linux {kernel.release}, but the slot has {release}: remove {shelf.place()}/index")
    facts = {"kernel": kernel.folder.name, "busybox": shell.version, "script": SCRIPT.read_text(), "modules": MODULES,
             "edition": 2}

    def make(folder: Path) -> None:
        found = linux.needed(kernel, MODULES)
        files = {"init": SCRIPT.read_bytes(), "bin/busybox": packages.member(shell, "./usr/bin/busybox")}
        files |= {f"modules/{_name(path)}": _unpacked(path) for path in found}
        files["modules/order"] = "".join(f"{_name(path)}\n" for path in found).encode()
        made = cpio.archive(files, ("proc", "sys", "dev", "root"), {"dev/console": (5, 1), "dev/kmsg": (1, 11)})
        (folder / "initrd").write_bytes(made)
        tooltree.run(["zstd", "-q", "-19", "--rm", "/work/initrd", "-o", "/work/initrd.img"], log=shelf.log("image"),
                     shown={"/work": folder})

    return shelf.kept("image-initrd", facts, make) / "initrd.img"


def busybox() -> packages.Package:
    """The package that its commands are from; it is not in a slot otherwise. Raises Failed."""
    (found,) = packages.resolve(["busybox-static"], crosstree.TARGET, keep="^busybox-static$")
    return found


def _name(path: Path) -> str:
    return path.name.removesuffix(".xz")


def _unpacked(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
