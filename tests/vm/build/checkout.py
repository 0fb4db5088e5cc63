# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk with what changes from day to day: the firmware, the agent, the modules of the simulated parts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bootstrap import say
from bootstrap.paths import ROOT
from image.steps import crosstree, shelf

from .system import System, disk

PARTS = {"firmware/callsheet": "firmware/callsheet", "tests/support": "tests/support", "tests/vm/guest": "guest"}
"""Folders of the checkout, and where they are on the disk (mounted at /vm)."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "manager", "docs")


def checkout(system: System) -> Path:
    """The disk, made anew only if a file changed. Raises Failed."""
    facts = {"files": {str(path.relative_to(ROOT)): path.stat().st_mtime_ns for path in _files()},
             "modules": system.modules.name, "edition": 1}
    return shelf.kept("vm-checkout", facts, lambda folder: _make(folder, system)) / "checkout.ext4"


def _files() -> Iterator[Path]:
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _make(folder: Path, system: System) -> None:
    say.step("put the checkout on a disk")
    content = folder / "content"
    for source, target in PARTS.items():
        shutil.copytree(ROOT / source, content / target, ignore=LEFT_OUT)
    (content / "modules").mkdir()
    for module in system.modules.glob("*.ko"):
        shutil.copy(module, content / "modules")
    crosstree.run([crosstree.PYTHON, "-m", "compileall", "-q", "-j2", "-s", "/work", "-p", "/vm", "/work"],
                  log=shelf.log("vm"), shown={"/work": content})
    disk(content, folder / "checkout.ext4", label="vm")
    shutil.rmtree(content)
