# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that the screen's steps are taken from exist."""

from __future__ import annotations

from pathlib import Path

from callsheet.boot.screen import MARK
from callsheet.boot.steps import STEPS

UNITS = Path(__file__).resolve().parents[3] / "image" / "units"


def test_steps_name_units() -> None:
    assert {unit for _, unit in STEPS} <= {path.name for path in UNITS.iterdir()}


def test_whoever_holds_the_keys_is_heard() -> None:
    assert f"ConditionPathExists=/{MARK}" in (UNITS / "callsheet-held.service").read_text()
    assert f"RuntimeDirectory={MARK.parent.name}" in (UNITS / "callsheet-screen.service").read_text()
