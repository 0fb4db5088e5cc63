# SPDX-License-Identifier: GPL-3.0-or-later
"""ftplib, made to verify, to protect the data connection by the control connection's TLS session, and to pass NAT.

RFC 959 (FTP), RFC 4217 (TLS), RFC 2428 (EPSV).
"""

from __future__ import annotations

import ftplib
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

from callsheet.adapters.transport.cutoff import Cutoff

Security = Literal["off", "explicit", "implicit"]
MAX_REPLIES = 256 * 1024
"""Bytes a server may say on a control connection."""
UNKNOWN_COMMAND = ("500", "501", "502", "504", "522")


class FtpSession(ftplib.FTP):
    """A control connection. Methods raise what ftplib and ssl raise."""

    def __init__(
        self, security: Security, context: ssl.SSLContext, cutoff: Cutoff, connect_timeout: float, read_timeout: float,
    ) -> None:
        super().__init__(timeout=read_timeout, encoding="utf-8")
        self._security = security
        self._context = context
        self._cutoff = cutoff
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._heard = 0
        self._epsv = True

    def open(self, host: str, port: int) -> None:
        """Connect and, before anything is said, secure."""
        self.host, self.port = host, port
        self.sock, _ = self._cutoff.dial(host, port, self._connect_timeout)
        self.af = self.sock.family
        if self._security == "implicit":
            self._secure()
        self._listen()
        self.welcome = self.getresp()
        if self._security == "explicit":
            self.voidcmd("AUTH TLS")
            # What came in the clear after the reply is dropped with the old reader.
            self._secure()
            self._listen()

    def sign_in(self, user: str, password: str) -> None:
        """Log in; protect data connections; binary from here on."""
        self.login(user or "anonymous", password)
        if self._security != "off":
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
        self.voidcmd("TYPE I")

    def getline(self) -> str:
        """One line of a reply; there is an end to how many."""
        line = super().getline()
        self._heard += len(line) + 2
        if self._heard > MAX_REPLIES:
            raise ftplib.error_proto("too many lines")
        return line

    @contextmanager
    def transfer(self, command: str) -> Iterator[socket.socket]:
        """A data connection, and at its end the server's word that all went well."""
        raw, release = self._data_connection()
        conn = raw
        try:
            reply = self.sendcmd(command)
            # Some servers say "226 transfer complete" of an earlier one first.
            reply = self.getresp() if reply.startswith("2") else reply
            if not reply.startswith("1"):
                raise ftplib.error_reply(reply)
            if self._security != "off":
                conn = self._wrapped(raw, self._session())
            yield conn
            _finish(conn)
        except TimeoutError:
            raise
        except OSError:
            # The server knows better than the kernel why it hung up.
            conn.close()
            self.voidresp()
            raise
        finally:
            conn.close()
            release()
        self.voidresp()

    def _secure(self) -> None:
        assert self.sock is not None
        self.sock = self._wrapped(self.sock, None)

    def _wrapped(self, sock: socket.socket, session: ssl.SSLSession | None) -> ssl.SSLSocket:
        sock.settimeout(self._read_timeout)
        return self._context.wrap_socket(sock, server_hostname=self.host, session=session)

    def _session(self) -> ssl.SSLSession | None:
        """The control connection's as it is now: TLS 1.3 hands its tickets out after the handshake."""
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.sock.session

    def _listen(self) -> None:
        assert self.sock is not None
        self.sock.settimeout(self._read_timeout)
        self.file: Any = self.sock.makefile("r", encoding="utf-8", errors="replace")

    def _data_connection(self) -> tuple[socket.socket, Callable[[], None]]:
        """To the control connection's peer, whatever address the server believes to have."""
        assert self.sock is not None
        peer = self.sock.getpeername()
        if port := self._extended_port(peer):
            try:
                return self._cutoff.dial(peer[0], port, self._connect_timeout)
            except OSError:
                # A firewall that reads along may understand only PASV.
                if self.af == socket.AF_INET6 or self._cutoff.expired or self._cutoff.aborted:
                    raise
                self._epsv = False
        _, port = ftplib.parse227(self.sendcmd("PASV"))
        return self._cutoff.dial(peer[0], port, self._connect_timeout)

    def _extended_port(self, peer: tuple[str, int]) -> int:
        """By EPSV; 0: the server does not know it."""
        if not self._epsv:
            return 0
        try:
            return int(ftplib.parse229(self.sendcmd("EPSV"), peer)[1])
        except (ftplib.error_perm, ftplib.error_proto, ftplib.error_reply):
            if self.af == socket.AF_INET6:
                raise
            self._epsv = False
            return 0


def _finish(conn: socket.socket) -> None:
    """Say that this was all, in TLS and in TCP, and wait for the other side to hang up.

    SSLSocket.unwrap() would wait for an answer in TLS, which some servers never give.
    """
    if isinstance(conn, ssl.SSLSocket):
        seconds = conn.gettimeout()
        conn.setblocking(False)
        with suppress(OSError):
            try:
                conn.unwrap()
            except ssl.SSLWantWriteError:
                select.select([], [conn], [], seconds)
                conn.unwrap()
        conn.settimeout(seconds)
    with suppress(OSError):
        conn.shutdown(socket.SHUT_WR)
        while conn.recv(65536):
            pass
