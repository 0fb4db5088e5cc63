# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions over the socket: answers, refusals, and whatever else may come down the line."""

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.adapters.control import LONGEST, ControlClient, ControlServer, NoPhone, Refused


def answer(name: str, more: dict[str, Any]) -> Any:
    match name:
        case "echo":
            return more
        case "broken":
            raise ZeroDivisionError
    raise Refused("no such question", "ask something else")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Deeper than a socket's address can be long."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def server(folder: Path) -> Iterator[ControlServer]:
    server = ControlServer(folder, answer)
    server.start()
    yield server
    server.close()


def raw(folder: Path, data: bytes) -> list[dict[str, Any]]:
    descriptor = os.open(folder, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(f"/proc/self/fd/{descriptor}/control")
        os.close(descriptor)
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as lines:
            return [json.loads(one) for one in lines]


def test_questions_are_answered_refused_and_survived(server: ControlServer, folder: Path) -> None:
    client = ControlClient(folder)
    assert client.ask("echo", text="你好", n=3) == {"text": "你好", "n": 3}
    with pytest.raises(Refused, match="no such question") as caught:
        client.ask("nonsense")
    assert caught.value.remedy == "ask something else"
    with pytest.raises(Refused, match="internal error"):
        client.ask("broken")
    assert client.ask("echo") == {}


@pytest.mark.parametrize("line", [b"hello\n", b"[1]\n", b'{"ask": 1}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n", b"\n"])
def test_what_is_no_question_is_answered_with_how_to_ask(server: ControlServer, folder: Path, line: bytes) -> None:
    (said, echoed) = raw(folder, line + b'{"ask": "echo"}\n')
    assert said["error"] and "status" in said["remedy"]
    assert echoed == {"ok": {}}


def test_a_line_without_end_is_cut_off(server: ControlServer, folder: Path) -> None:
    (said,) = raw(folder, b"x" * (LONGEST + 10))
    assert "at most" in said["error"]


def test_nobody_else_may_ask(server: ControlServer, folder: Path) -> None:
    mode = (folder / "control").stat().st_mode
    assert stat.S_ISSOCK(mode) and mode & 0o777 == 0o660


def test_no_phone(folder: Path) -> None:
    with pytest.raises(NoPhone, match="does not run"):
        ControlClient(folder).ask("echo")


def test_a_socket_left_over_by_a_power_cut_is_replaced(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        descriptor = os.open(folder, os.O_PATH)
        dead.bind(f"/proc/self/fd/{descriptor}/control")
        os.close(descriptor)
    server = ControlServer(folder, answer)
    server.start()
    assert ControlClient(folder).ask("echo", n=1) == {"n": 1}
    server.close()
    assert not (folder / "control").exists()
