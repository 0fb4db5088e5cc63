# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripted day, small: from a spreadsheet by way of four phones and real calls to a report that adds up."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pjsua2")

from tests.manager.day.work import day

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.timeout(1500)]
ROWS = 300


def test_every_row_ends_in_one_outcome_and_nobody_is_rung_beyond_policy(tmp_path: Path) -> None:
    told: list[str] = []
    found = day(tmp_path, ROWS, told.append)
    assert found.problems == []
    assert found.rows == ROWS
    assert sum(found.outcomes.values()) == ROWS
    assert found.rung >= ROWS
    assert any("signed out" in line for line in told)
    assert any("phone is dead" in line for line in told)
