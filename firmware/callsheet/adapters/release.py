# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build of Callsheet this is: the version, and on a phone's card what its image was made of."""

from __future__ import annotations

import json
from pathlib import Path

from callsheet import __version__

RECORD = Path("/usr/lib/callsheet/release.json")
"""Written by image/build (image/steps/release.py)."""


def image_version(record: Path = RECORD) -> str:
    """The version of the image that runs; empty: this is no image."""
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def described(record: Path = RECORD) -> str:
    """The version; with an image's record also its commit, and its channel unless that is "release"."""
    try:
        facts = json.loads(record.read_text(encoding="utf-8"))
        words = [str(facts["commit"]), *([str(facts["channel"])] if facts["channel"] != "release" else [])]
    except (OSError, ValueError, KeyError, TypeError):
        return __version__
    return f"{__version__} ({', '.join(words)})"
