# SPDX-License-Identifier: GPL-3.0-or-later
"""Our units: closed as far as they can be, and made of what exists."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).resolve().parents[3] / "image" / "units").glob("*.service"))
MOST_EXPOSED = 20
"""Tenths: systemd-analyze(1) calls 2.0 OK."""


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_hardened(unit: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed (Debian package systemd)")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager",
                           str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert f"Overall exposure level for {unit.name.replace('@.', '@i.')}" in done.stdout  # a template is judged as one of its instances


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_run_commands_that_there_are(unit: Path) -> None:
    from callsheet.cli.main import PROGRAMS

    (command,) = [line.removeprefix("ExecStart=").split() for line in unit.read_text().splitlines()
                  if line.startswith("ExecStart=")]
    assert command[0] == "/usr/bin/callsheet" and command[1] in PROGRAMS
    # Only the one that is there for it runs as root.
    assert ("User=callsheet" in unit.read_text()) == (unit.name != "callsheet-system.service")


def test_there_are_units() -> None:
    assert len(UNITS) >= 4
