# SPDX-License-Identifier: GPL-3.0-or-later
"""The first root of the image: busybox, a script and the modules that reach the card."""

from __future__ import annotations

import lzma
from pathlib import Path

from bootstrap.paths import ROOT

from . import cpio, crosstree, packages
from . import kernel as linux

SCRIPT = ROOT / "image" / "initrd" / "init"
MODULES = (
    "gpio-regulator", "fixed",  # the 4B's card has its power switched by these
    "sdhci_iproc", "bcm2835",  # card readers: 4B, 400 and Zero 2 W; 3A+, 3B, 3B+
    "virtio_blk", "virtio_mmio",  # QEMU
    "ext4", "overlay",
    "i2c-bcm2835", "i2c-dev",  # the display, as soon as there is a system
    "bcm2835_wdt",
)


def initrd(root: Path) -> bytes:
    """The archive for the kernel of a root file system, uncompressed. Raises Failed."""
    (modules,) = (root / "usr/lib/modules").iterdir()
    found = linux.needed(linux.Kernel(modules.name, root), MODULES)
    files = {"init": SCRIPT.read_bytes(), "bin/busybox": _busybox()}
    files |= {f"modules/{path.name.removesuffix('.xz')}": _unpacked(path) for path in found}
    order = "".join(f"{path.name.removesuffix('.xz')}\n" for path in found)
    files["modules/order"] = order.encode()
    return cpio.archive(files, ("proc", "sys", "dev", "root"), {"dev/console": (5, 1), "dev/kmsg": (1, 11)})


def busybox() -> list[packages.Package]:
    """The package that its commands are from. Raises Failed."""
    return packages.resolve(["busybox-static"], crosstree.TARGET, keep="^busybox-static$")


def _busybox() -> bytes:
    return packages.member(busybox()[0], "./usr/bin/busybox")


def _unpacked(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
