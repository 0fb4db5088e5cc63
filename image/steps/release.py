# SPDX-License-Identifier: GPL-3.0-or-later
"""Which state of the checkout an image is made of; its name, dates and identifiers follow from that alone."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import uuid
from dataclasses import dataclass

from bootstrap import say
from bootstrap.paths import ROOT

INPUTS = ("firmware", "image", "scripts/lib", "scripts/build-pjsua2", "requirements.lock", "pyproject.toml")
"""What of the checkout can change an image."""


@dataclass(frozen=True)
class Release:
    """One state: the version, the commit, its date in seconds since 1970, and whether files differ from it."""

    version: str
    commit: str
    epoch: int
    changed: bool

    @property
    def name(self) -> str:
        """Version with commit, as in file names."""
        return f"{self.version}+g{self.commit[:10]}{'.changed' if self.changed else ''}"

    def uuid(self, what: str) -> str:
        """A fixed identifier for a part of the image."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"callsheet:{self.name}:{what}"))

    @property
    def disk(self) -> int:
        """The disk's signature: 32 bits, never 0, which means none."""
        return int.from_bytes(hashlib.sha256(f"disk {self.name}".encode()).digest()[:4], "big") or 1

    def record(self, key: str) -> str:
        """What the phone knows about itself (/usr/lib/callsheet/release)."""
        facts = {"version": self.version, "commit": self.commit, "changed": self.changed, "built": self.epoch, "key": key}
        return json.dumps(facts, indent=1) + "\n"


def release() -> Release:
    """The state of this checkout. Raises Failed."""
    source = (ROOT / "firmware/callsheet/__init__.py").read_text()
    version = re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE)
    if version is None:
        raise say.Failed("firmware/callsheet/__init__.py states no __version__")
    commit, _, epoch = _git("log", "-1", "--format=%H %ct").partition(" ")
    return Release(version[1], commit, int(epoch), bool(_git("status", "--porcelain", "--", *INPUTS)))


def _git(*words: str) -> str:
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words]
    reply = subprocess.run(command, text=True, capture_output=True, check=False)
    if reply.returncode:
        raise say.Failed(f"an image is made of a git checkout: {reply.stderr.strip()}")
    return reply.stdout.strip()
