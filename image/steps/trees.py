# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's device trees with our changes in them (image/overlays), one for each model.

They are merged here and not by the Pi's firmware, so that U-Boot, QEMU and the phone see
the same tree.
"""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

from bootstrap import say
from bootstrap.paths import ROOT

from . import shelf, tooltree

OVERLAYS = ROOT / "image" / "overlays"
NAME = "overlay.dtbo"
FOR = "// for: "
"""An overlay's line that names the device trees it is for by patterns, as bcm2711-*; without it, all."""


def device_trees(source: Path, target: Path) -> None:
    """Put the device trees into a folder, each with the overlays that are for it. Raises Failed."""
    trees = sorted(source.glob("*.dtb"))
    for tree in trees:
        shutil.copy(tree, target)
    for overlay in sorted(OVERLAYS.glob("*.dts")):
        names = chosen(overlay.read_text(), [tree.name for tree in trees])
        if not names:
            raise say.Failed(f"{overlay} is for no device tree of Debian's kernel: {', '.join(tree.name for tree in trees)}")
        shutil.copy(overlay, target / "overlay.dts")
        merge = "dtc -q -@ -I dts -O dtb -o overlay.dtbo overlay.dts" + "".join(
            f" && fdtoverlay -i {name} -o merged {NAME} && mv merged {name}" for name in names)
        tooltree.run(["sh", "-ec", merge], log=shelf.log("image"), shown={"/work": target})
        for name in ("overlay.dts", NAME):
            (target / name).unlink()


def chosen(text: str, names: list[str]) -> list[str]:
    """Which device trees an overlay is for."""
    for line in text.splitlines():
        if line.startswith(FOR):
            patterns = line.removeprefix(FOR).split()
            return [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
    return names
