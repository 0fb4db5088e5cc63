# SPDX-License-Identifier: GPL-3.0-or-later
"""What an admin works on: the settings as they are, as they are to be, and the phone they are for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from callsheet.adapters.control import ControlClient, NoPhone, Refused
from callsheet.adapters.settings_files import SettingsError
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.console.password import Password
from callsheet.console.reply import Trouble
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.settings_moves import with_new_names
from callsheet.formats.settings_tolerant import faults, tolerant

RESTART = 20.0
"""Seconds within which a phone that takes new settings is there again, also on the slowest board."""
PAUSE = 0.25


class Desk:
    """One phone's settings file, data directory and control socket; shared by all consoles of the phone."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.layers = SettingsLayers(config)
        self.files = self.layers.local
        self.guard = threading.RLock()
        """Held while the settings file changes."""
        self.applied: list[Callable[[], None]] = []
        """Called after settings were put on trial."""
        self._restarted = -RESTART

    def settings(self, own: str | None = None) -> Settings:
        """Those in force, or those that would be if the phone's own file were `own`. Raises Trouble.

        What was wrong in the file before, such as a setting of newer firmware, is left out and no hindrance.
        """
        text = self.text() if own is None else own
        self._check(text)
        try:
            return tolerant(text.encode(), self.layers.fleet.current())[0]
        except SettingsError as error:
            raise Trouble(str(error)) from None

    def own(self) -> Settings:
        """What the phone's own file says, without its fleet's. Raises Trouble."""
        return tolerant(self.text().encode())[0]

    def faults(self, text: str | None = None) -> tuple[FormatError, ...]:
        """What is wrong in the phone's own file, or in `text`. Raises Trouble."""
        return faults((self.text() if text is None else text).encode())

    def _check(self, text: str) -> None:
        """Raises Trouble for a fault that the file does not have already."""
        found = self.faults(text)
        if not found:
            return
        known = {(fault.place, fault.reason) for fault in self.faults()}
        for fault in found:
            if (fault.place, fault.reason) not in known:
                # Without its line: nobody at a console sees the file.
                raise Trouble(f"{fault.place}: {fault.reason}" if fault.place else str(fault), fault.remedy)

    def text(self) -> str:
        """The settings file. Raises Trouble."""
        try:
            return self.files.current().decode("utf-8", "replace")
        except SettingsError as error:
            raise Trouble(str(error)) from None

    def usable(self) -> Settings:
        """As they are; the defaults where a file is wrong, so that a console can always be opened."""
        try:
            return self.layers.tolerant()[0]
        except SettingsError:
            return Settings()

    @property
    def data(self) -> Path:
        """The phone's data directory."""
        return self.config.resolve().parent / self.usable().data.directory

    @property
    def password(self) -> Password:
        """The console's."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Password(self.data)

    def ask(self, question: str, **more: Any) -> Any:
        """Ask the phone; one that is taking new settings is waited for. Raises Trouble if it does not run or says no."""
        while True:
            try:
                return ControlClient(self.data).ask(question, **more)
            except NoPhone as error:
                if monotonic() > self._restarted + RESTART:
                    raise Trouble(str(error), "log shows why it ended") from None
                sleep(PAUSE)
            except Refused as refused:
                raise Trouble(refused.reason, refused.remedy) from None

    def restarted(self) -> None:
        """The phone was told to take new settings, and is gone for a moment."""
        self._restarted = monotonic()


class Session:
    """One admin at one console: what was changed and not applied yet."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._base: str | None = None
        self._candidate = ""

    @property
    def candidate(self) -> str:
        """The settings file as it is to be. Raises Trouble."""
        return with_todays_names(self.desk.text()) if self._base is None else self._candidate

    @candidate.setter
    def candidate(self, text: str) -> None:
        if self._base is None:
            self._base = self.desk.text()
        self._candidate = with_todays_names(text)

    @property
    def changed(self) -> bool:
        """Whether something waits to be applied."""
        return self._base is not None and self._candidate != self._base

    def forget(self) -> None:
        """Drop the changes."""
        self._base = None

    def overtaken(self) -> bool:
        """Whether the settings were changed at another console since the first change here."""
        return self._base is not None and self.desk.text() != self._base


def checked(text: str) -> Settings:
    """The settings in a file. Raises Trouble with place and remedy."""
    try:
        return read_settings(text.encode(), "")
    except FormatError as error:
        raise trouble_of(error) from None


def trouble_of(fault: FormatError) -> Trouble:
    """A fault in a file, as an answer."""
    where = f"line {fault.line}: " if fault.line else ""
    place = f"{fault.place}: " if fault.place else ""
    return Trouble(f"{where}{place}{fault.reason}", fault.remedy)


def with_todays_names(text: str) -> str:
    """The file under today's names; one that is no TOML as it is."""
    try:
        return with_new_names(text)
    except ValueError:
        return text


def within(patience: float, what: Callable[[], bool], pause: Callable[[float], object]) -> bool:
    """Whether `what` comes true within so many seconds."""
    end = monotonic() + patience
    while not what():
        if monotonic() >= end:
            return False
        pause(0.25)
    return True
