# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `scripts/test`: which tests run together, how, and what came out."""

from __future__ import annotations

import os
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import say
from .paths import ROOT, VENV

NOTHING_COLLECTED = 5  # pytest's exit code for it
WORKERS = ("-n", "2", "--dist", "loadgroup")


@dataclass(frozen=True)
class Stage:
    """One run of a tool: its title, command (after .venv's python), and whether it is pytest."""

    title: str
    words: tuple[str, ...]
    is_pytest: bool = True


@dataclass
class Totals:
    """Counts over all stages, as pytest names them."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    bad_stages: list[str] = field(default_factory=list)

    def add_report(self, report: Path) -> None:
        """Add the counts of one JUnit report."""
        for suite in ET.parse(report).getroot().iter("testsuite"):
            failed, errors, skipped = (int(suite.get(n, 0)) for n in ("failures", "errors", "skipped"))
            self.failed += failed
            self.errors += errors
            self.skipped += skipped
            self.passed += int(suite.get("tests", 0)) - failed - errors - skipped

    def line(self, seconds: float) -> str:
        """Return the last line of the output, in pytest's style."""
        counts = [f"{self.passed} passed", f"{self.failed} failed"]
        counts += [f"{self.errors} errors"] if self.errors else []
        counts += [f"{self.skipped} skipped"] if self.skipped else []
        return f"{', '.join(counts)} in {seconds:.1f}s"


CHECKS = (
    Stage("ruff", ("-m", "ruff", "check", "."), is_pytest=False),
    Stage("mypy", ("-m", "mypy"), is_pytest=False),
)
FAST_FOLDERS = ("tests/unit", "tests/model", "tests/golden")
NOT_SERIAL = "not sip and not browser and not kill and not vm"
# Every test is in exactly one of these. What makes calls, drives a browser or kills
# phones has the machine to itself: its timing must not depend on a neighbour's.
FULL = (
    Stage("tests of the parts", ("-m", NOT_SERIAL, *WORKERS, "tests")),
    Stage("real SIP", ("-m", "sip and not browser and not kill", "tests")),
    Stage("the page in a browser", ("-m", "browser and not kill", "tests")),
    Stage("kills", ("-m", "kill", "tests")),
    Stage("the phone on an emulated processor", ("-m", "vm", "tests/vm")),  # collected only when it is named
)


def plan(*, fast: bool, extra: list[str]) -> list[Stage]:
    """Return the stages to run; a path among `extra` narrows them to those files, in one stage."""
    if any((ROOT / word.split("::")[0]).exists() for word in extra if not word.startswith("-")):
        return [Stage("what was asked for", tuple(extra))]
    if fast:
        folders = [name for name in FAST_FOLDERS if (ROOT / name).is_dir()]
        return [*CHECKS, Stage("fast tests", ("-m", NOT_SERIAL, *WORKERS, *folders, *extra))]
    return [*CHECKS, *(Stage(one.title, (*one.words, *extra)) for one in FULL)]


def run(stages: Iterable[Stage], scratch: Path, *, lenient: bool) -> Totals:
    """Run the stages one after the other; `lenient` accepts a stage without tests."""
    totals = Totals()
    for number, stage in enumerate(stages):
        start = time.monotonic()
        say.step(f"{stage.title} …")
        code = _run_one(stage, scratch / f"{number}.xml", totals)
        if code and not (lenient and code == NOTHING_COLLECTED):
            totals.bad_stages.append(stage.title)
            totals.errors += not stage.is_pytest
        say.step(f"{stage.title}: {'ok' if not code else f'exit {code}'}, {time.monotonic() - start:.1f} s")
    return totals


def _run_one(stage: Stage, report: Path, totals: Totals) -> int:
    command = [str(VENV / "bin" / "python"), *stage.words]
    if stage.is_pytest:
        command[1:1] = ["-m", "pytest", f"--junitxml={report}"]
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path}
    if env.get("CI", "").lower() in ("1", "true"):
        # Chance plays the same game every time (tests/conftest.py), and the order of sets is part of the game.
        env.setdefault("PYTHONHASHSEED", "0")
    code = subprocess.call(command, cwd=ROOT, env=env)
    if stage.is_pytest and report.exists():
        totals.add_report(report)
    elif stage.is_pytest:
        totals.errors += 1  # pytest died before it could report
    return code
