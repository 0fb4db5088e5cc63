# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings file on disk: replaced whole, the previous one kept, and new settings on trial.

Settings on trial go back by themselves unless somebody confirms them in time: a
wrong SIP server must not cost the way back to the phone. `FILE.trial` says that a
trial is under way; it is on disk before the new settings are, so that a power cut
at any moment leaves either the old settings, or the new ones with the trial that
takes them back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime

import msgspec
from msgspec import Struct

from callsheet.adapters.whole_file import sync_folder, write_whole
from callsheet.ports import PortError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SettingsError(PortError, OSError):
    """The settings could not be read or written; the text says which file and why."""


class Trial(Struct, frozen=True):
    """Settings that go back unless confirmed."""

    boot: str
    """The kernel's id of the boot it began in (random(4))."""
    until: float
    """Seconds since that boot, sleep included."""


def boot_seconds() -> float:
    """Seconds since the machine was switched on; no change of the wall clock moves it."""
    return clock_gettime(CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's id of this boot."""
    return BOOT_ID.read_text().strip()


class SettingsFiles:
    """One settings file and what belongs to it. One process at a time writes."""

    def __init__(
        self, path: Path, now: Callable[[], float] = boot_seconds, boot: Callable[[], str] = boot_id
    ) -> None:
        self.path = path
        self._previous = path.with_name(f"{path.name}.previous")
        self._trial = path.with_name(f"{path.name}.trial")
        self._now, self._boot = now, boot

    def current(self) -> bytes:
        """The file as it is; empty if there is none yet. Raises SettingsError."""
        return self._read(self.path) or b""

    def previous(self) -> bytes | None:
        """The file before the last change; None: there was none. Raises SettingsError."""
        return self._read(self._previous)

    def trial(self) -> Trial | None:
        """The trial under way; one that cannot be read counts as one that is over."""
        data = self._read(self._trial)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Trial)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Trial("", 0.0)

    def left(self) -> float | None:
        """Seconds until the trial ends; 0 or less: it is over, also because the machine was restarted; None: no trial."""
        trial = self.trial()
        if trial is None:
            return None
        return trial.until - self._now() if trial.boot == self._boot() else 0.0

    def apply(self, data: bytes, trial: float | None = None) -> None:
        """Make `data` the settings, on trial for so many seconds unless None. Raises SettingsError.

        During a trial the settings to go back to stay those from before it.
        """
        if self.trial() is None:
            self._write(self._previous, self.current())
        if trial is not None:
            self.extend(trial)
        self._write(self.path, data)
        if trial is None:
            self._remove(self._trial)

    def extend(self, seconds: float) -> None:
        """The trial ends so many seconds from now. Raises SettingsError."""
        self._write(self._trial, msgspec.json.encode(Trial(self._boot(), self._now() + seconds)))

    def confirm(self) -> bool:
        """The settings on trial stay. False: there was no trial. Raises SettingsError."""
        return self._remove(self._trial)

    def revert(self) -> bool:
        """Back to the settings before the last change. False: there are none. Raises SettingsError."""
        previous = self.previous()
        if previous is None:
            return False
        current = self.current()
        on_trial = self.trial() is not None
        self._write(self.path, previous)
        if not on_trial:
            # Going back twice is going forward again; what failed a trial is not worth that.
            self._write(self._previous, current)
        self._remove(self._trial)
        return True

    def settle(self) -> bool:
        """At start: take back settings whose trial was not confirmed in time. True: they were taken back."""
        left = self.left()
        return left is not None and left <= 0.0 and self.revert()

    def lasting(self) -> bytes:
        """What `settle` would leave, without a write: for a reader that the files do not belong to. Raises SettingsError."""
        left = self.left()
        previous = self.previous() if left is not None and left <= 0.0 else None
        return self.current() if previous is None else previous

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}") from None

    def _write(self, path: Path, data: bytes) -> None:
        """Whole or not at all, readable by the phone's user alone: it may hold passwords."""
        try:
            write_whole(path, data)
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}; nothing was changed") from None

    def _remove(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}") from None
        sync_folder(path.parent)
        return True
