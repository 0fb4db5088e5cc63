# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong: one small class per diagnosis, in the order they are shown."""

from __future__ import annotations

from callsheet.manager.web.diagnoses.diagnosis import Context, Diagnosis, Problem
from callsheet.manager.web.diagnoses.lists import (
    LateCallbacks,
    NoAgent,
    StoppedLists,
    UndecidedTasks,
    UnknownZones,
)
from callsheet.manager.web.diagnoses.phones import BrokenParts, FullOutboxes, NoHeadset, Silent, Unregistered
from callsheet.manager.web.diagnoses.sheets import EndingLeases, RejectedFiles, SlowMoves

DIAGNOSES: tuple[Diagnosis, ...] = (
    StoppedLists(), Unregistered(), Silent(), EndingLeases(), RejectedFiles(), NoHeadset(), BrokenParts(), FullOutboxes(),
    UndecidedTasks(), UnknownZones(), LateCallbacks(), SlowMoves(), NoAgent(),
)


def diagnose(context: Context) -> list[Problem]:
    """All problems there are now, the worst first."""
    found = [problem for one in DIAGNOSES if (problem := one.look(context)) is not None]
    return sorted(found, key=lambda problem: ("bad", "warn", "info").index(problem.level))


__all__ = ["DIAGNOSES", "Context", "Diagnosis", "Problem", "diagnose"]
