# SPDX-License-Identifier: GPL-3.0-or-later
"""The console at the end of a cable: the shipped command, a pseudo-terminal, and a hand that types, well or badly."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.console.password import Password
from tests.support.cable import Cable

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse"
FILE = '[phone]\nid = "desk-7"\n\n[sip]\nserver = "pbx.example.com"\n'


class Console:
    """`callsheet console` with one cable."""

    def __init__(self, folder: Path, *cables: Cable, config: str = FILE) -> None:
        self.folder, self.config = folder, folder / "phone.toml"
        self.config.write_text(config)
        (folder / "data").mkdir()
        Password(folder / "data").set(PASSWORD)
        words = [word for cable in cables for word in ("--port", cable.port)]
        self._log = (folder / "console.log").open("w")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "callsheet", "console", "--config", str(self.config), *words], cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "firmware")}, stderr=self._log, stdin=subprocess.DEVNULL)

    def log(self) -> str:
        return (self.folder / "console.log").read_text(errors="replace")

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.send_signal(signal.SIGTERM)
        try:
            assert self.child.wait(20) == 0, self.log()
        finally:
            self.child.kill()
            self._log.close()


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as cable:
        yield cable


@pytest.fixture
def console(tmp_path: Path, cable: Cable) -> Iterator[Console]:
    with Console(tmp_path, cable) as console:
        yield console


def log_in(cable: Cable) -> None:
    cable.until("Password:")
    cable.type(f"{PASSWORD}\r")
    cable.until("callsheet>")


def holds(console: Console, port: str) -> bool:
    """Whether the console has a descriptor of a port that is gone, or is still there."""
    files = Path(f"/proc/{console.child.pid}/fd")
    return any(str(one.readlink()).startswith(port) for one in files.iterdir() if one.is_symlink())


def test_log_in_change_a_setting_and_apply_it(console: Console, cable: Cable) -> None:
    log_in(cable)
    cable.type("set sip.ser\tnew.example.com\r")
    cable.until("sip.server = new.example.com")
    cable.until("callsheet>")
    cable.type("apply keep\r")
    cable.until("1 setting on disk")
    cable.until("callsheet>")
    assert console.config.read_text() == FILE.replace("pbx", "new")
    cable.type("\x1b[A\r")  # arrow up: the line before
    cable.until("nothing to apply")
    cable.until("callsheet>")
    cable.type("exit\r")
    cable.until("Logged out.")
    cable.until("Password:")
    assert PASSWORD not in cable.seen


def test_wrong_passwords_are_slowed_down_also_over_a_restart(tmp_path: Path, cable: Cable) -> None:
    with Console(tmp_path, cable):
        for _ in range(3):
            cable.until("Password:")
            cable.type("let me in\r")
            cable.until("Wrong password")
        cable.until("Password:")
        cable.type(f"{PASSWORD}\r")
        cable.until("Too many wrong passwords")
    left = Password(tmp_path / "data").wait()
    assert 0 < left <= 5


def test_a_secret_can_be_typed_unseen_and_is_not_in_the_history(console: Console, cable: Cable) -> None:
    log_in(cable)
    cable.type("set sip.password\r")
    cable.until("sip.password:")
    cable.type("mellon\r")
    cable.until("sip.password = ••••")
    cable.until("callsheet>")
    cable.type("set sip.auth_user x\r")
    cable.until("callsheet>")
    cable.type("set sip.password open-sesame\r")
    cable.until("callsheet>")
    cable.type("\x1b[A\r")
    cable.until("sip.auth_user = x")
    cable.type("apply keep\r")
    cable.until("settings on disk")
    assert "mellon" not in cable.seen
    assert "open-sesame" in console.config.read_text()
    assert "sesame" not in console.log() and "mellon" not in console.log()


def test_a_certificate_is_pasted(console: Console, cable: Cable) -> None:
    import trustme

    pem = trustme.CA(organization_name="Office CA").cert_pem.bytes().decode()
    log_in(cable)
    cable.type("certificate sheet\r")
    cable.until("Paste the text")
    cable.type(pem.replace("\n", "\r") + ".\r")
    cable.until("Office CA")
    cable.until("callsheet>")
    assert (console.folder / "data" / "sheet-ca.pem").read_text() == pem
    assert (console.folder / "data" / "sheet-ca.pem").stat().st_mode & 0o777 == 0o600


def test_a_program_gets_json_and_exit_codes(console: Console, cable: Cable) -> None:
    log_in(cable)
    cable.type("machine\r")
    cable.until('{"machine": 1}')
    for command, status in (("set calls.gap 2", 0), ("set calls.gap x", 1), ("nonsense", 2), ("diff", 0)):
        cable.type(f"{command}\n")
        answer = json.loads(cable.until("}\n"))
        assert answer["status"] == status
    assert answer["data"] == [{"name": "calls.gap", "old": 5.0, "new": 2.0}]
    cable.type(json.dumps("import\n[calls]\ngap = 1\n") + "\n")
    assert json.loads(cable.until("}\n"))["data"]["differ"]
    cable.type("exit\n")
    cable.until("Password:")


def test_noise_of_a_wrong_speed_and_pasted_megabytes_change_nothing(console: Console, cable: Cable) -> None:
    noise = random.Random(7)
    cable.until("Password:")
    cable.type(noise.randbytes(4000).replace(b"\x04", b"") + b"\r")
    cable.quiet()
    cable.type(b"\r" + b"x" * 1_000_000 + b"\r")
    cable.quiet(1.0)
    assert console.child.poll() is None
    # Whatever of it counted as a wrong password makes the next one wait.
    (console.folder / "data" / "console.json").unlink()
    Password(console.folder / "data").set(PASSWORD)
    cable.type("\r")
    cable.quiet()
    cable.type(f"{PASSWORD}\r")
    cable.until("callsheet>")
    cable.type(b"set phone.id " + b"y" * 1_000_000 + b"\r")
    cable.until("too long")
    cable.until("callsheet>")
    cable.type(b"diff\r")
    cable.until("nothing to apply")
    assert console.config.read_text() == FILE


@pytest.mark.parametrize("noise", [
    b"\x1b[200~abc", b"\x1b[20" b"0~\x1b[200~x\r", b"\x12abc", b"\x12\x1b[200~x\x1b[201~\x1b[200~" + b";" * 18_000 + b"\r",
], ids=["a paste that does not end", "two of them", "a search", "a search, a paste and too much"])
def test_ctrl_c_leads_back_to_the_prompt_from_anywhere(console: Console, cable: Cable, noise: bytes) -> None:
    log_in(cable)
    cable.type(noise)
    cable.quiet()
    cable.type(b"\x03")
    cable.quiet()
    cable.type(b"\x03show phone.id\r")
    cable.until("desk-7")
    cable.until("callsheet>")


def test_two_cables_at_once_and_one_that_is_pulled(tmp_path: Path) -> None:
    with Cable() as one, Cable() as other, Console(tmp_path, one, other) as console:
        log_in(one)
        log_in(other)
        port = one.port
        assert holds(console, port)
        one.unplug()
        other.type("show phone.id\r")
        other.until("desk-7")
        assert console.child.poll() is None
        # A gadget's driver waits for the last of them before the port can come back.
        while holds(console, port):
            time.sleep(0.05)
    assert "Traceback" not in console.log()


def test_the_console_speaks_chinese(tmp_path: Path, cable: Cable) -> None:
    with Console(tmp_path, cable, config='[phone]\nlanguage = "zh"\n'):
        cable.until("密码：")
        cable.type(f"{PASSWORD}\r")
        cable.until("已登录")
        cable.type("help apply\r")
        cable.until("使修改生效")
