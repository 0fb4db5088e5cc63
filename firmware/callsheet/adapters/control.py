# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a running phone from other programs on the same machine: the console, the self-test.

A Unix socket in the data directory, open to the phone's user and group. A question is
one line of JSON, {"ask": "status", …}; so is its answer, {"ok": …} or
{"error": …, "remedy": …}. A connection may ask any number of them.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from callsheet.ports import PortError

log = logging.getLogger("callsheet.control")

NAME = "control"
LONGEST = 64 * 1024
"""Bytes of a question."""
PATIENCE = 10.0
"""Seconds within which a phone answers, or is broken."""
_AT_ONCE = 16

Answer = Callable[[str, dict[str, Any]], Any]
"""Takes the question's name and the rest of it; returns what can be JSON. Raises Refused."""


class Refused(Exception):
    """A question that cannot be answered; `remedy` says what would help."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class NoPhone(PortError, ConnectionError):
    """No phone runs here, or it does not answer."""


class ControlServer:
    """Listens in the data directory; a thread for each connection."""

    def __init__(self, directory: Path, answer: Answer) -> None:
        self._path = directory / NAME
        self._answer = answer
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin to listen. Raises OSError."""
        # Whoever starts here holds the data directory's lock, so a socket that is left over is nobody's.
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _Within(self._path) as name:
            old = os.umask(0o117)
            try:
                self._socket.bind(name)
            finally:
                os.umask(old)
        self._socket.listen(_AT_ONCE)
        threading.Thread(target=self._run, name="control", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._closed.set()
        if hasattr(self, "_socket"):
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if not self._slots.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._talk, args=(connection,), name="control", daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                while (line := lines.readline(LONGEST + 1)) and not self._closed.is_set():
                    connection.sendall(json.dumps(self._one(line), ensure_ascii=False).encode() + b"\n")
                    if len(line) > LONGEST:
                        return
        except OSError:
            pass
        finally:
            self._slots.release()

    def _one(self, line: bytes) -> dict[str, Any]:
        try:
            if len(line) > LONGEST:
                raise Refused(f"a question has at most {LONGEST} bytes")
            question = json.loads(line)
            if not isinstance(question, dict) or not isinstance(question.get("ask"), str):
                raise Refused("not a question", 'write {"ask": "status"}')
            return {"ok": self._answer(question.pop("ask"), question)}
        except Refused as refused:
            return {"error": refused.reason, "remedy": refused.remedy}
        except (ValueError, RecursionError):
            return {"error": "not a line of JSON", "remedy": 'write {"ask": "status"}'}
        except Exception as error:
            log.exception("a question could not be answered")
            return {"error": f"internal error ({type(error).__name__})", "remedy": "see the log"}


class ControlClient:
    """Asks the phone whose data directory this is."""

    def __init__(self, directory: Path, patience: float = PATIENCE) -> None:
        self._path = directory / NAME
        self._patience = patience

    def ask(self, question: str, **more: Any) -> Any:
        """The answer. Raises NoPhone if none runs, Refused if it says no."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(self._patience)
                with _Within(self._path) as name:
                    line.connect(name)
                line.sendall(json.dumps({"ask": question, **more}).encode() + b"\n")
                with line.makefile("rb") as lines:
                    answer = json.loads(lines.readline() or b"null")
        except TimeoutError:
            raise NoPhone("the phone does not answer") from None
        except (OSError, ValueError):
            raise NoPhone("the phone does not run") from None
        if not isinstance(answer, dict):
            raise NoPhone("the phone has just ended")
        if "error" in answer:
            raise Refused(str(answer["error"]), str(answer.get("remedy", "")))
        return answer.get("ok")


class _Within:
    """A path that fits into a socket's address (107 bytes, unix(7)), through the folder's descriptor."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> str:
        self._folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        os.close(self._folder)
