# SPDX-License-Identifier: GPL-3.0-or-later
"""New settings on trial: the phone runs with them; if it cannot reach its servers in time, and nobody confirms, they go back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import msgspec

from callsheet.adapters.control import ControlClient, NoPhone, Refused
from callsheet.adapters.privileged import SystemTrouble, ask_system
from callsheet.adapters.settings_files import SettingsError, SettingsFiles
from callsheet.console.desk import Desk
from callsheet.console.probe import probe
from callsheet.formats.settings import Settings

log = logging.getLogger("callsheet.console")

LOOK = 1.0
STEADY = 3
"""Looks in a row at which all is well."""


class TrialKeeper:
    """A thread that watches over a trial, also over one that an earlier console began."""

    def __init__(
        self, desk: Desk, files: SettingsFiles, told: Callable[[str], None] = lambda text: None, look: float = LOOK
    ) -> None:
        """`files` is the file on trial, one of the desk's layers.

        `told` hears how a trial ended; it is called on the keeper's thread.
        """
        self._desk = desk
        self._files = files
        self._told = told
        self._look = look
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trial", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._desk.applied.append(self._wake.set)
        self._wake.set()
        self._thread.start()

    def close(self) -> None:
        """Watch no more; a trial under way is taken back by whoever starts next."""
        self._closed.set()
        self._wake.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                self._watch()
            except SettingsError as error:
                log.error("%s", error)

    def _watch(self) -> None:
        """Until the trial is over."""
        good = 0
        while not self._closed.is_set():
            begun = self._begun()
            with self._desk.guard:
                left = self._files.left()
                if left is None:
                    return
                if left <= 0:
                    self._take_back()
                    return
                whole = self._desk.usable().console.trial
                if not begun and left < whole / 2:
                    # A call is up; the phone takes the settings when it is over, and the trial begins then.
                    self._files.extend(whole)
            good = good + 1 if begun and self._well() else 0
            if good >= STEADY:
                with self._desk.guard:
                    if self._files.confirm():
                        self._say("the new settings work and stay")
                return
            self._closed.wait(self._look)

    def _take_back(self) -> None:
        before = self._desk.usable()
        if self._files.revert():
            take_effect(self._desk, before, force=True)
            self._say("the phone did not reach its servers in time: the settings from before are back")

    def _say(self, text: str) -> None:
        log.warning("%s", text)
        self._told(text)

    def _begun(self) -> bool:
        """Whether the phone, if it runs, runs with the settings on disk."""
        try:
            running = ControlClient(self._desk.data).ask("settings")["digest"]
        except (NoPhone, Refused):
            return True
        return bool(running == self._desk.layers.digest())

    def _well(self) -> bool:
        """Registered, and where the phone is bound to an agent, with a sheet that can be fetched."""
        try:
            status = ControlClient(self._desk.data).ask("status")
        except (NoPhone, Refused):
            return False
        settings = self._desk.usable()
        if settings.sip.server and not status.get("registered"):
            return False
        if not (settings.sheet.url and settings.phone.agent) or status.get("sheet"):
            return True
        return probe(settings, self._desk.data).ok


def take_effect(desk: Desk, before: Settings, *, force: bool = False) -> tuple[str, ...]:
    """Let phone and system take what is on disk now, and the keepers look; returns what becomes of it, for people.

    `before`: the settings that were in force; `force`: break off a call.
    """
    network = _adapt_network(before, desk.usable())
    phone = _restart(desk, force=force)
    for told in desk.applied:
        told()
    return (phone, network) if network else (phone,)


def _adapt_network(old: Settings, new: Settings) -> str:
    """Have the system take another section [network]; returns what became of that, or nothing."""
    if old.network == new.network:
        return ""
    try:
        ask_system("network", settings=msgspec.to_builtins(new.network))
    except SystemTrouble as trouble:
        return f"network: {trouble}"
    return "network: taken over"


def _restart(desk: Desk, *, force: bool) -> str:
    """Have the phone take the settings on disk; returns what is going to happen."""
    try:
        now = ControlClient(desk.data).ask("restart", force=force)["now"]
    except NoPhone:
        return "the phone does not run; it takes them when it starts"
    except Refused as refused:
        return refused.reason
    if now:
        desk.restarted()
    return "the phone takes them now" if now else "the phone takes them when the present call is over"
