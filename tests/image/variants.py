# SPDX-License-Identifier: GPL-3.0-or-later
"""Other versions of an image: the same but for some files in its slot."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from image.steps.layout import MEBI, SLOT_A
from image.update import bundle

QUICK = "-comp zstd -Xcompression-level 1 -b 128K"


def variant(image: Path, folder: Path, version: str, files: dict[str, bytes]) -> Path:
    """A copy of the image that says it is this version, with these files (paths in the slot) replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    made, slot = folder / image.name, folder / "slot"
    subprocess.run(["cp", "--sparse=always", image, made], check=True)
    bundle._cut_out(image, slot)
    facts = subprocess.run(["debugfs", "-R", f"cat {bundle.RELEASE}", slot], capture_output=True, text=True, check=True).stdout
    commands = []
    for number, (name, data) in enumerate({bundle.RELEASE: json.dumps({**json.loads(facts), "version": version}).encode(), **files}.items()):
        source = folder / f"file{number}"
        source.write_bytes(data)
        commands += [f"rm {name}", f"write {source} {name}"]
    subprocess.run(["debugfs", "-w", "-f", "-", slot], input="\n".join(commands) + "\n", text=True, check=True, capture_output=True)
    with made.open("r+b") as card, slot.open("rb") as source_file:
        card.seek(SLOT_A.begin * MEBI)
        while data := source_file.read(MEBI):
            card.write(data)
    slot.unlink()
    return made
