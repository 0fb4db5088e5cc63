# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's settings on a card that was just written: checked first, then put on its boot partition."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from .trouble import Trouble

NAME = "callsheet.toml"
LABEL = b"CALLSHEET  "
"""The boot partition's, as FAT32 keeps it at 71 of its first sector (Microsoft, "FAT: General Overview of On-Disk Format")."""
LARGEST = 1 << 20


def checked(path: Path) -> bytes:
    """The settings file, checked as the phone will check it. Raises Trouble naming line and remedy."""
    if shutil.which("mcopy") is None:
        raise Trouble(f"mtools is needed to put {NAME} on the card (apt install mtools, brew install mtools); "
                      "or write without --settings and copy the file onto the card's first partition")
    try:
        from callsheet.formats.errors import FormatError
        from callsheet.formats.settings import read_settings
    except ModuleNotFoundError as error:
        raise Trouble(f"checking settings needs {error.name}: run scripts/setup --fast once") from None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise Trouble(f"{path} is larger than a settings file can be")
    try:
        read_settings(data, str(path))
    except FormatError as error:
        raise Trouble(str(error)) from None
    return data


def put(target: Path, data: bytes) -> None:
    """As callsheet.toml onto the boot partition. Raises Trouble if there is none."""
    place = f"{target}@@{boot_partition(target)}"
    done = subprocess.run(["mcopy", "-o", "-i", place, "-", f"::{NAME}"], input=data, capture_output=True, check=False,
                          env={"PATH": "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin", "MTOOLSRC": "/dev/null"})
    back = subprocess.run(["mtype", "-i", place, f"::{NAME}"], capture_output=True, check=False)
    if done.returncode or back.stdout != data:
        raise Trouble(f"the card is written, but {NAME} could not be put on it ({done.stderr.decode(errors='replace').strip()}); "
                      "copy it onto the card's first partition by hand")


def boot_partition(target: Path) -> int:
    """Where the boot partition begins, in bytes. Raises Trouble."""
    with target.open("rb") as card:
        table = card.read(512)
        if table[510:512] == b"\x55\xaa":
            start = struct.unpack_from("<I", table, 446 + 8)[0] * 512
            card.seek(start)
            if start and card.read(512)[71:82] == LABEL:
                return int(start)
    raise Trouble(f"{target} has no partition CALLSHEET at its beginning: this image is not a phone's")
