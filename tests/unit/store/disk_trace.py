# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process did to a directory, write by write, from strace(1); and what a power cut would leave of it.

The model is that of "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014), without its
reordering of names: data of a file is safe from the moment of the last fsync on it; of later writes
any subset, torn at sectors, may have reached the medium.
"""

from __future__ import annotations

import random
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

CALL = re.compile(rb"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)\) += (-?\d+)")
PARTS = re.compile(rb"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*?) <unfinished \.\.\.>$")
RESUMED = re.compile(rb"^(?:\[pid +\d+\] |(\d+) +)?<\.\.\. (\w+) resumed>(.*)$")
SECTOR = 512


@dataclass
class Operation:
    """kind: "write", "truncate", "sync", "unlink", "rename" or "mark"."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""
    to: str = ""


@dataclass
class File:
    """Content as programs see it, as it was at the last sync, and the writes since then."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytes = b""
    loose: list[tuple[int, bytes]] = field(default_factory=list)


def record(command: list[str], directory: Path, log: Path, **more: object) -> list[Operation]:
    """Run a command under strace; its writes below `directory`, and its lines on standard output as marks."""
    subprocess.run(
        ["strace", "-f", "-y", "-xx", "-s", "1000000", "-o", str(log), "-e",
         "trace=write,pwrite64,ftruncate,fsync,fdatasync,unlink,rename", *command],
        check=True, stdout=subprocess.DEVNULL, **more,  # type: ignore[call-overload]
    )
    operations = [op for line in _whole_lines(log.read_bytes()) if (op := _parse(line, directory))]
    assert any(op.kind == "write" and op.name.endswith("-wal") for op in operations), "strace saw no write to the log"
    return operations


def _whole_lines(log: bytes) -> list[bytes]:
    """Calls that another thread interrupted are put together again, at the place where they returned."""
    begun: dict[bytes, bytes] = {}
    lines = []
    for line in log.splitlines():
        pid = line.split(b" ", 1)[0]
        if line.endswith(b"<unfinished ...>"):
            begun[pid] = line.removesuffix(b"<unfinished ...>")
        elif (match := RESUMED.match(line)) and pid in begun:
            lines.append(begun.pop(pid) + match[3])
        else:
            lines.append(line)
    return lines


def _parse(line: bytes, directory: Path) -> Operation | None:
    match = CALL.match(line)
    if match is None or int(match[3]) < 0:
        return None
    call, text = match[1].decode(), match[2]
    if call in ("unlink", "rename"):
        paths = [Path(_unescape(part).decode()) for part in re.findall(rb'"((?:[^"\\]|\\.)*)"', text)]
        if directory not in paths[0].parents:
            return None
        return Operation(call, paths[0].name, to=paths[-1].name)
    target = re.match(rb"(\d+)<([^>]*)>", text)
    if target is None:
        return None
    strings = re.findall(rb'"((?:[^"\\]|\\.)*)"', text)
    data = _unescape(strings[0]) if strings else b""
    if target[1] == b"1" and call == "write":
        return Operation("mark", data=data)
    path = Path(_unescape(target[2]).decode())
    if path.parent != directory or path.name.endswith("-shm"):
        return None
    last = int(text.rsplit(b",", 1)[-1]) if call in ("pwrite64", "ftruncate") else 0
    kind = {"pwrite64": "write", "write": "write", "ftruncate": "truncate", "fsync": "sync", "fdatasync": "sync"}[call]
    return Operation(kind, path.name, last, data)


def _unescape(text: bytes) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text)


class Disk:
    """The files after some of the operations."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}

    def apply(self, op: Operation) -> None:
        """Let one operation happen."""
        if op.kind == "mark":
            return
        if op.kind == "unlink":
            self.files.pop(op.name, None)
        elif op.kind == "rename":
            self.files[op.to] = self.files.pop(op.name)
        else:
            file = self.files.setdefault(op.name, File())
            if op.kind == "sync":
                file.safe, file.loose = bytes(file.now), []
            elif op.kind == "truncate":
                file.now = file.now[:op.offset].ljust(op.offset, b"\0")
                file.loose.append((op.offset, b""))
            else:
                _put(file.now, op.offset, op.data)
                file.loose.append((op.offset, op.data))

    def after_kill(self) -> dict[str, bytes]:
        """The process is gone, the kernel lives on."""
        return {name: bytes(file.now) for name, file in self.files.items()}

    def after_power_cut(self, rng: random.Random, share: float) -> dict[str, bytes]:
        """Of what was not synced, `share` of the sectors are there."""
        left = {}
        for name, file in self.files.items():
            content = bytearray(file.safe)
            for offset, data in file.loose:
                if not data:
                    if rng.random() < share:
                        del content[offset:]
                    continue
                for start in range(0, len(data), SECTOR):
                    if rng.random() < share:
                        _put(content, offset + start, data[start:start + SECTOR])
            left[name] = bytes(content)
        return left


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data
