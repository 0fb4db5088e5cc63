# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this phone is: MAC address and serial number, for links and for names of files."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from msgspec import Struct

SERIAL = "sys/firmware/devicetree/base/serial-number"
"""Of a Pi. Not by way of /proc, of which a unit sees only processes."""


class Identity(Struct, frozen=True):
    """What can stand in a sheet's link as {mac} and {serial}."""

    mac: str
    """Twelve lower-case hexadecimal digits."""
    serial: str


def identity(root: Path = Path("/")) -> Identity:
    """Read from the hardware; where there is no serial number, made from the machine's id."""
    return Identity(_mac(root), _serial(root))


def _mac(root: Path) -> str:
    """Of the wired interface if there is one, as makers print it on the label."""
    nets = root / "sys/class/net"
    names = sorted(p.name for p in nets.iterdir()) if nets.is_dir() else []
    names.sort(key=lambda name: (not name.startswith(("eth", "en")), name))
    for name in names:
        try:
            text = (nets / name / "address").read_text().strip().replace(":", "").lower()
        except OSError:
            continue
        if len(text) == 12 and int(text, 16) and (nets / name / "device").exists():
            return text
    return f"{uuid.getnode():012x}"


def _serial(root: Path) -> str:
    """The Pi's serial number (device tree, "serial-number"); else of the machine's id."""
    try:
        return (root / SERIAL).read_text().strip("\0\n ").lstrip("0").lower() or "0"
    except OSError:
        pass
    try:
        machine = (root / "etc/machine-id").read_bytes()
    except OSError:
        machine = uuid.getnode().to_bytes(8, "big")
    # systemd asks that the machine id itself be kept confidential (machine-id(5)).
    return hashlib.sha256(b"callsheet" + machine).hexdigest()[:12]
