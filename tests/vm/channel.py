# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's end of the agent in the guest (guest/agent.py has the protocol)."""

from __future__ import annotations

import base64
import json
import queue
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vm.guest.agent import HEAD

PATIENCE = 120.0
"""Seconds; an emulated processor on a busy machine is slow, but not this slow."""


class GuestError(RuntimeError):
    """What went wrong in the guest, in its own words."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Channel:
    """A file, device or process's output in the guest, open from here; each piece as the guest read it."""

    def __init__(self, agent: Agent, number: int) -> None:
        self._agent, self._number = agent, number
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = False

    def write(self, data: bytes) -> None:
        """One write in the guest."""
        self._agent.send(self._number, data)

    def read(self, timeout: float = PATIENCE) -> bytes:
        """The next piece; b"" at its end. Raises TimeoutError."""
        if self._ended:
            return b""
        try:
            piece = self._pieces.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"nothing came within {timeout:g} s") from None
        self._ended = not piece
        return piece

    def until(self, wanted: bytes, timeout: float = PATIENCE) -> bytes:
        """Everything up to and with the piece that completes `wanted`. Raises TimeoutError, EOFError."""
        end, data = time.monotonic() + timeout, b""
        while wanted not in data:
            try:
                piece = self.read(max(0.0, end - time.monotonic()))
            except TimeoutError:
                raise TimeoutError(f"{wanted!r} did not come, only {data[-2000:]!r}") from None
            if not piece:
                raise EOFError(f"ended before {wanted!r}: {data[-2000:]!r}")
            data += piece
        return data

    def close(self) -> None:
        """Close it in the guest."""
        self._agent.call("close", channel=self._number)

    def arrived(self, piece: bytes) -> None:
        """Called by the agent's thread."""
        self._pieces.put(piece)


class Process:
    """A program in the guest whose output is collected as it comes."""

    def __init__(self, agent: Agent, pid: int, channel: Channel) -> None:
        self._agent, self.pid, self._channel = agent, pid, channel
        self._news = threading.Condition()
        self._said = ""
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def said(self) -> str:
        """All of its output so far."""
        with self._news:
            return self._said

    def until(self, wanted: str, timeout: float = PATIENCE, since: int = 0) -> str:
        """Its output from `since` on, once that contains `wanted`. Raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: wanted in self._said[since:], timeout):
                raise TimeoutError(f"it did not say {wanted!r} but:\n{self._said[-3000:]}")
            return self._said[since:]

    def say(self, text: str) -> None:
        """A line to its standard input."""
        self._channel.write(text.encode() + b"\n")

    def kill(self, number: int = 15) -> None:
        """Send it a signal, unless it has ended."""
        self._agent.call("kill", pid=self.pid, number=number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Its exit status. Raises GuestError if it does not end in time."""
        code: int = self._agent.call("wait", timeout + 10, pid=self.pid, timeout=timeout)
        return code

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                piece = self._channel.read(3600)
            except TimeoutError:
                continue
            *lines, rest = (rest + piece).split(b"\n") if piece else (rest, b"")
            with self._news:
                self._said += "".join(line.decode(errors="replace") + "\n" for line in lines if line or piece)
                self._news.notify_all()
            if not piece:
                return


