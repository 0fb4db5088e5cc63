# SPDX-License-Identifier: GPL-3.0-or-later
"""Our units: closed as far as they can be, and made of what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).resolve().parents[3] / "image" / "units").glob("*.service"))
SYSTEM = UNITS[0].parents[1] / "system"
USERS = {"callsheet-system": "root", "callsheet-storage": "root", "callsheet-reset": "root", "callsheet-time": "root",
         "callsheet-name": "root",
         "callsheet-network": "dhcpcd"}
"""Who runs what; all else runs as callsheet."""
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

    text = unit.read_text()
    (command,) = [line.removeprefix("ExecStart=").split() for line in text.splitlines() if line.startswith("ExecStart=")]
    if command[0] == "/usr/bin/callsheet":
        assert command[1] in PROGRAMS
    elif not command[0].startswith("/usr/bin/"):
        script = SYSTEM / command[0].lstrip("/")
        assert script.stat().st_mode & 0o111, f"{script} cannot be run"
    user = USERS.get(unit.stem, "callsheet")
    assert ("User=" in text) == (user != "root") and (user == "root" or f"\nUser={user}\n" in text)


def test_there_are_units() -> None:
    assert len(UNITS) >= 4


NEWER = re.compile(r"Unknown key '(RestartSteps|RestartMaxDelaySec)'")
"""What the image's systemd knows and an older one of the machine may not."""
ELSEWHERE = re.compile(r"Command /usr/(bin/callsheet|lib/callsheet/[a-z-]+) is not executable")
"""On the card, not here; that they exist is looked at above."""


def test_units_fit_together(tmp_path: Path) -> None:
    """No unknown setting, no ordering cycle, among the machine's own units."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed (Debian package systemd)")
    own = SYSTEM / "usr/lib/systemd/system"
    paths = [*UNITS, *UNITS[0].parent.glob("*.path"), *own.glob("*.mount")]
    # Ordered against one another only if all are to be started.
    wanted = " ".join(path.name.replace("@.", "@i.") for path in paths)
    everything = tmp_path / "everything.target"
    everything.write_text(f"[Unit]\nWants=multi-user.target sysinit.target local-fs.target {wanted}\n")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(everything), *map(str, paths)],
                          capture_output=True, text=True, timeout=120, check=False,
                          env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:{UNITS[0].parent}:{own}:"})
    lines = [line for line in done.stderr.splitlines() if not NEWER.search(line) and not ELSEWHERE.search(line)]
    assert not lines
