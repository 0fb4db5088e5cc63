# SPDX-License-Identifier: GPL-3.0-or-later
"""The image's own small scripts, run as the image runs them, on folders of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "image/system/usr/lib/callsheet"


def run(name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPTS / name], env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True,
                          timeout=60, check=False)


def test_a_reset_erases_all_but_what_the_file_system_needs(tmp_path: Path) -> None:
    (tmp_path / "system/ssh").mkdir(parents=True)
    (tmp_path / "lost+found").mkdir()
    for name in ("system/ssh/ssh_host_ed25519_key", "callsheet.toml", ".hidden", "factory-reset"):
        (tmp_path / name).write_text("secret")
    done = run("reset", CALLSHEET_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["lost+found"]


def test_without_a_mark_nothing_is_erased(tmp_path: Path) -> None:
    (tmp_path / "callsheet.toml").write_text("")
    assert run("reset", CALLSHEET_DATA=str(tmp_path)).returncode == 0
    assert (tmp_path / "callsheet.toml").exists()


def test_a_reset_that_is_broken_off_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "factory-reset").touch()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/results").touch()
    # find is what the power cut hits: it fails before anything is gone.
    broken = tmp_path.parent / "broken"
    broken.mkdir()
    (broken / "find").symlink_to("/bin/false")
    done = run("reset", CALLSHEET_DATA=str(tmp_path), PATH=f"{broken}:{os.environ['PATH']}")
    assert done.returncode != 0 and (tmp_path / "factory-reset").exists()
    assert run("reset", CALLSHEET_DATA=str(tmp_path)).returncode == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed (Debian package openssh-client)")
def test_the_host_key_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "ssh"
    first = run("host-key", CALLSHEET_SSH=str(folder))
    assert first.returncode == 0, first.stderr
    key = folder / "ssh_host_ed25519_key"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0 and (folder / "ssh_host_ed25519_key.pub").exists()
    assert run("host-key", CALLSHEET_SSH=str(folder)).stdout == ""
    assert key.read_bytes() == before


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed (Debian package openssh-client)")
def test_a_key_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("half")
    (tmp_path / "ssh_host_ed25519_key").touch()
    assert run("host-key", CALLSHEET_SSH=str(tmp_path)).returncode == 0
    assert "PRIVATE KEY" in (tmp_path / "ssh_host_ed25519_key").read_text()
