# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of leases: which interface counts, what is told and what is not."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from callsheet.adapters.dhcp import HOOK, OPTIONS, LeaseWatcher
from callsheet.core.events import AnyEvent, FetchDue
from callsheet.formats.dhcp import MAGIC, USUAL
from callsheet.formats.settings import DhcpSettings


class Folder:
    """A watcher whose looks the test calls, and the hook's part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[AnyEvent] = []
        self.moves = 0
        self.watcher = LeaseWatcher(DhcpSettings(directory=str(path)))

    def start(self) -> None:
        self.watcher.start(self.events.append, self._moved)
        self.watcher.close()

    def _moved(self) -> None:
        self.moves += 1

    def lease(self, interface: str, **options: str) -> None:
        self.path.mkdir(exist_ok=True)
        lines = b"".join(f"{name[1:]}={value.encode().hex()}\n".encode() for name, value in options.items())
        new = self.path / f".{interface}.new"
        new.write_bytes(MAGIC + b"\n" + lines)
        new.rename(self.path / interface)

    def look(self) -> str:
        self.watcher.look()
        return self.watcher.offer().sheet


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "dhcp")


def test_no_folder_is_no_lease(folder: Folder) -> None:
    folder.start()
    assert folder.look() == "" and folder.events == []


def test_a_lease_that_is_there_is_known_at_start(folder: Folder) -> None:
    folder.lease("eth0", o66="http://h/a")
    folder.start()
    assert folder.watcher.offer().sheet == "http://h/a"
    assert folder.events == [FetchDue()]


def test_a_renewed_lease_is_followed_and_the_same_again_is_not_news(folder: Folder) -> None:
    folder.start()
    folder.lease("eth0", o66="http://h/a")
    assert folder.look() == "http://h/a"
    folder.lease("eth0", o66="http://h/a")
    assert folder.look() == "http://h/a"
    assert (folder.events, folder.moves) == ([FetchDue()], 1)
    folder.lease("eth0", o66="http://h/b")
    assert folder.look() == "http://h/b"
    assert (folder.events, folder.moves) == ([FetchDue()] * 2, 2)


def test_wire_before_radio_and_any_link_before_none(folder: Folder) -> None:
    folder.start()
    folder.lease("wlan0", o66="http://h/radio")
    assert folder.look() == "http://h/radio"
    folder.lease("eth0", o66="http://h/wire")
    assert folder.look() == "http://h/wire"
    folder.lease("eth0")
    assert folder.look() == "http://h/radio"


def test_the_last_link_outlives_the_lease_but_not_the_next_one(folder: Folder) -> None:
    folder.start()
    folder.lease("eth0", o66="http://h/a")
    folder.look()
    (folder.path / "eth0").unlink()
    assert folder.look() == "http://h/a"
    folder.lease("eth0")
    assert folder.look() == ""
    assert folder.events == [FetchDue()]


def test_no_file_can_do_harm(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.start()
    folder.path.mkdir()
    (folder.path / "a-link").symlink_to("/etc/passwd")
    (folder.path / "b-folder").mkdir()
    os.mkfifo(folder.path / "c-pipe")
    (folder.path / "d-rubbish").write_bytes(b"\xff" * 100)
    (folder.path / ".eth0.new").write_bytes(b"half")
    with caplog.at_level(logging.WARNING):
        assert folder.look() == ""
    assert len(caplog.messages) == 4
    folder.lease("eth0", o66="http://h/a")
    assert folder.look() == "http://h/a"


def test_problems_are_logged_once(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.start()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            folder.lease("eth0", o66="tftp://user:geheim@h/")
            folder.look()
    assert len(caplog.messages) == 1
    assert "option 66" in caplog.text and "geheim" not in caplog.text
    assert "option 66" in folder.watcher.offer().problems[0]


def test_hook_and_options_are_there_and_agree() -> None:
    hook, options = HOOK.read_text(), OPTIONS.read_text()
    for code in (*USUAL, 114):
        assert f'option {code} "$new_callsheet_{code}"' in hook
        assert f"define {code} binhex callsheet_{code}\n" in options
    assert "eval" not in hook.replace("evaluated", "")
    assert MAGIC.decode() in hook
