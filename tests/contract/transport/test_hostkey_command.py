# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet hostkey against OpenSSH: an admin accepts a key; nothing else does."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callsheet.cli.main import main
from callsheet.core.events import SheetArrived, SheetFailed
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.daemons import SERVERS, Site
from tests.contract.transport.phones import Desk, sheet_file
from tests.contract.transport.proxy import NEAR
from tests.contract.transport.room import UID
from tests.contract.transport.servers import FaultServer, free_port

FIRMWARE = Path(__file__).parents[3] / "firmware"
SFTP = next(server for server in SERVERS if server.scheme == "sftp")


@pytest.fixture
def site(office: Certificates) -> Iterator[Site]:
    """A server whose key nobody has accepted."""
    made = Site(SFTP, office.ca_file, office.ca_file)
    try:
        made.start()
        (made.room.base / "known").unlink()
        yield made
    finally:
        made.leave()


@pytest.fixture
def config(site: Site) -> Path:
    path = site.room.base / "phone.toml"
    path.write_text(f'[sheet]\nurl = "{site.link("sheet.json")}"\nhost_keys = "{site.room.base / "known"}"\n'
                    "connect_timeout = 5.0\n")
    return path


Hostkey = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hostkey(config: Path, capsys: pytest.CaptureFixture[str]) -> Hostkey:
    def run(what: str, *arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["hostkey", what, "--config", str(config), *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def at_a_terminal(config: Path, answer: str, *arguments: str) -> tuple[int, str]:
    """The command as somebody at a terminal meets it: exit status and all that was on the screen."""
    near, far = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "callsheet", "hostkey", "accept", "--config", str(config), *arguments],
        stdin=far, stdout=far, stderr=far, cwd=FIRMWARE, start_new_session=True,
    )
    os.close(far)
    seen = b""
    try:
        while b"Is it the same?" not in seen:
            seen += os.read(near, 4096)
        os.write(near, f"{answer}\n".encode())
        while True:
            seen += os.read(near, 4096)
    except OSError:
        pass  # the other side is closed
    finally:
        os.close(near)
    return child.wait(30), seen.decode()


def name(site: Site) -> str:
    return f"{NEAR}:{site.port}"


def test_what_the_phone_shows_is_compared_and_accepted(
    site: Site, hostkey: Hostkey, desk: Callable[[SheetSettings], Desk], caplog: pytest.LogCaptureFixture
) -> None:
    """The agent reads the fingerprint, the admin accepts it, the running phone goes on."""
    site.room.write("sheet.json", sheet_file())
    phone = desk(site.settings())
    phone.sign_in("101", "")
    refused = phone.fetch()
    assert isinstance(refused, SheetFailed)
    assert refused.kind == "certificate"
    assert site.fingerprint() in refused.reason
    assert "callsheet hostkey" in refused.reason
    phone.fetch()
    logged = [line for line in caplog.messages if site.fingerprint() in line]
    assert len(logged) == 1, "in the log as well, but not at every try"
    assert hostkey("list")[1].split() == [name(site), "not", "accepted"]
    status, said, _ = hostkey("accept", "--fingerprint", site.fingerprint())
    assert (status, said) == (0, f"{name(site)} {site.fingerprint()} is accepted; the phone uses it at its next try\n")
    assert isinstance(phone.fetch(), SheetArrived)
    assert hostkey("list")[1].split() == [f"[{NEAR}]:{site.port}", "ssh-ed25519", site.fingerprint()]
    assert "accepted already" in hostkey("accept")[1]


def test_nothing_is_accepted_unless_somebody_says_so(site: Site, hostkey: Hostkey) -> None:
    other = "SHA256:" + "A" * 43
    for arguments, status in (((), 2), (("--fingerprint", other), 1), (("--json",), 2)):
        assert hostkey("accept", *arguments)[0] == status
        assert json.loads(hostkey("list", "--json")[1]) == {"accepted": [], "missing": [name(site)]}
    assert f"shows ssh-ed25519 {site.fingerprint()}, not that key" in hostkey("accept", "--fingerprint", other)[2]


