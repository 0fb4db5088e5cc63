# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin's console over USB, as a gadget, from the computer's own scripts/console."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from callsheet.formats.settings import read_settings
from tests.vm.channel import Process
from tests.vm.machine import Machine
from tests.vm.serial import PHONE, Gadget

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "console"
PASSWORD = "correct horse"
CONFIG = "/data/console/phone.toml"
UP = "console on /dev/tty"
PATIENCE = 300.0
"""Seconds until the console is up in an emulator that shares its machine."""
ENV = {"PYTHONPATH": "/vm/firmware:/usr/lib/phone:/vm"}


@contextmanager
def console(guest: Machine) -> Iterator[Process]:
    """`callsheet console` at the phone's end of the cable."""
    made = guest.start("python3", "-m", "callsheet", "console", "--config", CONFIG, "--port", PHONE, env=ENV)
    try:
        yield made
    finally:
        made.kill(15)
        made.wait()


def run(port: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), "--port", port, *words], input=typed, text=True,
                          capture_output=True, timeout=600, check=False,
                          env={**os.environ, "CALLSHEET_CONSOLE_PASSWORD": PASSWORD})


@pytest.fixture(autouse=True)
def fresh(guest: Machine) -> None:
    """A phone's settings, and a password."""
    guest.run("sh", "-c", "rm -rf /data/console; mkdir -p /data/console/data")
    guest.write(CONFIG, '[phone]\nid = "vm"\n[sip]\nserver = "old.example.com"\n')
    make = "from pathlib import Path; from callsheet.console.password import Password; "
    guest.run("python3", "-c", f"{make}Password(Path('/data/console/data')).set({PASSWORD!r})", env=ENV)


def test_a_script_sets_a_phone_up_over_the_cable_and_the_settings_stay(guest: Machine) -> None:
    with Gadget(guest) as gadget, console(guest) as phone:
        phone.until(UP, PATIENCE)
        done = run(gadget.terminal(), "--json", "--script", "-",
                   typed="set sheet.url https://files.example.com/{agent}.json\nset sip.server pbx.example.com\napply keep\n")
        assert done.returncode == 0, (done, phone.said)
        assert [json.loads(line)["command"].split()[0] for line in done.stdout.splitlines()] == ["set", "set", "apply"]
    settings = read_settings(guest.read(CONFIG))
    assert (settings.sheet.url, settings.sip.server) == ("https://files.example.com/{agent}.json", "pbx.example.com")
    with Gadget(guest) as gadget, console(guest) as phone:
        phone.until(UP, PATIENCE)
        done = run(gadget.terminal(), "--json", "show", "sip.server")
        assert done.returncode == 0, (done, phone.said)
        assert json.loads(done.stdout)["data"]["value"] == "pbx.example.com"


def test_pulling_the_cable_and_plugging_it_in_again(guest: Machine) -> None:
    """The console lets go of the port, or the gadget's driver could never end; it is there again with the cable."""
    before = guest.read(CONFIG)
    with console(guest) as phone:
        for value in ("once.example.com", "twice.example.com"):
            since = len(phone.said)
            with Gadget(guest) as gadget:
                phone.until(UP, PATIENCE, since)
                # Logged in, with a change that is not applied: pulled out in the middle.
                with serial.Serial(gadget.terminal(), 115200, timeout=60) as admin:
                    log_in(admin)
                    admin.write(f"set sip.server {value}\r".encode())
                    assert admin.read_until(value.encode()), phone.said
        since = len(phone.said)
        with Gadget(guest) as gadget:
            phone.until(UP, PATIENCE, since)
            done = run(gadget.terminal(), "--json", "show", "sip.server")
            assert done.returncode == 0, (done, phone.said)
            assert json.loads(done.stdout)["data"]["value"] == "old.example.com", "nothing was applied"
    assert guest.read(CONFIG) == before


def log_in(admin: serial.Serial) -> None:
    """As somebody at a terminal."""
    admin.write(b"\r")
    admin.read_until(b"Password:")
    admin.write(f"{PASSWORD}\r".encode())
    assert admin.read_until(b"callsheet>").endswith(b"callsheet>")
