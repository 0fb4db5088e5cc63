# SPDX-License-Identifier: GPL-3.0-or-later
"""The list that Raspberry Pi Imager reads (its repository, doc/json-schema/os-list-schema.json)."""

from __future__ import annotations

import hashlib
import json
import lzma
from datetime import UTC, datetime
from pathlib import Path

DEVICES = ("pi3-64bit", "pi4-64bit")
"""Imager's tags: 3A+, 3B, 3B+, Zero 2 W have the first, 4B and 400 the second."""


def os_list(packed: Path, base: str, version: str, made: int) -> str:
    """The list for an .img.xz that will be at `base`/NAME, with icon.svg beside it; `made`: seconds since 1970.

    Raises OSError, LZMAError.
    """
    sha256, size = hashlib.sha256(), 0
    with lzma.open(packed, "rb") as image:
        while data := image.read(1 << 20):
            sha256.update(data)
            size += len(data)
    with packed.open("rb") as file:
        outer = hashlib.file_digest(file, "sha256").hexdigest()
    entry = {
        "name": f"Callsheet {version}",
        "description": "A desk phone that dials a call sheet. Put callsheet.toml on the card afterwards.",
        "icon": f"{base.rstrip('/')}/icon.svg",
        "url": f"{base.rstrip('/')}/{packed.name}",
        "release_date": datetime.fromtimestamp(made, UTC).date().isoformat(),
        "extract_size": size, "extract_sha256": sha256.hexdigest(),
        "image_download_size": packed.stat().st_size, "image_download_sha256": outer,
        "devices": list(DEVICES),
    }
    return json.dumps({"os_list": [entry]}, indent=1) + "\n"