@pytest.mark.parametrize(("answer", "accepted"), [
    ("yes", True), ("{}", True), ("no", False), ("", False), ("y", False), ("SHA256:nonsense", False)])
def test_at_a_terminal_it_asks(site: Site, config: Path, hostkey: Hostkey, answer: str, accepted: bool) -> None:
    status, screen = at_a_terminal(config, answer.format(site.fingerprint()))
    assert status == (0 if accepted else 1), screen
    assert site.fingerprint() in screen
    assert "ssh-keygen -lf" in screen
    assert bool(json.loads(hostkey("list", "--json")[1])["accepted"]) is accepted


def test_a_key_that_has_changed_is_called_so_and_replaces_the_old_one(
    site: Site, config: Path, hostkey: Hostkey
) -> None:
    old = site.fingerprint()
    assert hostkey("accept", "--fingerprint", old)[0] == 0
    site.new_host_key()
    site.restart()
    new = site.fingerprint()
    status, screen = at_a_terminal(config, "no")
    assert status == 1
    assert f"accepted so far: ssh-ed25519 {old}" in screen
    assert "CHANGED" in screen
    assert hostkey("accept", "--fingerprint", new.removeprefix("SHA256:"), "--json")[0] == 0
    assert [one["fingerprint"] for one in json.loads(hostkey("list", "--json")[1])["accepted"]] == [new]


def test_removed_is_not_accepted_any_more(site: Site, hostkey: Hostkey) -> None:
    hostkey("accept", "--fingerprint", site.fingerprint())
    known = site.room.base / "known"
    known.write_text(f"# by hand\nother.example {known.read_text().split(' ', 1)[1]}{known.read_text()}")
    assert hostkey("remove", name(site))[:2] == (0, f"{name(site)}: 1 removed\n")
    assert known.read_text().startswith("# by hand\nother.example ssh-ed25519 ")
    assert name(site) in json.loads(hostkey("list", "--json")[1])["missing"]
    status, _, said = hostkey("remove", name(site))
    assert (status, said) == (1, f"callsheet hostkey: no key of {name(site)} was accepted\n")


def test_a_root_admin_does_not_lock_the_phone_out(site: Site, config: Path, hostkey: Hostkey) -> None:
    data = site.room.base / "data"
    data.mkdir()
    os.chown(data, UID, UID)
    config.write_text(config.read_text().replace(str(site.room.base / "known"), str(data / "host_keys")))
    assert hostkey("accept", "--fingerprint", site.fingerprint())[0] == 0
    assert ((data / "host_keys").stat().st_uid, (data / "host_keys").stat().st_mode & 0o777) == (UID, 0o600)


def test_without_settings_for_it_the_file_is_in_the_data_directory(site: Site, config: Path, hostkey: Hostkey) -> None:
    config.write_text('[sheet]\nurl = "https://files.example/101.json"\n[data]\ndirectory = "here"\n')
    status, _, said = hostkey("accept")
    assert status == 2
    assert "the settings name no SSH server; say which" in said
    assert hostkey("accept", f"sftp://{name(site)}/sheet.json", "--fingerprint", site.fingerprint())[0] == 0
    assert (config.parent / "here" / "host_keys").exists()


def test_servers_that_are_none(hostkey: Hostkey, server: FaultServer) -> None:
    web = server.url.removeprefix("http://")
    for where, words in ((web, "does not answer in SSH"), (f"{NEAR}:{free_port()}", "refuses the connection"),
                         ("nowhere.invalid", "cannot be found")):
        status, _, said = hostkey("accept", where, "--fingerprint", "SHA256:x")
        assert status == 1
        assert words in said
        assert said.count("\n") == 1
    assert hostkey("accept", "*.example.com")[0] == 2
    assert hostkey("accept", "host:port")[0] == 2
