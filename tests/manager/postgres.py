# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server of the tests' own: made, started on loopback, ended by its process id."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

USER = "callsheet"
PASSWORD = f"pw-{secrets.token_hex(8)}"
# Nothing here outlives the tests, so nothing needs to reach the disk.
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1",
           "max_connections=100", "shared_buffers=64MB", "log_min_messages=fatal", "autovacuum=off")


def binaries() -> Path | None:
    """Where initdb and postgres are: Debian keeps them off the PATH, by version."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3].split(".")[0]))
    return versions[-1].parent if versions else None


class PostgresServer:
    """A cluster with one superuser, who has a password."""

    def __init__(self, bin: Path, *, durable: bool = False) -> None:
        """`durable`: with the settings it comes with, as for work; only to be measured."""
        self._bin = bin
        self._options = OPTIONS[3:-1] if durable else OPTIONS
        # initdb refuses to run as root.
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        # Short, for the socket's sake (108 bytes), and open to the other user, unlike pytest's folders.
        self.folder = Path(tempfile.mkdtemp(prefix="callsheet-pg-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> PostgresServer:
        words = self.folder / "password"
        words.write_text(PASSWORD)
        if self._as:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, words):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        data = self.folder / "data"
        subprocess.run(
            [self._bin / "initdb", "-D", data, "-U", USER, "--pwfile", words, "--auth=scram-sha-256",
             "--encoding=UTF8", "--locale=C", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as,
        )
        options = [part for option in self._options for part in ("-c", option)]
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self._as,
        )
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise
                time.sleep(0.1)
            else:
                return

    @property
    def pid(self) -> int:
        """Of the postmaster, above all others."""
        assert self._process is not None
        return self._process.pid

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres",
                             autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            # "Fast shutdown": does not wait for clients.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
