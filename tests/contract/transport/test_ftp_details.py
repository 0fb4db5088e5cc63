# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP beyond the matrix: TLS sessions, NAT, names, limits."""

from __future__ import annotations

import ftplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from callsheet.adapters.transport.client import Credentials, Fetched, NameTaken, TransferError, open_client
from callsheet.adapters.transport.cutoff import Cutoff
from callsheet.adapters.transport.ftp_session import FtpSession
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.daemons import SERVERS, VSFTPD_TLS, Site, vsftpd
from tests.contract.transport.proxy import NEAR
from tests.contract.transport.room import PASSWORD, USER

KINDS = {server.name: server for server in SERVERS}
Start = Callable[..., Site]
WHO = Credentials(USER, PASSWORD)


@pytest.fixture
def start(office: Certificates) -> Iterator[Start]:
    """A site of a kind, with more lines of configuration for vsftpd."""
    made: list[Site] = []

    def begin(name: str, *more: str) -> Site:
        server = KINDS[name]
        if more:
            server = replace(server, command=vsftpd(VSFTPD_TLS, *more))
        made.append(Site(server, office.issue(name, "localhost", NEAR), office.ca_file))
        return made[-1].start()

    yield begin
    for site in made:
        site.leave()


def session(site: Site, office: Certificates, version: ssl.TLSVersion, kind: type[FtpSession] = FtpSession) -> FtpSession:
    context = ssl.create_default_context(cafile=str(office.ca_file))
    context.minimum_version = context.maximum_version = version
    made = kind("explicit", context, Cutoff(), 5.0, 5.0)
    made.open(NEAR, site.port)
    made.sign_in(USER, PASSWORD)
    return made


class Forgetful(FtpSession):
    """As ftplib does it: every data connection begins a new TLS session."""

    def _session(self) -> None:
        return None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def testvsftpd_demands_session_reuse_and_gets_it(start: Start, office: Certificates, version: ssl.TLSVersion) -> None:
    more = "ssl_ciphers=HIGH\n"  # vsftpd's default names no TLS 1.2 cipher that OpenSSL 3 still has
    site = start("vsftpd-explicit", more)
    site.room.write("a.txt", b"whole")
    forgetful = session(site, office, version, Forgetful)
    with pytest.raises((ftplib.Error, OSError, EOFError)):
        with forgetful.transfer("RETR a.txt") as conn:
            assert conn.recv(100) == b""
    forgetful.close()
    ours = session(site, office, version)
    for _ in range(5):
        with ours.transfer("RETR a.txt") as conn:
            assert isinstance(conn, ssl.SSLSocket) and conn.session_reused
            assert b"".join(iter(lambda: conn.recv(100), b"")) == b"whole"
    ours.close()


@pytest.mark.parametrize("more", [(), ("cmds_denied=EPSV\n",)], ids=["EPSV", "PASV"])
def test_address_of_server_behind_nat_is_not_believed(start: Start, more: tuple[str, ...]) -> None:
    site = start("vsftpd-explicit", *more)
    site.room.write("sheet.json", b"whole")
    client = open_client(site.link("sheet.json"), site.settings(), WHO)
    found = client.fetch(None)
    client.close()
    assert isinstance(found, Fetched) and found.body == b"whole"


FTP_KINDS = ("vsftpd-plain", "vsftpd-implicit", "pyftpdlib-explicit")


@pytest.mark.parametrize("kind", FTP_KINDS)
def test_name_taken_is_never_overwritten(start: Start, kind: str) -> None:
    site = start(kind)
    client = open_client(site.link("up/"), site.settings(), WHO)
    client.put("one.json", b"first", "application/json")
    client.put("one.json", b"first", "application/json")
    for other in (b"fir", b"other"):
        with pytest.raises(NameTaken):
            client.put("one.json", other, "application/json")
    client.close()
    assert (site.room.home / "up/one.json").read_bytes() == b"first"


@pytest.mark.parametrize("kind", FTP_KINDS)
def test_file_above_limit_is_refused(start: Start, kind: str) -> None:
    site = start(kind)
    site.room.write("sheet.json", b"x" * 5000)
    client = open_client(site.link("sheet.json"), site.settings(max_bytes=4999), WHO)
    with pytest.raises(TransferError, match="larger than 4999 bytes") as caught:
        client.fetch(None)
    client.close()
    assert caught.value.kind == "too-large"


@pytest.mark.parametrize("kind", FTP_KINDS)
def test_unusual_names_arrive_as_they_are(start: Start, kind: str) -> None:
    site = start(kind)
    folder = site.room.home / "up" / "Mappe ä %41;#"
    folder.mkdir()
    folder.chmod(0o777)
    client = open_client(site.link("up/Mappe%20%C3%A4%20%2541%3B%23"), site.settings(), WHO)
    client.put("ein name.json", b"whole", "application/json")
    client.close()
    assert [path.name for path in folder.iterdir()] == ["ein name.json"]


def test_line_break_in_link_begins_no_command(start: Start) -> None:
    site = start("vsftpd-plain")
    with pytest.raises(TransferError, match="characters that cannot be sent"):
        open_client(site.link("a%0D%0ADELE%20sheet.json"), site.settings(), WHO)


def test_stalled_server_is_given_up_after_total_time(start: Start) -> None:
    site = start("vsftpd-implicit")
    site.proxy.stall("down", 0)
    client = open_client(site.link("sheet.json"), site.settings(total_timeout=0.5), WHO)
    with pytest.raises(TransferError, match=r"sheet\.total_timeout"):
        client.fetch(None)
    client.close()
