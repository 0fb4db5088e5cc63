# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine for one server: processes with users, a /run and a full disk of their own, in a mount namespace.

Nothing outside changes, and all of it is gone with the server's process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

USER, PASSWORD = "phone", "S3cret-Pass%phrase"
UID = 61001
DISK = 1024 * 1024
"""Bytes of the small disk."""

SCRIPT = """
set -e
mount -t tmpfs -o mode=755 none /run
mkdir -m 755 /run/sshd
mount -t tmpfs -o size={disk},uid={uid},mode=755 none {home}/full
mount --bind {base}/passwd /etc/passwd
mount --bind {base}/shadow /etc/shadow
exec "$@"
"""


class Room:
    """Folders and users for a server.

    The user's home holds `up/` to put files into, `closed/` that is not theirs,
    and `full/`, a small disk of its own.
    """

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("servers with users need root")
        # Not below pytest's own folder, which other users may not enter.
        self.base = Path(tempfile.mkdtemp(prefix="callsheet-server-"))
        self.base.chmod(0o755)
        self.home = self.base / "home"
        for name in ("up", "closed", "full"):
            (self.home / name).mkdir(parents=True)
        os.chown(self.home / "up", UID, UID)
        self._users()
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.base / "log"

    def _users(self) -> None:
        hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True)
        names = (USER, "101")
        passwd = Path("/etc/passwd").read_text() + "".join(
            f"{name}:x:{UID}:{UID}::{self.home}:/bin/sh\n" for name in names)
        shadow = "root:*:19000:0:99999:7:::\n" + "".join(
            f"{name}:{hashed.stdout.strip()}:19000:0:99999:7:::\n" for name in names)
        (self.base / "passwd").write_text(passwd)
        (self.base / "shadow").write_text(shadow)
        (self.base / "shadow").chmod(0o600)

    def write(self, name: str, content: bytes, *, mode: int = 0o644, mtime: float = 1_700_000_000.0) -> Path:
        """A file of the server's, last changed long ago."""
        path = self.home / name
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, (mtime, mtime))
        return path

    def fill_disk(self) -> None:
        """Leave nothing of the small disk."""
        with suppress_no_space(), (self.full / "filler").open("wb", buffering=0) as file:
            while file.write(bytes(65536)):
                pass

    def clear_disk(self) -> None:
        (self.full / "filler").unlink()

    @property
    def full(self) -> Path:
        """The small disk, seen from here."""
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/root{self.home}/full")

    def run(self, *command: str) -> None:
        script = SCRIPT.format(disk=DISK, uid=UID, home=self.home, base=self.base)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def alive(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text(errors="replace")
        return True

    def stop(self) -> None:
        """End the server and whatever it has begun for connections."""
        if self._process:
            # vsftpd and nginx have children of their own; sshd's are in sessions of their own and end with theirs.
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)
            self._process = None

    def leave(self) -> None:
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)


class suppress_no_space:  # noqa: N801
    """The disk being full is what was wanted."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, OSError) and error.errno == 28
