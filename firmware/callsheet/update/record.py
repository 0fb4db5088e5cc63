# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the last update: one small file for everybody who shows it, and one that outlives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from callsheet.adapters.privileged import FOLDER
from callsheet.adapters.whole_file import write_whole

NAME = "update.json"
State = Literal["none", "offered", "refused", "installing", "installed", "failed", "trial", "good", "taken-back"]


class Record(Struct, frozen=True, omit_defaults=True):
    """The last update."""

    state: State = "none"
    version: str = ""
    """The bundle's."""
    percent: int = 0
    doing: str = ""
    """What RAUC says it does, while installing."""
    reason: str = ""
    """Why it failed or was taken back."""
    remedy: str = ""
    source: str = ""
    """Link or path, without what could be a password."""
    slot: str = ""
    """The one it went into."""
    boot: str = ""
    """The kernel's id of the boot it was installed in (random(4))."""
    failing: tuple[str, ...] = ()
    """Checks of the self-test that failed before it; they do not count against it."""


def read(path: Path) -> Record:
    """The record in a file; an empty one if there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Record()


def write(path: Path, record: Record) -> None:
    """Put it in the place of the one before. Raises OSError."""
    write_whole(path, msgspec.json.encode(record), 0o644)


def present() -> Record:
    """What console and display show."""
    return read(FOLDER / NAME)
