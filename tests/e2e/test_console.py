# SPDX-License-Identifier: GPL-3.0-or-later
"""Console and phone together: settings take effect without a reboot, and go back by themselves if they are wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from callsheet.adapters.control import ControlClient, NoPhone
from callsheet.adapters.settings_files import SettingsFiles
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.console.password import Password
from callsheet.core.model import Task
from callsheet.simulator.town import TownServer
from tests.e2e.conftest import address
from tests.support.cable import Cable
from tests.support.running import ROOT, RunningPhone
from tests.support.workplace import Workplace, number, sheet_of

PASSWORD = "correct horse"


@contextmanager
def console_of(phone: RunningPhone) -> Iterator[Cable]:
    """Logged in at a console of this phone."""
    Password(phone.folder / "data").set(PASSWORD)
    with Cable() as cable, (phone.folder / "console.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "callsheet", "console", "--config", str(phone.config), "--port", cable.port],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "firmware")}, stderr=log, stdin=subprocess.DEVNULL)
        try:
            cable.until("Password:")
            cable.type(f"{PASSWORD}\r")
            cable.until("callsheet>")
            yield cable
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)


def told(phone: RunningPhone, question: str) -> dict[str, Any]:
    """What the phone answers; nothing while it takes new settings."""
    try:
        found: dict[str, Any] = ControlClient(phone.folder / "data").ask(question)
    except NoPhone:
        return {}
    return found


@pytest.fixture
def phone(place: Workplace, town: TownServer) -> RunningPhone:
    place.publish(sheet_of(Task("t0", number(0))))
    phone = place.phone(address(town), phone={"auto_ready": False}, sip={"register": True}, console={"trial": 25.0})
    phone.until("paused")
    return phone


def test_a_good_setting_takes_effect_and_stays(phone: RunningPhone) -> None:
    with console_of(phone) as cable:
        cable.type("set phone.language zh\r")
        cable.until("not applied yet")
        cable.type("apply\r")
        cable.until("the phone takes them now")
        cable.until("callsheet>")
        phone.until("paused", true=lambda screen: "暂停" in str(screen))
        while SettingsFiles(phone.config).left() is not None:
            cable.quiet(0.5)
        cable.type("\r")
        cable.until("the new settings work and stay")
        cable.type("status\r")
        cable.until("registered")


def test_settings_with_which_the_phone_reaches_nobody_go_back_by_themselves(
    phone: RunningPhone, place: Workplace
) -> None:
    with console_of(phone) as cable:
        before = phone.config.read_text()
        cable.type("set sip.server 127.0.0.1:9\r")
        cable.until("not applied yet")
        cable.type("apply\r")
        cable.until("on trial for 25 s")
        cable.until("callsheet>")
        assert "127.0.0.1:9" in phone.config.read_text()
        while SettingsFiles(phone.config).left() is not None:
            cable.quiet(0.5)
        assert phone.config.read_text() == before
        cable.type("\r")
        cable.until("the settings from before are back")
        place.wait(lambda: told(phone, "status").get("registered"))


def test_a_setting_given_during_a_call_waits_for_its_end(
    place: Workplace, town: TownServer
) -> None:
    place.publish(sheet_of(Task("t0", number(0)), wrap_up=0.5))
    phone = place.phone(address(town))
    phone.until("talking")
    with console_of(phone) as cable:
        cable.type("set calls.gap 7\r")
        cable.until("not applied yet")
        cable.type("apply keep\r")
        cable.until("when the present call is over")
        assert phone.screen is not None and phone.screen.mode == "talking"
        since = len(phone.screens)
        phone.press("D")
        phone.until("paused", "finished", "waiting", since=since)
        digest = SettingsLayers(phone.config).digest()
        place.wait(lambda: told(phone, "settings").get("digest") == digest)
    assert place.wait_attempt("t0").answered is not None


def test_the_first_password_is_on_the_display_until_somebody_has_logged_in(
    place: Workplace, town: TownServer
) -> None:
    phone = place.phone(address(town), start=False, phone={"agent": "", "pin": "", "auto_ready": False})
    (phone.folder / "data").mkdir()
    (phone.folder / "data" / "callsheet.toml.error").write_text("line 3: not good")
    shown = Password(phone.folder / "data").ensure()
    phone.start()
    screen = phone.until("off", true=lambda screen: shown in str(screen.lines))
    assert any("line 3: not good" in line for line in screen.lines)
    assert Password(phone.folder / "data").check(shown)
    phone.until("off", true=lambda screen: shown not in str(screen.lines))
