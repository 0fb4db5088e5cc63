# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd hears of the main loop."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.paths import ROOT
from callsheet.adapters.watchdog import START, Watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(5)
        yield line


def test_it_is_fed_three_times_within_its_limit_and_no_more_often(systemd: socket.socket) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "9000000"})
    assert watchdog.period == 3.0
    watchdog.ready()
    for mono in (100.0, 100.5, 102.9, 103.0, 106.5):
        watchdog.feed(mono)
    watchdog.stopping()
    said = [systemd.recv(100) for _ in range(5)]
    assert said == [b"READY=1\nWATCHDOG_USEC=9000000", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_who_starts_itself_anew_is_not_going_and_has_time(systemd: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "9000000"}
    Watchdog(environment).restarting()
    Watchdog(environment).ready()
    assert [systemd.recv(100) for _ in range(2)] == [b"WATCHDOG_USEC=300000000", b"READY=1\nWATCHDOG_USEC=9000000"]


def test_it_may_take_as_long_to_start_anew_as_to_start() -> None:
    unit = (ROOT / "image/units/callsheet.service").read_text()
    assert f"TimeoutStartSec={START / 60:g}min\n" in unit


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "9000000"}, {"NOTIFY_SOCKET": "/nowhere"},
                                         {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "soon"},
                                         {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "1"}])
def test_where_nobody_asked_nothing_happens(environment: dict[str, str]) -> None:
    watchdog = Watchdog(environment)
    assert watchdog.period is None
    watchdog.ready()
    watchdog.feed(1.0)
