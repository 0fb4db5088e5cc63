# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a report add up? Every sum is held against the same one added up another way."""

from __future__ import annotations

from collections import Counter

from callsheet.manager.report.facts import OPEN, Facts
from callsheet.manager.report.sums import Calls, Report


class Mismatch(RuntimeError):
    """A report that does not add up: a fault of ours, or of the database. The text names sums, never callees."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("the report does not add up: " + "; ".join(faults))
        self.faults = faults


def check(facts: Facts, report: Report) -> None:
    """Raises Mismatch."""
    faults = [*_rows(facts, report), *_calls(facts, report)]
    if faults:
        raise Mismatch(faults)


def _rows(facts: Facts, report: Report) -> list[str]:
    found = []
    keys = Counter((row.list, row.key) for row in facts.rows)
    if len(keys) != len(facts.rows):
        found.append("a task stands there twice")
    for one in report.lists:
        if sum(one.outcomes.values()) != one.tasks:
            found.append(f"list {one.key}: outcomes of {sum(one.outcomes.values())} tasks of {one.tasks}")
    if sum(one.tasks for one in report.lists) != len(facts.rows):
        found.append("tasks of the lists and rows differ")
    if any(row.final and row.outcome in ("", OPEN) for row in facts.rows):
        found.append("a task is done with and has no outcome")
    if any(not row.final and row.outcome == OPEN and row.calls for row in facts.rows):
        found.append("a task was called and has no outcome")
    return found


def _calls(facts: Facts, report: Report) -> list[str]:
    found = []
    total = report.total
    sums = {
        "lists": [one.calls for one in report.lists], "agents": [one.calls for one in report.agents],
        "days": [calls for _, calls in report.days], "agents' days": [one.calls for one in report.agent_days],
    }
    for name, parts in sums.items():
        for field in ("attempts", "connects"):
            whole = sum(getattr(part, field) for part in parts)
            if whole != getattr(total, field):
                found.append(f"{field} of all {name}: {whole}, in total {getattr(total, field)}")
        if abs(sum(part.talk_seconds for part in parts) - total.talk_seconds) > 0.01 * (len(parts) + 1):
            found.append(f"talk time of all {name} and in total differ")
        for kind in ("outcomes", "dispositions"):
            if _joined(parts, kind) != Counter(getattr(total, kind)):
                found.append(f"{kind} of all {name} and in total differ")
    if sum(total.outcomes.values()) != total.attempts:
        found.append("a call has no outcome, or two")
    scope = facts.scope
    if not scope.agent and scope.since is None and scope.until is None:
        told = [call.id for row in facts.rows for call in row.calls]
        if len(told) != len(set(told)) or set(told) != {call.id for call in facts.calls}:
            found.append("the calls of the rows are not all calls")
    return found


def _joined(parts: list[Calls], kind: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in parts:
        found.update(getattr(part, kind))
    return found
