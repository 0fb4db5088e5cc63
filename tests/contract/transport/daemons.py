# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of the matrix, configured as Debian ships them where security is concerned."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callsheet.formats.settings import SheetSettings
from tests.contract.transport.proxy import FAR, NEAR, Proxy
from tests.contract.transport.room import PASSWORD, UID, USER, Room
from tests.contract.transport.servers import free_port, wait_until

VSFTPD = """
listen=YES
listen_ipv6=NO
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=NO
local_enable=YES
write_enable=YES
local_umask=022
secure_chroot_dir={base}/empty
pam_service_name=vsftpd
pasv_min_port={data}
pasv_max_port={data}
pasv_address=192.0.2.1
vsftpd_log_file={base}/vsftpd.log
"""
VSFTPD_TLS = """
ssl_enable=YES
rsa_cert_file={certificate}
rsa_private_key_file={certificate}
"""
SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {base}/host_key
PidFile none
UsePAM yes
KbdInteractiveAuthentication no
PrintMotd no
"""
NGINX = """
daemon off;
user {user} root;
worker_processes 1;
pid {base}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    types {{ application/json json; }}
    access_log {base}/access.log;
    client_body_temp_path {base}/temp;
    client_max_body_size 1m;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        root {base}/home;
        location / {{ auth_basic "files"; auth_basic_user_file {base}/users; {put} }}
        location /closed/ {{ deny all; }}
    }}
}}
"""
PUT = "dav_methods PUT; dav_access user:rw;"


@dataclass
class Server:
    """A kind of server: how it is configured and started, and how links to it look."""

    name: str
    scheme: str
    command: Callable[[Site], list[str]]
    secure: bool = True
    ssh: bool = False
    puts: bool = True


@dataclass
class Site:
    """One such server, running, and the way to it."""

    server: Server
    certificate: Path
    ca_file: Path
    room: Room = field(default_factory=Room)
    port: int = field(default_factory=free_port)
    data: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        if self.server.ssh:
            self.accept(self.new_host_key())
        self.proxy = Proxy(self.port, self.data)

    def start(self) -> Site:
        self.room.run(*self.server.command(self))
        wait_until(lambda: self.room.alive() and answers(self.port))
        return self

    def restart(self) -> None:
        self.room.stop()
        self.start()

    def leave(self) -> None:
        self.proxy.close()
        self.room.leave()

    def link(self, path: str = "") -> str:
        inside = f"{self.room.home}/{path}" if self.server.ssh else f"/{path}"
        return f"{self.server.scheme}://{NEAR}:{self.port}{inside}"

    def settings(self, file: str = "sheet.json", folder: str = "up/", **fields: object) -> SheetSettings:
        ours: dict[str, object] = {
            "url": self.link(file), "upload": self.link(folder), "auth": "basic", "user": USER, "password": PASSWORD,
            "ca_file": str(self.ca_file), "host_keys": str(self.room.base / "known"),
            "connect_timeout": 5.0, "read_timeout": 10.0, "total_timeout": 30.0, "retry_min": 0.05, "retry_max": 0.2,
        }
        return SheetSettings(**{**ours, **fields})  # type: ignore[arg-type]

    def new_host_key(self) -> str:
        """The server shows another key from its next start on; known_hosts' type and key."""
        path = self.room.base / "host_key"
        path.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        return " ".join((self.room.base / "host_key.pub").read_text().split()[:2])

    def fingerprint(self) -> str:
        public = self.room.base / "host_key.pub"
        shown = subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True)
        return shown.stdout.split()[1]

    def accept(self, key: str) -> None:
        (self.room.base / "known").write_text(f"[{NEAR}]:{self.port} {key}\n")


def binary(name: str, package: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def vsftpd(*more: str) -> Callable[[Site], list[str]]:
    def command(site: Site) -> list[str]:
        base = site.room.base
        (base / "empty").mkdir(exist_ok=True)
        config = "".join((VSFTPD, *more)).format(
            port=site.port, data=site.data, base=base, certificate=site.certificate)
        (base / "vsftpd.conf").write_text(config)
        return [binary("vsftpd", "vsftpd"), str(base / "vsftpd.conf")]

    return command


def _pyftpdlib(site: Site) -> list[str]:
    python = "/usr/bin/python3"
    if subprocess.run([python, "-c", "import pyftpdlib, OpenSSL"], capture_output=True, check=False).returncode:
        pytest.skip("pyftpdlib is not installed (Debian packages python3-pyftpdlib and python3-openssl)")
    base = site.room.base
    for source in (Path(__file__).with_name("pyftpdlib_server.py"), site.certificate):
        shutil.copy(source, base / source.name)
    return [python, str(base / "pyftpdlib_server.py"), str(base / site.certificate.name), str(site.port),
            str(site.data), str(site.room.home), USER, PASSWORD, str(UID)]


def _sshd(*more: str) -> Callable[[Site], list[str]]:
    def command(site: Site) -> list[str]:
        base = site.room.base
        (base / "sshd.conf").write_text(SSHD.format(port=site.port, base=base) + "\n".join(more) + "\n")
        return [binary("sshd", "openssh-server"), "-D", "-e", "-f", str(base / "sshd.conf")]

    return command


def _nginx(put: str) -> Callable[[Site], list[str]]:
    def command(site: Site) -> list[str]:
        base = site.room.base
        hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], capture_output=True, text=True, check=True)
        (base / "users").write_text(f"{USER}:{hashed.stdout.strip()}\n")
        (base / "nginx.conf").write_text(
            NGINX.format(base=base, port=site.port, certificate=site.certificate, put=put, user=USER))
        return [binary("nginx", "nginx"), "-p", str(base), "-c", "nginx.conf", "-e", str(base / "error.log")]

    return command


SERVERS = (
    Server("nginx", "https", _nginx(PUT)),
    Server("nginx-no-put", "https", _nginx(""), puts=False),
    Server("vsftpd-plain", "ftp", vsftpd(), secure=False),
    Server("vsftpd-explicit", "ftpes", vsftpd(VSFTPD_TLS)),
    Server("vsftpd-implicit", "ftps", vsftpd(VSFTPD_TLS, "implicit_ssl=YES\n")),
    Server("pyftpdlib-explicit", "ftpes", _pyftpdlib),
    Server("openssh-sftp-only", "sftp", _sshd("Subsystem sftp internal-sftp", "ForceCommand internal-sftp"), ssh=True),
    Server("openssh-scp", "scp", _sshd("Subsystem sftp /usr/lib/openssh/sftp-server"), ssh=True),
    Server("openssh-scp-legacy", "scp", _sshd(), ssh=True),
)


def answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((FAR, port)) == 0


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
