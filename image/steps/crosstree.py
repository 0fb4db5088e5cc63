# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Debian of the image's release on this machine, with compilers for arm64 and the libraries to link with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap import debian

from .tree import Tree

TARGET = "arm64"
TRIPLE = "aarch64-linux-gnu"
PYTHON = "python3.13"
"""The release's own."""
TOOLS = ("crossbuild-essential-arm64", "make", "swig", "python3-dev", "python3-setuptools", "bc", "kmod",
         "device-tree-compiler")
EDITION = 1


def wanted() -> list[str]:
    """The packages it is made of: tools that run here, and the SIP stack's libraries for the target."""
    libraries = [name for name in debian.packages("build") if name.endswith("-dev")]
    return [*TOOLS, *(f"{name}:{TARGET}" for name in libraries), f"libpython3-dev:{TARGET}"]


def tree() -> Path:
    """The folder it is in, made if need be. Raises Failed."""
    return _tree().path()


def run(command: Sequence[str | Path], *, log: Path, shown: Mapping[str, Path], cwd: str = "/work",
        env: Mapping[str, str] | None = None) -> None:
    """Run a command inside (Tree.run). Raises Failed."""
    _tree().run(command, log=log, shown=shown, cwd=cwd, env=env)


def _tree() -> Tree:
    return Tree("crosstree", tuple(wanted()), f"compilers for {TARGET}", TARGET, EDITION)
