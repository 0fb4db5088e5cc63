# SPDX-License-Identifier: GPL-3.0-or-later
"""Which state of the checkout an image is made of."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import asdict, dataclass

from bootstrap import say
from bootstrap.paths import ROOT

INPUTS = ("firmware/callsheet", "image", "scripts/lib", "scripts/build-pjsua2", "requirements.lock", "pyproject.toml")
"""What of the checkout can change an image. A commit that touches none of it leaves the bytes as they are."""
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """What the image says of itself, in /usr/lib/callsheet/release.json."""

    version: str
    commit: str
    """The last one that touched INPUTS; with a + if files differ from it."""
    made: int
    """Seconds since 1970: the commit's time, which stands for the time of building."""
    channel: str
    """"release", or "development" when updates are signed by a key that was made for this machine."""

    @property
    def text(self) -> str:
        """The file's contents."""
        return json.dumps(asdict(self), indent=1) + "\n"


def release(channel: str) -> Release:
    """The state of this checkout. Raises Failed."""
    match = VERSION.search((ROOT / "firmware/callsheet/__init__.py").read_text())
    if match is None:
        raise say.Failed("firmware/callsheet/__init__.py has no __version__")
    commit, _, made = _git("log", "-1", "--format=%h %ct", "--abbrev=10", "--", *INPUTS).partition(" ")
    changed = "+" if _git("status", "--porcelain", "--", *INPUTS) else ""
    made = os.environ.get("SOURCE_DATE_EPOCH") or made
    if not made.isdecimal():
        raise say.Failed("this is no git checkout: say by SOURCE_DATE_EPOCH (seconds since 1970) which date the image bears")
    return Release(match[1], f"{commit or 'unknown'}{changed}", int(made), channel)


def _git(*words: str) -> str:
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
