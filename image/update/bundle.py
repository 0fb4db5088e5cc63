# SPDX-License-Identifier: GPL-3.0-or-later
"""A RAUC bundle of the image's slot: what a phone takes as an update.

Format "verity" (RAUC manual, "Bundle Formats"): a signed manifest, and the slot in a
squashfs whose blocks are checked as they are read, so that it can be installed over the
network without being stored first.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say

COMPATIBLE = "callsheet-arm64"
"""As image/system/etc/rauc/system.conf has it."""
RELEASE = "/usr/lib/callsheet/release.json"
SLOT_A = 1
"""Number in the partition table, from 0."""
MANIFEST = """\
[update]
compatible={compatible}
version={version}
description=Callsheet {version}
build={build}

[bundle]
format=verity

[image.rootfs]
filename=slot.img
"""
ADAPTIVE = "adaptive=block-hash-index\n"
"""Over the network only blocks that neither slot has are fetched (RAUC manual, "Adaptive Updates")."""
PACKING = "-comp zstd -Xcompression-level 15 -b 128K"


@dataclass(frozen=True)
class Signer:
    """Certificate and key in PEM, and certificates between it and the keyring."""

    certificate: Path
    key: Path
    between: Path | None = None


def bundle(image: Path, signer: Signer, out: Path, packing: str = PACKING, adaptive: str = ADAPTIVE) -> Path:
    """Make it from an image; returns its path in the folder `out`. Raises Failed."""
    for tool in ("rauc", "mksquashfs", "debugfs"):
        if not shutil.which(tool, path=_path()):
            raise say.Failed(f"{tool} is needed to make a bundle: apt-get install rauc squashfs-tools e2fsprogs")
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        content = Path(scratch, "content")
        content.mkdir()
        slot = content / "slot.img"
        _cut_out(image, slot)
        facts = release(slot)
        (content / "manifest.raucm").write_text(manifest(facts) + adaptive)
        made = Path(scratch, "made.raucb")
        between = [f"--intermediate={signer.between}"] if signer.between else []
        say.step(f"pack and sign {facts['version']}")
        say.run(["rauc", "bundle", f"--cert={signer.certificate}", f"--key={signer.key}", *between,
                 f"--mksquashfs-args={packing}", content, made], log=Path(scratch, "log"),
                env={**os.environ, "PATH": _path()})
        target = out / f"callsheet-{facts['version']}-arm64.raucb"
        made.rename(target)
    return target


def manifest(facts: dict[str, object]) -> str:
    """RAUC's manifest for a release."""
    return MANIFEST.format(compatible=COMPATIBLE, version=facts["version"], build=facts["commit"])


def release(slot: Path) -> dict[str, object]:
    """What a slot says of itself. Raises Failed if it is no slot of ours."""
    done = subprocess.run(["debugfs", "-R", f"cat {RELEASE}", slot], capture_output=True, text=True, check=False,
                          env={"PATH": _path()})
    try:
        found = json.loads(done.stdout)
        return {"version": str(found["version"]), "commit": str(found["commit"])}
    except (ValueError, KeyError, TypeError):
        raise say.Failed(f"there is no {RELEASE} in its slot A: this is not an image of image/build") from None


def _cut_out(image: Path, slot: Path) -> None:
    """Copy the image's first slot, holes as holes."""
    with image.open("rb") as card, slot.open("wb") as file:
        table = card.read(512)
        if table[510:] != b"\x55\xaa":
            raise say.Failed(f"{image} has no partition table: name the .img that image/build made")
        start, length = struct.unpack_from("<II", table, 446 + 16 * SLOT_A + 8)
        card.seek(start * 512)
        left = length * 512
        while left:
            data = card.read(min(1 << 20, left))
            if not data:
                raise say.Failed(f"{image} ends too early")
            if data.strip(b"\0"):
                file.write(data)
            else:
                file.seek(len(data), 1)
            left -= len(data)
        file.truncate(length * 512)


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
