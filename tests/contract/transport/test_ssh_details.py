# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH beyond the matrix: keys, host keys, quoting, limits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from callsheet.adapters.transport.client import Credentials, Fetched, NameTaken, TransferError, open_client
from callsheet.adapters.transport.hostkeys import HostKeys
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links
from callsheet.adapters.transport.ssh_session import offered
from callsheet.core.events import SheetArrived
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.daemons import SERVERS, Site, answers
from tests.contract.transport.phones import Desk, sheet_file
from tests.contract.transport.proxy import NEAR
from tests.contract.transport.room import PASSWORD, USER
from tests.contract.transport.servers import wait_until

KINDS = {server.name: server for server in SERVERS if server.ssh}
WHO = Credentials(USER, PASSWORD)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, office: Certificates) -> Iterator[Site]:
    made = Site(KINDS[request.param], office.ca_file, office.ca_file)
    try:
        yield made.start()
    finally:
        made.leave()


def put(site: Site, folder: str, name: str, body: bytes, settings: SheetSettings | None = None) -> None:
    settings = settings or site.settings()
    link = site.link(folder)
    client = open_client(link, settings, Links(settings).credentials(link, "101", Keyring()))
    try:
        client.put(name, body, "application/json")
    finally:
        client.close()


def new_key(site: Site, passphrase: str = "") -> Path:
    path = site.room.base / "phone_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    (site.room.home / ".ssh").mkdir()
    (site.room.home / ".ssh/authorized_keys").write_text((site.room.base / "phone_key.pub").read_text())
    return path


@pytest.mark.parametrize("passphrase", ["", "Pass phrase"])
def test_key_signs_in(site: Site, passphrase: str) -> None:
    key = new_key(site, passphrase)
    settings = site.settings(auth="key", ssh_key=str(key), password=passphrase)
    put(site, "up/", "one.json", b"whole", settings)
    assert (site.room.home / "up/one.json").read_bytes() == b"whole"


def test_user_in_link_goes_with_key_of_settings(site: Site) -> None:
    key = new_key(site)
    link = site.link("up/").replace("://", f"://{USER}@")
    settings = site.settings(auth="key", ssh_key=str(key), user="somebody", password="", upload=link)
    client = open_client(link, settings, Links(settings).credentials(link, "101", Keyring()))
    client.put("one.json", b"whole", "application/json")
    client.close()
    assert (site.room.home / "up/one.json").read_bytes() == b"whole"


def test_unknown_key_is_told_from_unreadable_one(site: Site) -> None:
    key = new_key(site, "right")
    (site.room.home / ".ssh/authorized_keys").write_text("")
    for password, words in (("right", "does not accept the key"), ("wrong", "not its passphrase")):
        with pytest.raises(TransferError, match=words) as caught:
            put(site, "up/", "one.json", b"", site.settings(auth="key", ssh_key=str(key), password=password))
        assert caught.value.kind == "credentials"


def test_agent_signs_in_with_pin(site: Site, desk: Callable[[SheetSettings], Desk]) -> None:
    site.room.write("sheet.json", sheet_file())
    phone = desk(site.settings(auth="agent-pin"))
    phone.sign_in("101", PASSWORD)
    assert isinstance(phone.fetch(), SheetArrived)


def test_host_key_is_shown_accepted_and_then_trusted(site: Site) -> None:
    keys = HostKeys(str(site.room.base / "known"))
    site.accept(site.new_host_key())
    (site.room.base / "known").unlink()
    site.restart()
    shown = offered(NEAR, site.port, 10.0)
    assert shown.fingerprint == site.fingerprint()
    with pytest.raises(TransferError, match="is not known"):
        put(site, "up/", "one.json", b"whole")
    keys.accept(NEAR, site.port, shown)
    put(site, "up/", "one.json", b"whole")
    site.new_host_key()
    site.restart()
    with pytest.raises(TransferError, match="has changed"):
        put(site, "up/", "two.json", b"whole")
    keys.accept(NEAR, site.port, offered(NEAR, site.port, 10.0))
    put(site, "up/", "two.json", b"whole")
    assert len(keys.known(NEAR, site.port)) == 1


def test_server_with_several_host_keys_shows_the_accepted_one(site: Site) -> None:
    rsa = site.room.base / "rsa_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(rsa)], check=True)
    site.room.stop()
    config = site.server.command(site)
    path = Path(config[-1])
    path.write_text(path.read_text() + f"HostKey {rsa}\n")
    site.room.run(*config)
    site.accept(" ".join(rsa.with_suffix(".pub").read_text().split()[:2]))
    wait_until(lambda: site.room.alive() and answers(site.port))
    put(site, "up/", "one.json", b"whole")


@pytest.mark.parametrize("folder", ["a b", "$(touch pwned)", "it's;`touch pwned`", "-rf", "*", "Mappe ä"])
def test_no_name_means_anything_to_a_shell(site: Site, folder: str) -> None:
    path = site.room.home / "up" / folder
    path.mkdir()
    path.chmod(0o777)
    put(site, f"up/{quote(folder)}", "one.json", b"whole")
    assert (path / "one.json").read_bytes() == b"whole"
    assert [one.name for one in (site.room.home / "up").iterdir()] == [folder]
    assert not (site.room.home / "pwned").exists()


def test_home_folder(site: Site) -> None:
    site.room.write("sheet.json", b"whole")
    settings = site.settings(url=f"{site.server.scheme}://{NEAR}:{site.port}/~/sheet.json")
    client = open_client(settings.url, settings, WHO)
    found = client.fetch(None)
    client.close()
    assert isinstance(found, Fetched) and found.body == b"whole"


def test_name_taken_is_never_overwritten(site: Site) -> None:
    put(site, "up/", "one.json", b"first")
    put(site, "up/", "one.json", b"first")
    for other in (b"fir", b"other"):
        with pytest.raises(NameTaken):
            put(site, "up/", "one.json", other)
    assert (site.room.home / "up/one.json").read_bytes() == b"first"


def test_file_above_limit_is_refused(site: Site) -> None:
    site.room.write("sheet.json", b"x" * 5000)
    client = open_client(site.link("sheet.json"), site.settings(max_bytes=4999), WHO)
    with pytest.raises(TransferError, match="larger than 4999 bytes"):
        client.fetch(None)
    client.close()


def test_stalled_server_is_given_up_after_total_time(site: Site) -> None:
    site.proxy.stall("down", 0)
    client = open_client(site.link("sheet.json"), site.settings(total_timeout=0.5), WHO)
    with pytest.raises(TransferError, match=r"sheet\.total_timeout"):
        client.fetch(None)
    client.close()
