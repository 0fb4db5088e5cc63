# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer: Debian's baresip, driven by a script over its TCP control port."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.callee import Callee
from tests.sip.peers.process import free_port

_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
call_local_timeout 120
call_max_calls 4
audio_player aubridge,sink
audio_source aufile,{voice}
audio_alert aubridge,alert
audio_level no
audio_buffer 20-160
rtp_ports {rtp}-{rtp_end}
jitter_buffer_delay 5-10
rtp_timeout 60
net_interface 127.0.0.1
module_path /usr/lib/baresip/modules
module aufile.so
module aubridge.so
module g711.so
module opus.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
"""


def installed() -> bool:
    """Whether it can take part."""
    return shutil.which("baresip") is not None


class Baresip:
    """Registered at the callee's registrar. Use as a context manager."""

    def __init__(self, folder: Path, callee: Callee, voice: Path, codec: str = "PCMU") -> None:
        """`voice`: a WAV at the codec's own rate; this version of baresip converts none."""
        folder.mkdir(parents=True)
        self.folder, self.callee = folder, callee
        self._control = free_port()
        rtp = free_port(20)
        (folder / "config").write_text(_CONFIG.format(port=free_port(2), control=self._control, rtp=rtp, rtp_end=rtp + 18,
                                                      voice=voice))
        codecs = {"PCMU": "PCMU/8000/1", "opus": "opus/48000/2"}[codec]
        (folder / "accounts").write_text(f"<sip:102@{callee.address}>;auth_user=102;auth_pass=x;regint=300;"
                                         f"audio_codecs={codecs}\n")
        (folder / "contacts").write_text("")
        self.started = 0.0

    def __enter__(self) -> Baresip:
        before = len(self.callee.registrations)
        self.started = time.time()
        with (self.folder / "baresip.log").open("wb") as log:
            self._child = subprocess.Popen(["baresip", "-f", str(self.folder), "-4"], cwd=self.folder,
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            self.callee.wait(lambda: len(self.callee.registrations) > before, 15)
            self._socket = self._connect()
        except (TimeoutError, OSError):
            self.__exit__()
            raise
        self._events = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_socket"):
            self._socket.close()
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def command(self, name: str, params: str = "") -> None:
        """One of its commands, e.g. "dial"."""
        message = json.dumps({"command": name, "params": params}).encode()
        self._socket.sendall(b"%d:%s," % (len(message), message))

    def dial(self, user: str) -> None:
        """Call somebody at the callee's address."""
        self.command("dial", f"sip:{user}@{self.callee.address}")

    def wait(self, kind: str) -> dict[str, Any]:
        """The next event of a kind, e.g. CALL_CLOSED."""
        for event in self._events:
            if event.get("type") == kind:
                return event
        raise OSError("baresip closed its control port")

    def _connect(self) -> socket.socket:
        until = time.monotonic() + 5
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._control), 60)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _read(self) -> Iterator[dict[str, Any]]:
        """Events come as netstrings of JSON."""
        buffer = b""
        while data := self._socket.recv(65536):
            buffer += data
            while b":" in buffer:
                head, _, rest = buffer.partition(b":")
                size = int(head)
                if len(rest) < size + 1:
                    break
                buffer = rest[size + 1:]
                yield json.loads(rest[:size])
