# SPDX-License-Identifier: GPL-3.0-or-later
"""baresip as the far end: TLS, SRTP, Opus and G.722, all of which SIPp lacks. It records what it hears and says."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

from tests.sip.peers.certs import Identity
from tests.sip.peers.process import LOOPBACK, Process, eventually, free_port, program, udp_bound

_MODULES = ("aufile", "aubridge", "sndfile", "g711", "g722", "opus", "srtp", "ctrl_tcp", "account", "menu")
_CONFIG = """\
poll_method epoll
sip_listen {host}:{port}
{certificate}
sip_cafile {ca}
call_local_timeout 120
call_max_calls 4
audio_player aubridge,sink
audio_source {source}
audio_alert aubridge,alert
audio_level no
audio_buffer 20-160
rtp_tos 184
rtp_ports {rtp}-{rtp_end}
jitter_buffer_delay 1-10
rtp_timeout 0
net_interface {host}
module_path /usr/lib/baresip/modules
{modules}
snd_path {folder}
ctrl_tcp_listen {host}:{control}
opus_bitrate 28000
"""


class Baresip(Process):
    """A callee or caller named by `user`. Its recordings are `heard()` and `said()`."""

    def __init__(self, folder: Path, *, user: str = "200", answer: str = "auto", voice: Path | None = None,
                 codecs: str = "opus/48000/2,G722/16000/1,PCMU,PCMA", encryption: str = "",
                 identity: Identity | None = None, registrar: str = "", password: str = "",
                 transport: str = "udp") -> None:
        """`voice`: a WAV it says. `encryption`: "srtp" offers SDES, "srtp-mand" insists.

        `registrar`: host:port to register at; empty: it is called directly at `address`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port(4)
        self.user = user
        self._control = free_port()
        rtp = free_port(20)
        domain = registrar or f"{LOOPBACK}:{self.port}"
        account = (f"<sip:{user}@{domain};transport={transport}>;answermode={answer};audio_codecs={codecs}"
                   f";regint={60 if registrar else 0}")
        if password:
            account += f";auth_user={user};auth_pass={password}"
        if encryption:
            account += f";mediaenc={encryption}"
        (folder / "accounts").write_text(account + "\n")
        (folder / "contacts").write_text("")
        certificate = ""
        if identity:
            both = folder / "both.pem"
            both.write_text(identity.key.read_text() + identity.certificate.read_text())
            certificate = f"sip_certificate {both}"
        (folder / "config").write_text(_CONFIG.format(
            host=LOOPBACK, port=self.port, control=self._control, folder=folder, rtp=rtp, rtp_end=rtp + 18,
            certificate=certificate, ca=identity.ca if identity else "",
            source=f"aufile,{voice}" if voice else "aubridge,nothing",
            modules="\n".join(f"module{'_app' if m in ('account', 'menu', 'ctrl_tcp') else ''} {m}.so"
                              for m in _MODULES)))
        super().__init__([program("baresip"), "-f", str(folder), "-4", "-s"], folder, "baresip")
        self.events: list[dict[str, Any]] = []
        self.wait_for(lambda: udp_bound(self.port) and self._connect())
        if registrar:
            self.wait_for(lambda: any(e.get("type") == "REGISTER_OK" for e in self.events)
                          or "200 OK" in self.output())

    @property
    def address(self) -> str:
        """host:port for UDP and TCP; TLS is one port up."""
        return f"{LOOPBACK}:{self.port}"

    def command(self, name: str, params: str = "") -> None:
        """A command of baresip's, e.g. "hangup" or "dial"."""
        message = json.dumps({"command": name, "params": params}).encode()
        self._socket.sendall(b"%d:%s," % (len(message), message))

    def wait_event(self, kind: str, seconds: float = 10.0) -> dict[str, Any]:
        """The first event of a type, e.g. CALL_ESTABLISHED."""
        eventually(lambda: any(e.get("type") == kind for e in self.events), seconds,
                   f"no {kind} among {[e.get('type') for e in self.events]}\n{self.output()[-1500:]}")
        return next(e for e in self.events if e.get("type") == kind)

    def digits(self) -> str:
        """DTMF received so far."""
        return "".join(e.get("param", "") for e in self.events if e.get("type") == "CALL_DTMF_START")

    def heard(self) -> Path:
        """Recording of what came in; complete when the call is over."""
        return self._recording("dec")

    def said(self) -> Path:
        """Recording of what went out."""
        return self._recording("enc")

    def stop(self) -> None:
        """End it."""
        if hasattr(self, "_socket"):
            self._socket.close()
        super().stop()

    def all_heard(self) -> list[Path]:
        """All recordings of what came in, oldest first: there is another after each re-INVITE."""
        return sorted(self.folder.glob("dump-*dec.wav"), key=lambda file: file.name)

    def _recording(self, way: str) -> Path:
        return max(self.folder.glob(f"dump-*{way}.wav"), key=lambda file: file.name)

    def _connect(self) -> bool:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if self._socket.connect_ex((LOOPBACK, self._control)):
            self._socket.close()
            return False
        threading.Thread(target=self._read, args=(self._socket,), daemon=True).start()
        return True

    def _read(self, source: socket.socket) -> None:
        """Events come as netstrings of JSON."""
        buffer = b""
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while b":" in buffer:
                head, _, rest = buffer.partition(b":")
                size = int(head)
                if len(rest) < size + 1:
                    break
                self.events.append(json.loads(rest[:size]))
                buffer = rest[size + 1:]
