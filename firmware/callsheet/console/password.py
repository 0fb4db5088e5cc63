# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's password: one per device, none by default, wrong ones slowed down, also over a restart.

It is set by the provisioning file or at the console. A phone that has none makes one
at its first start and shows it on its display until somebody has logged in; whoever
can read the display has the phone in hand anyway.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from time import time

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.whole_file import write_whole
from callsheet.core.pin import make, matches
from callsheet.formats.errors import Invalid
from callsheet.formats.settings import LEAST_PASSWORD

NAME = "console.json"
FREE_TRIES = 3
FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0
"""Seconds after the tries that are free; doubled each time."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else on a small display."""
_guard = threading.Lock()
"""Who tries at two consoles at once has no more tries than at one."""


class Kept(Struct, frozen=True, omit_defaults=True):
    """What is on disk."""

    hash: str = ""
    shown: str = ""
    """The password that was made here, for the display, until the first log-in."""
    failures: int = 0
    until: float = 0.0
    """POSIX seconds before which nothing is tried."""


class Password:
    """The password in the phone's data directory. Raises OSError where that cannot be written."""

    def __init__(self, directory: Path, now: Callable[[], float] = time) -> None:
        self._path = directory / NAME
        self._now = now

    def ensure(self) -> str:
        """Make a password if there is none; returns the one to be shown on the display, or ""."""
        with _guard:
            kept = self._load()
            if not kept.hash:
                made = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
                kept = Kept(_hashed(made), shown=made)
                self._save(kept)
            return kept.shown

    def known(self) -> bool:
        """Whether there is a password."""
        return bool(self._load().hash)

    def shown(self) -> str:
        """What the display is to show; empty: nothing (any more)."""
        return self._load().shown

    def set(self, password: str) -> None:
        """Choose a password. Raises Invalid if it is too short or cannot be typed."""
        if len(password) < LEAST_PASSWORD or not password.isprintable():
            raise Invalid(f"a password has at least {LEAST_PASSWORD} characters, all printable")
        with _guard:
            self._save(Kept(_hashed(password)))

    def wait(self) -> float:
        """Seconds until the next try."""
        # A clock that was set back must not lock anybody out for longer than the longest wait.
        return min(max(0.0, self._load().until - self._now()), LONGEST_WAIT)

    def check(self, password: str) -> bool:
        """Whether it is the password. The failure is on disk before the answer is known; not while `wait` is above 0."""
        with _guard:
            return self._check(password)

    def _check(self, password: str) -> bool:
        kept = self._load()
        if self.wait() > 0 or not kept.hash:
            return False
        failures = kept.failures + 1
        pause = 0.0 if failures < FREE_TRIES else min(FIRST_WAIT * 2.0 ** (failures - FREE_TRIES), LONGEST_WAIT)
        self._save(replace(kept, failures=failures, until=self._now() + pause))
        if not matches(password, kept.hash):
            return False
        self._save(Kept(kept.hash))
        return True

    def _load(self) -> Kept:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return Kept()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Kept()

    def _save(self, kept: Kept) -> None:
        write_whole(self._path, msgspec.json.encode(kept))


def _hashed(password: str) -> str:
    return make(password, secrets.token_bytes(16))