class Agent:
    """Asks the guest to do things. Safe from any thread; every method may raise GuestError."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Waits for the guest to come up. Raises GuestError."""
        self._socket = _connect(path, timeout)
        self._lock = threading.Lock()
        self._next = 0
        self._waiting: dict[int, Future[Any]] = {}
        self._channels: dict[int, Channel] = {}
        self._early: dict[int, list[bytes]] = {}
        hello: Future[dict[str, float]] = Future()
        self._hello = hello
        threading.Thread(target=self._listen, daemon=True, name="guest").start()
        try:
            self.stages = hello.result(timeout)
        except TimeoutError:
            raise GuestError(f"the guest did not come up within {timeout:g} s") from None
        finally:
            if not hello.done() or hello.exception():
                self._socket.close()

    def call(self, op: str, patience: float = PATIENCE, **fields: Any) -> Any:
        """Ask for `op` and wait for the answer."""
        answer: Future[Any] = Future()
        with self._lock:
            self._next += 1
            id = self._next
            self._waiting[id] = answer
        self.send(0, json.dumps({"id": id, "op": op, **fields}).encode())
        try:
            return answer.result(patience)
        except TimeoutError:
            raise GuestError(f"no answer to {op} {fields} within {patience:g} s") from None

    def run(self, *argv: str, env: Mapping[str, str] | None = None, cwd: str = "/", input: bytes = b"",
            timeout: float = PATIENCE, check: bool = True) -> Done:
        """Run a command to its end. `check`: a status other than 0 raises GuestError."""
        answer = self.call("run", timeout + 10, argv=argv, env=dict(env or {}), cwd=cwd, timeout=timeout,
                           input=base64.b64encode(input).decode())
        done = Done(answer["code"], _bytes(answer["out"]).decode(errors="replace"),
                    _bytes(answer["err"]).decode(errors="replace"))
        if check and done.code:
            raise GuestError(f"{' '.join(argv)} ended with {done.code}:\n{done.out}{done.err}")
        return done

    def start(self, *argv: str, env: Mapping[str, str] | None = None, cwd: str = "/") -> Process:
        """Start a command and leave it running."""
        answer = self.call("start", argv=argv, env=dict(env or {}), cwd=cwd)
        return Process(self, answer["pid"], self._channel(answer["channel"]))

    def open(self, path: str, *, raw: bool = False) -> Channel:
        """Open a file or device for reading and writing; `raw`: a terminal that passes every byte."""
        return self._channel(self.call("open", path=path, raw=raw))

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """A file's bytes."""
        return _bytes(self.call("read", path=path, offset=offset, size=size))

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file; under /sys in one piece, as it wants it."""
        data = data.encode() if isinstance(data, str) else data
        self.call("write", path=path, data=base64.b64encode(data).decode())

    def wait_for(self, path: str, wanted: str, timeout: float = PATIENCE) -> str:
        """Until the file's text contains `wanted`; returns the text."""
        text: str = self.call("await", timeout + 10, path=path, wanted=wanted, timeout=timeout)
        return text

    def send(self, channel: int, data: bytes) -> None:
        """A frame to the guest. Raises GuestError if it is gone."""
        try:
            with self._lock:
                self._socket.sendall(HEAD.pack(len(data), channel) + data)
        except OSError as error:
            raise GuestError(f"the guest is gone: {error}") from None

    def close(self) -> None:
        """Let go of the guest."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _channel(self, number: int) -> Channel:
        channel = Channel(self, number)
        with self._lock:
            self._channels[number] = channel
            for piece in self._early.pop(number, ()):
                channel.arrived(piece)
        return channel

    def _listen(self) -> None:
        try:
            while True:
                length, channel = HEAD.unpack(self._exactly(HEAD.size))
                self._arrived(channel, self._exactly(length))
        except (EOFError, OSError):
            pass
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            channels, self._channels = self._channels, {}
        if not self._hello.done():
            self._hello.set_exception(GuestError("the guest stopped before it was up"))
        for answer in waiting.values():
            answer.set_exception(GuestError("the guest is gone"))
        for channel_ in channels.values():
            channel_.arrived(b"")

    def _arrived(self, channel: int, data: bytes) -> None:
        if channel:
            with self._lock:
                there = self._channels.get(channel)
                if there is None:
                    self._early.setdefault(channel, []).append(data)
            if there is not None:
                there.arrived(data)
            return
        message = json.loads(data)
        if "hello" in message:
            self._hello.set_result(message["hello"])
            return
        with self._lock:
            answer = self._waiting.pop(message["id"], None)
        if answer is None:
            return
        if "error" in message:
            answer.set_exception(GuestError(message["error"]))
        else:
            answer.set_result(message["result"])

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            got = self._socket.recv(count - len(data))
            if not got:
                raise EOFError
            data += got
        return data


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _connect(path: Path, timeout: float) -> socket.socket:
    end = time.monotonic() + timeout
    while True:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(str(path))
            return made
        except OSError:
            made.close()
            if time.monotonic() > end:
                    raise GuestError(f"QEMU did not open {path}") from None
            time.sleep(0.02)
