# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/console on the admin's computer, and a phone's console at the other end of the cable."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from callsheet.formats.settings import read_settings
from tests.contract.console.test_terminal import PASSWORD, ROOT, Console
from tests.support.cable import Bridge

SCRIPT = ROOT / "scripts" / "console"


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    with Bridge() as bridge:
        yield bridge


@pytest.fixture
def console(tmp_path: Path, bridge: Bridge) -> Iterator[Console]:
    with Console(tmp_path, SimpleNamespace(port=bridge.ports[0])) as console:  # type: ignore[arg-type]
        yield console


def run(port: str, *words: str, typed: str = "", password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), "--port", port, *words], input=typed, text=True,
                          capture_output=True, timeout=100, check=False,
                          env={**os.environ, "CALLSHEET_CONSOLE_PASSWORD": password})


def test_a_command_with_its_exit_status_and_its_answer_as_data(console: Console, bridge: Bridge) -> None:
    done = run(bridge.ports[1], "show", "phone.id")
    assert (done.returncode, "desk-7" in done.stdout) == (0, True), done
    done = run(bridge.ports[1], "--json", "show", "sip")
    assert json.loads(done.stdout)["data"]["sip.server"] == "pbx.example.com"
    done = run(bridge.ports[1], "set", "sheet.poll", "soon")
    assert done.returncode == 1 and "expected number" in done.stderr
    assert run(bridge.ports[1], "frobnicate").returncode == 2
    assert run(bridge.ports[1], "status").returncode == 1


def test_a_script_sets_a_phone_up_and_ends_at_the_first_line_that_fails(console: Console, bridge: Bridge) -> None:
    script = "# our office\nimport <<END\n[phone]\nid = \"desk-9\"\n[calls]\ngap = 1\nEND\n\napply keep\nshow phone.id\n"
    done = run(bridge.ports[1], "--json", "--script", "-", typed=script)
    assert done.returncode == 0, done
    assert [json.loads(line)["command"] for line in done.stdout.splitlines()] == ["import", "apply keep", "show phone.id"]
    settings = read_settings(console.config.read_bytes())
    assert (settings.phone.id, settings.calls.gap, settings.sip.server) == ("desk-9", 1.0, "")
    done = run(bridge.ports[1], "--script", "-", typed="set calls.gap x\nset phone.id never\napply keep\n")
    assert done.returncode == 1
    assert read_settings(console.config.read_bytes()).phone.id == "desk-9"


def test_a_wrong_password_and_a_port_without_a_phone_are_named(console: Console, bridge: Bridge) -> None:
    done = run(bridge.ports[1], "show", password="let me in")
    assert done.returncode == 4 and "password was not taken" in done.stderr
    done = run("/dev/ttyNOWHERE", "show")
    assert done.returncode == 3 and "/dev/ttyNOWHERE" in done.stderr


def test_the_phone_is_found_among_the_ports(
    console: Console, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load()
    assert run(bridge.ports[1], "show", "phone.id").returncode == 0, "the console is up"
    with Bridge() as silent:
        ports = [SimpleNamespace(device=silent.ports[0], description="Bluetooth", manufacturer=None, product=None),
                 SimpleNamespace(device=bridge.ports[1], description="CP2102 USB to UART", manufacturer="x", product=None)]
        monkeypatch.setattr(module.list_ports, "comports", lambda: ports)
        assert module.candidates() == [bridge.ports[1], silent.ports[0]]
        assert module.find(115200) == bridge.ports[1]
        monkeypatch.setattr(module.list_ports, "comports", lambda: ports[:1])
        with pytest.raises(module.Trouble, match="no phone found"):
            module.find(115200)


def load() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("callsheet_console_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
