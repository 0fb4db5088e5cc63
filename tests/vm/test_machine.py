# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness itself: power cuts, the cable to this machine, the gadget's serial port."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest
import serial

from tests.vm.channel import GuestError
from tests.vm.machine import Machine
from tests.vm.network import Cable
from tests.vm.serial import PHONE, Gadget


def test_commands_answer_with_status_and_words(guest: Machine) -> None:
    done = guest.run("sh", "-c", "cat; echo oops >&2; exit 3", input=b"in", check=False)
    assert (done.code, done.out, done.err) == (3, "in", "oops\n")
    with pytest.raises(GuestError, match="/nowhere"):
        guest.read("/nowhere")


def test_our_own_stack_has_what_the_phone_needs(guest: Machine) -> None:
    """The wheel that was built for this processor, tried where it runs: codecs, UDP, TCP and TLS."""
    script = (Path(__file__).parents[2] / "scripts/lib/pjsua2_trial.py").read_bytes()
    said = guest.run("python3", "-", input=script).out
    facts = next(row for row in said.splitlines() if row.startswith("FACTS "))
    assert '"TLS": true' in facts and "opus" in facts


def test_the_guest_reaches_servers_here(guest: Machine, cable: Cable) -> None:
    server = http.server.ThreadingHTTPServer((cable.host, 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        ask = f"import urllib.request as u; print(u.urlopen('http://{cable.host}:{server.server_port}/').status)"
        assert guest.run("python3", "-c", ask).out == "200\n"
    finally:
        server.shutdown()
        server.server_close()


def test_a_cable_to_the_gadgets_serial_port(guest: Machine) -> None:
    with Gadget(guest) as gadget:
        phone = guest.open(PHONE, raw=True)
        with serial.Serial(gadget.terminal(), 115200, timeout=30) as admin:
            admin.write(b"show sheet.url\r")
            assert phone.until(b"\r") == b"show sheet.url\r"
            phone.write("中文\r\n".encode())
            assert admin.read_until(b"\n") == "中文\r\n".encode()
        phone.close()


def test_a_power_cut_takes_what_was_not_flushed_and_nothing_else(folder: Path) -> None:
    other = Machine(folder / "cut", memory=384)
    flushed = "import os; f = open('/data/kept', 'w'); f.write('said before'); f.flush(); os.fsync(f.fileno())"
    try:
        other.boot()
        other.run("python3", "-c", flushed)
        other.run("python3", "-c", "open('/data/lost', 'w').write('not flushed')")
        other.kill()
        other.boot()
        assert other.read("/data/kept") == b"said before"
        # ext4 gives a file its blocks when it is written back, half a minute later.
        assert other.run("cat", "/data/lost", check=False).out == ""
    finally:
        other.kill()
