# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's Python: what is imported beside the firmware, as byte code."""

from __future__ import annotations

import shutil
from pathlib import Path

from bootstrap import say

from . import crosstree, shelf, wheels

HOME = "opt/callsheet"
UNCHECKED = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", "/work", "-p", "/")
"""The files never change on a phone, so their times need not be looked at."""


def site() -> Path:
    """The folder to be /opt/callsheet, without the firmware itself. Raises Failed."""
    found = wheels.site_packages()

    def make(folder: Path) -> None:
        say.step("byte-compile Python packages")
        shutil.copytree(found, folder / HOME, symlinks=True)
        shutil.rmtree(folder / HOME / "bin", ignore_errors=True)  # commands, by paths of this machine
        compile_in(folder, HOME)

    return shelf.kept("image-python", {"site": found.parent.name, "edition": 1}, make) / HOME


def compile_in(root: Path, *folders: str) -> None:
    """Byte-compile folders of a root file system. Raises Failed.

    The build tree has the same Python for this machine, and byte code is the same on all.
    One process, one order, one seed: the same bytes every time.
    """
    crosstree.run([crosstree.PYTHON, *UNCHECKED, *(f"/work/{folder}" for folder in folders)],
                  log=shelf.log("image"), shown={"/work": root}, env={"PYTHONHASHSEED": "0"})
