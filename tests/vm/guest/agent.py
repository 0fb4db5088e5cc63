# SPDX-License-Identifier: GPL-3.0-or-later
"""The test's hands inside the guest: runs commands and moves bytes, as told over a virtio serial port.

Needs nothing but the standard library, so that it also runs in a finished image. Frames
in both directions: u32 length, u32 channel, then that many bytes, big-endian. Channel 0
carries JSON: {"id", "op", …} one way, {"id", "result"} or {"id", "error"} the other. Every
other channel is one open file or the output of one process; a frame is one read or write,
so that devices which speak in packets (uhid, hidraw) keep theirs. An empty frame is its end.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path
from typing import Any

PORT = "callsheet.agent"
HEAD = struct.Struct(">II")
CHUNK = 65536


class Wire:
    """The port: frames in and out."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, channel: int, data: bytes) -> None:
        with self._lock:
            left = memoryview(HEAD.pack(len(data), channel) + data)
            while left:
                left = left[os.write(self._fd, left):]

    def tell(self, **message: Any) -> None:
        self.send(0, json.dumps(message).encode())

    def receive(self) -> tuple[int, bytes]:
        length, channel = HEAD.unpack(self._exactly(HEAD.size))
        return channel, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            got = os.read(self._fd, count - len(data))
            if not got:  # nobody at the other end just now
                time.sleep(0.05)
            data += got
        return data


class Channel:
    """Something open; what is written to it has a thread of its own, as a device may make it wait."""

    def __init__(self, wire: Wire, number: int, fd: int) -> None:
        self._wire, self.number, self._fd = wire, number, fd
        self._todo: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._open = True
        threading.Thread(target=self._write, daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

    def put(self, data: bytes) -> None:
        self._todo.put(data or None)

    def _write(self) -> None:
        while (data := self._todo.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._fd, data):]
            except OSError as error:
                print(f"channel {self.number}: {error}", file=sys.stderr, flush=True)
        self._open = False
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def _read(self) -> None:
        while self._open:
            try:
                data = os.read(self._fd, CHUNK)
            except OSError:  # as a terminal whose other end has gone says
                data = b""
            if not data:
                break
            self._wire.send(self.number, data)
        self._wire.send(self.number, b"")


class Agent:
    """What can be asked for: the methods named `do_…`, with the message's fields as arguments."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._numbers = itertools.count(1)
        self._channels: dict[int, Channel] = {}
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def serve(self) -> None:
        self._wire.tell(hello=stages())
        while True:
            channel, data = self._wire.receive()
            if channel:
                if (there := self._channels.get(channel)) is not None:
                    there.put(data)
                continue
            threading.Thread(target=self._answer, args=(json.loads(data),), daemon=True).start()

    def _answer(self, message: dict[str, Any]) -> None:
        id, op = message.pop("id"), message.pop("op")
        try:
            self._wire.tell(id=id, result=getattr(self, f"do_{op}")(**message))
        except Exception as error:  # noqa: BLE001  whatever it is, the test shall read it
            self._wire.tell(id=id, error=f"{type(error).__name__}: {error}")

    def do_run(self, argv: list[str], env: dict[str, str], cwd: str, input: str, timeout: float) -> dict[str, Any]:
        done = subprocess.run(argv, env=os.environ | env, cwd=cwd, input=base64.b64decode(input),
                              capture_output=True, timeout=timeout, check=False)
        return {"code": done.returncode, "out": text(done.stdout), "err": text(done.stderr)}

    def do_start(self, argv: list[str], env: dict[str, str], cwd: str) -> dict[str, int]:
        ours, theirs = socket.socketpair()
        child = subprocess.Popen(argv, env=os.environ | env, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
        theirs.close()
        self._children[child.pid] = child
        return {"pid": child.pid, "channel": self._keep(ours.detach())}

    def do_wait(self, pid: int, timeout: float) -> int:
        return self._children[pid].wait(timeout)

    def do_kill(self, pid: int, number: int) -> None:
        if self._children[pid].poll() is None:
            self._children[pid].send_signal(number)

    def do_open(self, path: str, raw: bool) -> int:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        if raw:
            tty.setraw(fd)
        return self._keep(fd)

    def do_close(self, channel: int) -> None:
        self._channels.pop(channel).put(b"")

    def do_read(self, path: str, offset: int, size: int) -> str:
        with Path(path).open("rb", buffering=0) as file:
            if offset:
                file.seek(offset)
            data = b""
            while size < 0 or len(data) < size:
                got = file.read(CHUNK if size < 0 else size - len(data))
                if not got:
                    break
                data += got
        return text(data)

    def do_write(self, path: str, data: str) -> None:
        # Sysfs takes a command only as one write, and knows no O_CREAT nor O_TRUNC.
        flags = os.O_WRONLY | (0 if path.startswith("/sys/") else os.O_CREAT | os.O_TRUNC)
        fd = os.open(path, flags, 0o644)
        try:
            left = base64.b64decode(data)
            while left:
                left = left[os.write(fd, left):]
        finally:
            os.close(fd)

    def do_await(self, path: str, wanted: str, timeout: float) -> str:
        """Until the file's text contains `wanted`: watched from here, without a round trip for each look."""
        end = time.monotonic() + timeout
        while wanted not in (now := Path(path).read_text() if Path(path).exists() else ""):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} does not say {wanted!r} but {now!r}")
            time.sleep(0.005)
        return now

    def _keep(self, fd: int) -> int:
        number = next(self._numbers)
        self._channels[number] = Channel(self._wire, number, fd)
        return number


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def stages() -> dict[str, float]:
    """Seconds since the kernel began, at each stage so far."""
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return {**json.loads(os.environ.get("VM_STAGES", "{}")), "agent": uptime}


def find_port() -> str:
    """The port's device, once there is one (Documentation/ABI/testing/sysfs-class-virtio: its name file)."""
    while True:
        for name in Path("/sys/class/virtio-ports").glob("*/name"):
            if name.read_text().strip() == PORT:
                return f"/dev/{name.parent.name}"
        time.sleep(0.05)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Agent(Wire(os.open(find_port(), os.O_RDWR))).serve()
