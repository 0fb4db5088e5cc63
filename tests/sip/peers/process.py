# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes that are always ended, and ports that are free."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral range (32768…), so that nobody is handed a port between our look and its use.
_LOWEST, _HIGHEST = 20000, 32000


def free_port(count: int = 1) -> int:
    """An even port from which `count` ports are free, for UDP and TCP."""
    for _ in range(200):
        port = random.randrange(_LOWEST, _HIGHEST, 2)
        if all(_is_free(port + i) for i in range(count)):
            return port
    raise OSError("no free ports on loopback")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True


def program(name: str) -> str:
    """Path of a program, or the test is skipped; Debian puts some of them into sbin."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def udp_bound(port: int) -> bool:
    """Whether somebody listens on a UDP port of loopback."""
    address = f"{port:04X}"
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError):
            if re.search(rf"^ *\d+: [0-9A-F]+:{address} ", Path(table).read_text(), re.MULTILINE):
                return True
    return False


def tcp_open(port: int) -> bool:
    """Whether somebody accepts connections on a TCP port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def eventually(what: Callable[[], object], seconds: float = 10.0, message: str = "did not happen") -> None:
    """Wait until `what` is true; fail after `seconds`."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise AssertionError(message)
        time.sleep(0.01)


class Process:
    """A program with its output in a file."""

    def __init__(self, command: list[str], folder: Path, name: str, *, feed: bool = False,
                 environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self.child = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, ready: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until `ready()`; fails with the program's output if it ends or takes too long."""
        until = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None:
                raise AssertionError(f"ended with {self.child.returncode}:\n{self.output()[-3000:]}")
            if time.monotonic() > until:
                raise AssertionError(f"not ready:\n{self.output()[-3000:]}")
            time.sleep(0.01)

    def finish(self, seconds: float = 15.0) -> int:
        """Wait for the end; returns the exit status."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"did not end:\n{self.output()[-3000:]}") from None

    def stop(self) -> None:
        """End it, by force if need be."""
        if self.child.stdin:
            with contextlib.suppress(OSError):
                self.child.stdin.close()
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(3)
            except subprocess.TimeoutExpired:
                # Its own children with it: it leads a process group.
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
