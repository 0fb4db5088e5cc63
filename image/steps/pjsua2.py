# SPDX-License-Identifier: GPL-3.0-or-later
"""pjsua2 for the phone's processor: `scripts/build-pjsua2` run in the build tree."""

from __future__ import annotations

import os
from pathlib import Path

from bootstrap import recipe, say, source
from bootstrap.paths import ROOT

from . import crosstree, shelf


def wheel() -> Path:
    """The wheel, built if need be (two to three minutes on two cores). Raises Failed."""
    pinned = source.recorded()
    facts = {"recipe": recipe.recipe_hash(pinned.sha256), "builder": _builder(), "tree": crosstree.wanted(),
             "edition": crosstree.EDITION}
    (made,) = shelf.kept("pjsua2", facts, lambda folder: _make(folder, pinned)).glob("*.whl")
    return made


def _builder() -> str:
    """Changes with the code that builds, as far as it decides what comes out."""
    folder = ROOT / "scripts/lib/bootstrap"
    return shelf.digest([folder / "build.py", folder / "recipe.py", folder / "cross.py"])


def _make(folder: Path, pinned: source.Source) -> None:
    try:
        archive = source.fetch(pinned)
    except say.Failed:
        if os.environ.get("CALLSHEET_PJPROJECT") != "signed":
            raise
        pinned = source.signed_today()
        archive = source.fetch(pinned)
    say.step(f"build pjsua2 for {crosstree.TRIPLE} (two to three minutes)")
    cache = shelf.place() / "crosscache"
    cache.mkdir(parents=True, exist_ok=True)
    crosstree.run(
        [crosstree.PYTHON, "scripts/build-pjsua2", "--host", crosstree.TRIPLE,
         "--python", f"/usr/bin/{crosstree.PYTHON}",
         "--source", f"/work/{archive.name}", "--sha256", pinned.sha256],
        log=shelf.log("pjsua2"), shown={"/checkout": ROOT, "/cache": cache, "/work": archive.parent},
        cwd="/checkout", env={"CALLSHEET_CACHE": "/cache", "PYTHONDONTWRITEBYTECODE": "1"})
    newest = max((cache / "pjsua2").glob("*/pjsua2-*aarch64.whl"), key=lambda path: path.stat().st_mtime)
    newest.rename(folder / newest.name)
