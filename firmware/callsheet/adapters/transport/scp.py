# SPDX-License-Identifier: GPL-3.0-or-later
"""The legacy scp protocol: the far end's `scp -f` or `scp -t`, spoken to over an exec channel.

The protocol is that of rcp, with no document but its sources. Each message is
answered by one byte: 0 for yes, or 1 or 2 and a line with the reason. There is no
way to ask for a file's size without beginning to fetch it, to rename, or to delete.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from msgspec import Struct

from callsheet.adapters.transport import bodies
from callsheet.adapters.transport.client import TransferError

MAX_LINE = 4096
OK = b"\0"
_TIMES = re.compile(rb"T(\d{1,15}) \d+ \d{1,15} \d+")
_FILE = re.compile(rb"C[0-7]{4} (\d{1,15}) [^\n]+")


class Head(Struct, frozen=True):
    """What is told of a file before its content."""

    size: int
    modified: str


class Receiver:
    """A file that is being sent to us."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        channel.sendall(OK)
        line = _line(channel)
        modified = ""
        if times := _TIMES.fullmatch(line):
            modified = times[1].decode()
            channel.sendall(OK)
            line = _line(channel)
        file = _FILE.fullmatch(line)
        if file is None:
            raise TransferError("other", "the server does not answer in the scp protocol", temporary=True)
        self.head = Head(int(file[1]), modified)

    def body(self, limit: int) -> bytes:
        """The content, whole."""
        if self.head.size > limit:
            raise bodies.too_large(limit)
        self._channel.sendall(OK)
        body = bytearray()
        while len(body) < self.head.size:
            piece = self._channel.recv(min(65536, self.head.size - len(body)))
            if not piece:
                raise EOFError
            body += piece
        # A file that shrinks while it is read is filled up with zeros, and this says so.
        _answer(self._channel, put=False)
        self._channel.sendall(OK)
        return bytes(body)


@contextmanager
def receive(transport: paramiko.Transport, path: str, seconds: float) -> Iterator[Receiver]:
    """A file of the server's, its time and size first. Raises TransferError, OSError, EOFError, SSHException."""
    with _run(transport, f"scp -p -f {shlex.quote(path)}", seconds) as channel:
        yield Receiver(channel)


def send(transport: paramiko.Transport, path: str, body: bytes, seconds: float) -> None:
    """Create or overwrite a file; it is not cut shorter before the end. Raises as `receive`."""
    with _run(transport, f"scp -t {shlex.quote(path)}", seconds) as channel:
        _answer(channel, put=True)
        # The name counts only if the path is a folder; then it must not become a file in it.
        channel.sendall(f"C0644 {len(body)} {path.rpartition('/')[2]}\n".encode())
        _answer(channel, put=True)
        channel.sendall(body + OK)
        _answer(channel, put=True)


@contextmanager
def _run(transport: paramiko.Transport, command: str, seconds: float) -> Iterator[paramiko.Channel]:
    channel = transport.open_session(timeout=seconds)
    try:
        channel.settimeout(seconds)
        channel.exec_command(command)
        yield channel
    finally:
        channel.close()


def _answer(channel: paramiko.Channel, *, put: bool) -> None:
    """Raises TransferError unless it is yes."""
    first = channel.recv(1)
    if not first:
        raise _silent(channel)
    if first in (b"\1", b"\2"):
        raise _refusal(_rest(channel), put)
    if first != OK:
        raise TransferError("other", "the server does not answer in the scp protocol", temporary=True)


def _line(channel: paramiko.Channel) -> bytes:
    """One message without its line end. Raises TransferError if it is a refusal."""
    first = channel.recv(1)
    if not first:
        raise _silent(channel)
    rest = _rest(channel)
    if first in (b"\1", b"\2"):
        raise _refusal(rest, put=False)
    return first + rest


def _rest(channel: paramiko.Channel) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = channel.recv(1)
        if not piece:
            raise EOFError
        line += piece
        if len(line) > MAX_LINE:
            raise TransferError("other", "the server does not answer in the scp protocol", temporary=True)
    return bytes(line[:-1])


def _silent(channel: paramiko.Channel) -> Exception:
    """Why the far end says nothing: it went away, or it is no scp."""
    transport = channel.get_transport()
    # The shell says 127 when there is no such command (POSIX, 2.8.2).
    if transport.is_active() and channel.exit_status_ready() and channel.recv_exit_status() > 0:
        return TransferError("other", "the server knows neither SFTP nor scp")
    return EOFError()


def _refusal(line: bytes, put: bool) -> TransferError:
    """The far end's text quotes the path; only its meaning is passed on."""
    text = line.lower()
    if b"no such file" in text:
        reason = "the folder for uploads does not exist" if put else "there is no file at the link"
        return TransferError("missing", reason, of_file=put)
    if b"denied" in text or b"not permitted" in text:
        return TransferError("credentials", "the server does not permit it", of_file=put)
    if b"no space" in text or b"quota" in text:
        return TransferError("other", "the server's disk is full", temporary=True)
    return TransferError("other", "the server refuses", of_file=put)
