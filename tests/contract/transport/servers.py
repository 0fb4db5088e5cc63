# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback: nginx as Debian ships it, and one of our own that does whatever a test wants."""

from __future__ import annotations

import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

NGINX = """
daemon off;
{user}
worker_processes 1;
pid {base}/nginx.pid;
error_log {base}/error.log;
events {{ worker_connections 64; }}
http {{
    types {{ application/json json; text/csv csv; }}
    default_type application/octet-stream;
    access_log {base}/access.log;
    client_body_temp_path {base}/temp;
    client_max_body_size 1m;
    gzip on; gzip_types application/json text/csv; gzip_min_length 100;
    server {{
        listen 127.0.0.1:{port};
        {tls}
        root {base}/root;
        location / {{ }}
        location /up/ {{ dav_methods PUT; dav_access user:rw; }}
        location /private/ {{
            auth_basic "files"; auth_basic_user_file {base}/users;
            dav_methods PUT; dav_access user:rw;
        }}
        location /forbidden/ {{ deny all; }}
        location /moved/ {{ return 302 /$arg_to; }}
    }}
}}
"""


def free_port() -> int:
    """A port that nobody has on any address just now, below those the kernel gives to connections (ip(7))."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("", port))
            return port


class Nginx:
    """nginx with a folder to read from, one that takes PUT, and one behind a password."""

    def __init__(self, base: Path, certificate: Path | None = None) -> None:
        binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if binary is None:
            pytest.skip("nginx is not installed (Debian package nginx)")
        self._binary = binary
        self.base = base
        self.port = free_port()
        self.root = base / "root"
        for folder in ("up", "private", "forbidden"):
            (self.root / folder).mkdir(parents=True)
        tls = f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate};"
        config = NGINX.format(base=base, port=self.port, tls=tls if certificate else "",
                              user="user root;" if Path("/etc/shadow").owner() == base.owner() else "")
        if certificate:
            config = config.replace(f"listen 127.0.0.1:{self.port};\n", "\n", 1)
        (base / "nginx.conf").write_text(config)
        self.scheme = "https" if certificate else "http"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    def user(self, name: str, password: str) -> None:
        """Let somebody into /private/."""
        hashed = subprocess.run(["openssl", "passwd", "-apr1", password], capture_output=True, text=True, check=True)
        with (self.base / "users").open("a") as file:
            file.write(f"{name}:{hashed.stdout.strip()}\n")

    def start(self) -> Nginx:
        (self.base / "users").touch()
        self._process = subprocess.Popen(
            [self._binary, "-p", str(self.base), "-c", "nginx.conf", "-e", str(self.base / "error.log")],
            cwd=self.base, stderr=subprocess.DEVNULL)
        wait_until(self._answers)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.base / "error.log").read_text()
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@dataclass
class Seen:
    """A request as it reached the server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Does what the test has scripted for method and path."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        home = self.server.home
        path = self.path.partition("?")[0]
        headers = {key.lower(): value for key, value in self.headers.items()}
        home.seen.append(Seen(self.command, self.path, headers, body))
        self.body = body
        act = home.acts.get((self.command, path)) or home.acts.get((self.command, "*"))
        if act is None:
            self.reply(404)
        else:
            act(self)

    do_GET = do_HEAD = do_PUT = do_POST = _do  # noqa: N815

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """An ordinary answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Any bytes, and the end of the connection."""
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def stall(self) -> None:
        """Say nothing until the client or the test has had enough."""
        self.close_connection = True
        self.server.home.let_go.wait(60)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    home: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news here."""


@dataclass
class FaultServer:
    """Its own server: `acts` says what happens on (method, path); "*" is any path."""

    context: ssl.SSLContext | None = None
    acts: dict[tuple[str, str], Act] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def start(self) -> FaultServer:
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.home = self
        if self.context:
            self._server.socket = self.context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if self.context else 'http'}://localhost:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def on(self, method: str, path: str = "*") -> Callable[[Act], Act]:
        """Decorator: script an answer."""

        def keep(act: Act) -> Act:
            self.acts[method, path] = act
            return act

        return keep

    def serve(self, path: str, body: bytes, **headers: str) -> None:
        """A file."""
        self.acts["GET", path] = self.acts["HEAD", path] = lambda handler: handler.reply(200, body, **headers)

    def requests(self, method: str) -> list[Seen]:
        return [request for request in self.seen if request.method == method]


def wait_until(true: Callable[[], bool], patience: float = 30.0) -> None:
    """Until something has come about."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
