# SPDX-License-Identifier: GPL-3.0-or-later
"""What the display says while nobody is signed in: the console's first password, what was wrong with the card, updates."""

from __future__ import annotations

import threading
from pathlib import Path

from callsheet.adapters.privileged import FOLDER
from callsheet.console.password import Password
from callsheet.core.events import FaultChanged, NoticeChanged
from callsheet.ports import Post
from callsheet.provisioning.card import complaint
from callsheet.update import record
from callsheet.update.record import Record

LOOK = 2.0
"""Seconds between looks; the console is another program."""


class Notices:
    """Looks until there is nothing more to be shown; on an appliance an update may come at any time."""

    def __init__(self, data: Path, update: Path = FOLDER / record.NAME) -> None:
        self._data, self._update = data, update
        self._password = Password(data)
        self._said: dict[str, str] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self, post: Post) -> None:
        """Begin."""
        self._post = post
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()

    def _run(self) -> None:
        if error := complaint(self._data):
            self._post(FaultChanged("callsheet.toml", error))
        appliance = self._update.parent.is_dir()
        pending, stamp = True, 0
        while True:
            if pending:
                shown = self._password.shown()
                self._say("notice.console-password", shown)
                # Without a password the console is about to make one; with one that nobody is shown, all is said.
                pending = bool(shown) or not self._password.known()
            if appliance and (now := _stamp(self._update)) != stamp:
                stamp = now
                self._tell(record.read(self._update))
            if self._closed.wait(LOOK) or not (pending or appliance):
                return

    def _tell(self, last: Record) -> None:
        detail = {"offered": last.version, "refused": last.reason, "installing": f"{last.version}, {last.percent} %",
                  "installed": last.version, "failed": last.reason, "trial": last.version,
                  "taken-back": f"{last.version}, {last.reason}"}
        for state in detail:
            self._say(f"notice.update-{state}", detail[state] if state == last.state else "")

    def _say(self, key: str, detail: str) -> None:
        if self._said.get(key, "") != detail:
            self._said[key] = detail
            self._post(NoticeChanged(key, detail))


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
