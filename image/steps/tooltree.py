# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that make file systems and images, of the image's own release: the same bytes on any machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .tree import Tree

TREE = Tree("tooltree", (
    "systemd", "udev",  # users, presets, hardware names for a foreign root: none of it needs that root's processor
    "kmod", "e2fsprogs", "libarchive13t64", "dosfstools", "mtools", "fdisk", "zstd", "xz-utils", "bmap-tools",
    "u-boot-tools", "device-tree-compiler", "rauc", "squashfs-tools", "openssl",
), "the tools that make images")


def run(command: Sequence[str | Path], *, log: Path, shown: Mapping[str, Path], cwd: str = "/work",
        env: Mapping[str, str] | None = None) -> None:
    """Run a command inside (Tree.run). Raises Failed."""
    TREE.run(command, log=log, shown=shown, cwd=cwd, env=env)
