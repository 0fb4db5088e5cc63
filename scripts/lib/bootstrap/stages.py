# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `scripts/test`: which tests run together, how, and what came out."""

from __future__ import annotations

import os
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import say
from .paths import ROOT, VENV

NOTHING_COLLECTED = 5  # pytest's exit code for it
TESTS_FAILED = 1  # likewise
FORGIVABLE = 5
"""So many failed tests of a stage are tried once more, alone; when more fail, something is broken."""
WORKERS = ("-n", "4", "--dist", "loadgroup")  # on two cores: most of them wait for servers


@dataclass(frozen=True)
class Stage:
    """One run of a tool: its title, command (after .venv's python), whether it is pytest, and whether tests that
    failed are run once more, alone: those that keep step with real time, on a machine that may be busy. More than
    `forgivable` are not.
    """

    title: str
    words: tuple[str, ...]
    is_pytest: bool = True
    again: bool = False
    forgivable: int = FORGIVABLE


@dataclass
class Totals:
    """Counts over all stages, as pytest names them."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    bad_stages: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    """Tests that failed first and passed alone."""

    def add_report(self, report: Path) -> None:
        """Add the counts of one JUnit report."""
        for suite in ET.parse(report).getroot().iter("testsuite"):
            failed, errors, skipped = (int(suite.get(n, 0)) for n in ("failures", "errors", "skipped"))
            self.failed += failed
            self.errors += errors
            self.skipped += skipped
            self.passed += int(suite.get("tests", 0)) - failed - errors - skipped

    def forgive(self, first: Path, second: Path) -> None:
        """Count what failed in the first report and not in the second as passed, and remember it as unsteady."""
        still = unpassed(second)
        for name, kinds in unpassed(first).items():
            if name not in still:
                self.failed -= "failure" in kinds
                self.errors -= "error" in kinds
                self.passed += 1
                self.unsteady.append(name)

    def line(self, seconds: float) -> str:
        """Return the last line of the output, in pytest's style."""
        counts = [f"{self.passed} passed", f"{self.failed} failed"]
        counts += [f"{self.errors} errors"] if self.errors else []
        counts += [f"{self.skipped} skipped"] if self.skipped else []
        counts += [f"{len(self.unsteady)} of them at the second try"] if self.unsteady else []
        return f"{', '.join(counts)} in {seconds:.1f}s"


CHECKS = (
    Stage("ruff", ("-m", "ruff", "check", "."), is_pytest=False),
    Stage("mypy", ("-m", "mypy"), is_pytest=False),
)
FAST_FOLDERS = ("tests/unit", "tests/model", "tests/golden")
NOT_SERIAL = "not sip and not browser and not kill and not vm and not image"
# Every test is in exactly one of these. What makes calls, drives a browser or kills
# phones has the machine to itself: its timing must not depend on a neighbour's.
FULL = (
    Stage("tests of the parts", ("-m", NOT_SERIAL, *WORKERS, "tests"), again=True),
    Stage("real SIP", ("-m", "sip and not browser and not kill", "tests"), again=True),
    Stage("the page in a browser", ("-m", "browser and not kill", "tests"), again=True),
    Stage("kills", ("-m", "kill", "tests"), again=True),
    # These are collected only when they are named.
    Stage("the phone on an emulated processor", ("-m", "vm", "tests/vm"), again=True),
    # Builds the image first, and boots it; what is marked nightly boots many times.
    # One emulated phone has all of a file's tests: if its machine fails, they all do.
    Stage("the card's image", ("-m", "image and not nightly", "tests/image"), again=True, forgivable=10),
)


def plan(*, fast: bool, extra: list[str]) -> list[Stage]:
    """Return the stages to run; a path among `extra` narrows them to those files, in one stage."""
    if any((ROOT / word.split("::")[0]).exists() for word in extra if not word.startswith("-")):
        return [Stage("what was asked for", tuple(extra))]
    if fast:
        folders = [name for name in FAST_FOLDERS if (ROOT / name).is_dir()]
        return [*CHECKS, Stage("fast tests", ("-m", NOT_SERIAL, *WORKERS, *folders, *extra), again=True)]
    return [*CHECKS, *(replace(one, words=(*one.words, *extra)) for one in FULL)]


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
    if not stage.is_pytest:
        return _call(list(stage.words))
    memory = f"cache_dir={report.with_suffix('.memory')}"
    code = _call(["-m", "pytest", f"--junitxml={report}", "-o", memory, *stage.words])
    if not report.exists():
        totals.errors += 1  # pytest died before it could report
        return code
    totals.add_report(report)
    bad = unpassed(report)
    if not stage.again or code != TESTS_FAILED or not 0 < len(bad) <= stage.forgivable:
        return code
    say.step(f"{stage.title}: once more, alone: {', '.join(bad)} …")
    second = report.with_suffix(".again.xml")
    code = _call(["-m", "pytest", f"--junitxml={second}", "-o", memory, "--last-failed", *_alone(stage.words)])
    if second.exists() and code in (0, TESTS_FAILED):
        totals.forgive(report, second)
    return code


def unpassed(report: Path) -> dict[str, set[str]]:
    """The tests that did not pass, by one JUnit report: their names, and whether by failure, error or both."""
    found: dict[str, set[str]] = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        if kinds := {kind for kind in ("failure", "error") if case.find(kind) is not None}:
            found.setdefault(f"{case.get('classname')}::{case.get('name')}", set()).update(kinds)
    return found


def _alone(words: tuple[str, ...]) -> list[str]:
    """Without workers beside one another."""
    found = list(words)
    for word in WORKERS:
        if word in found:
            found.remove(word)
    return found


def _call(words: list[str]) -> int:
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path}
    if env.get("CI", "").lower() in ("1", "true"):
        # Chance plays the same game every time (tests/conftest.py), and the order of sets is part of the game.
        env.setdefault("PYTHONHASHSEED", "0")
    return subprocess.call([str(VENV / "bin" / "python"), *words], cwd=ROOT, env=env)
