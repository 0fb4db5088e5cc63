# SPDX-License-Identifier: GPL-3.0-or-later
"""What the display says while nobody is signed in: the console's first password, and what was wrong with the card."""

from __future__ import annotations

import threading
from pathlib import Path

from callsheet.console.password import Password
from callsheet.core.events import FaultChanged, NoticeChanged
from callsheet.ports import Post
from callsheet.provisioning.card import complaint

LOOK = 2.0
"""Seconds between looks; the console is another program."""


class Notices:
    """Looks until there is nothing more to be shown."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._password = Password(data)
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
        said = ""
        while True:
            shown = self._password.shown()
            if shown != said:
                said = shown
                self._post(NoticeChanged("notice.console-password", shown))
            # Without a password the console is about to make one; with one that nobody is shown, all is said.
            if self._closed.wait(LOOK) or (not shown and self._password.known()):
                return
