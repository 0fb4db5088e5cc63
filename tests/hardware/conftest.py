# SPDX-License-Identifier: GPL-3.0-or-later
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hardware.workshop import rules
from hardware.workshop.model import Board

ROOT = Path(__file__).resolve().parents[2]
BOARD_YAML = ROOT / "hardware" / "board.yaml"


@pytest.fixture(scope="session")
def board() -> Board:
    return rules.load()


@pytest.fixture(scope="session")
def board_text() -> str:
    return BOARD_YAML.read_text(encoding="utf-8")


@pytest.fixture
def make_hardware():
    """Run the script as a person would; its exit code and all it said."""
    def run(*words: str, root: Path = ROOT, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        done = subprocess.run([sys.executable, root / "scripts" / "make-hardware", *words], text=True,
                              capture_output=True, check=False, env={**os.environ, **(env or {})})
        return done.returncode, done.stdout + done.stderr
    return run


@pytest.fixture
def needs_dot() -> None:
    if not shutil.which("dot"):
        pytest.skip("graphviz is not installed")
