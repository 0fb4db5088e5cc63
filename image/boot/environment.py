# SPDX-License-Identifier: GPL-3.0-or-later
"""U-Boot's formats: an environment (doc/usage/environment.rst), and a script image (include/image.h)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

SLOTS_SIZE = 0x1000
"""Bytes of slots.env, as boot.cmd and fw_env.config have it."""
UBOOT_SIZE = 0x4000
"""Bytes of uboot.env: CONFIG_ENV_SIZE of Debian's rpi_arm64."""
_MAGIC, _LINUX, _ARM64, _SCRIPT = 0x27051956, 5, 22, 6


class TornEnvironment(ValueError):
    """The checksum does not hold."""


def environment(variables: Mapping[str, str], size: int) -> bytes:
    """An environment of so many bytes. Raises ValueError if they are too few."""
    text = b"".join(f"{name}={value}".encode() + b"\0" for name, value in sorted(variables.items())) + b"\0"
    if len(text) > size - 4:
        raise ValueError(f"an environment of {size} bytes has no room for {len(text)}")
    body = text.ljust(size - 4, b"\0")
    return struct.pack("<I", zlib.crc32(body)) + body


def variables(data: bytes) -> dict[str, str]:
    """What is in an environment. Raises TornEnvironment."""
    if len(data) < 5 or struct.unpack("<I", data[:4])[0] != zlib.crc32(data[4:]):
        raise TornEnvironment("the checksum does not hold")
    rows = data[4:].partition(b"\0\0")[0].split(b"\0")
    return dict(row.decode().partition("=")[::2] for row in rows if row)


def script(commands: str) -> bytes:
    """A script image (boot.scr) without the comments. It has no date, so the same commands give the same bytes."""
    lines = (line.strip() for line in commands.splitlines())
    text = "".join(f"{line}\n" for line in lines if line and not line.startswith("#")).encode()
    body = struct.pack(">II", len(text), 0) + text
    fields = (0, 0, len(body), 0, 0, zlib.crc32(body), _LINUX, _ARM64, _SCRIPT, 0, b"callsheet")
    checked = zlib.crc32(struct.pack(">7I4B32s", _MAGIC, *fields))
    return struct.pack(">7I4B32s", _MAGIC, checked, *fields[1:]) + body
