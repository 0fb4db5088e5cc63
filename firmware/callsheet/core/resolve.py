# SPDX-License-Identifier: GPL-3.0-or-later
"""Which setting wins: the agent's choice > task > sheet > phone settings > built-in default.

The one place that knows the order; `sheet plan` and the console show the source
that comes with every value.
"""

from __future__ import annotations

from typing import Any, Literal

from callsheet.core.model import Rules, Sheet, Task
from callsheet.core.settings import CallSettings

Source = Literal["agent", "task", "sheet", "region", "rules", "settings", "default"]
"""region: the sheet's rules for the task's region; rules: raised to what the rules demand."""

NAMES = ("mode", "gap", "preview", "wrap_up", "ring_timeout", "max_attempts", "window_policy", "caller_id")
"""What `resolve` knows."""
_OF_TASK = frozenset({"ring_timeout", "max_attempts", "caller_id"})
_DEFAULTS = CallSettings()


def rules_for(task: Task | None, sheet: Sheet | None, settings: CallSettings) -> tuple[Rules, Source]:
    """The calling rules that bind a task. A region's rules replace the sheet's, they do not add to them."""
    if sheet is not None:
        if task is not None and task.region in sheet.region_rules:
            return sheet.region_rules[task.region], "region"
        if sheet.rules is not None:
            return sheet.rules, "sheet"
    return settings.rules, "default" if settings.rules == _DEFAULTS.rules else "settings"


def zone_for(task: Task, sheet: Sheet | None) -> str:
    """The callee's IANA time zone, or empty if unknown: the phone's own zone is never taken instead."""
    return task.zone or (sheet.zone if sheet is not None else "")


def resolve(
    name: str, task: Task | None, sheet: Sheet | None, settings: CallSettings, agent: Any = None
) -> tuple[Any, Source]:
    """The value of a setting of `NAMES` and where it came from; seconds where it is a duration.

    `agent` is the agent's choice for this call, if there is one. A ring time-out is
    raised to the rules' minimum. Raises KeyError for a name it does not know.
    """
    if name not in NAMES:
        raise KeyError(f"no such setting: {name}; known are {', '.join(NAMES)}")
    value, source = _winner(name, task, sheet, settings, agent)
    if name == "ring_timeout":
        rules, _ = rules_for(task, sheet, settings)
        if value < rules.min_ring:
            return rules.min_ring, "rules"
    return value, source


def _winner(
    name: str, task: Task | None, sheet: Sheet | None, settings: CallSettings, agent: Any
) -> tuple[Any, Source]:
    if agent is not None:
        return agent, "agent"
    for holder, source in ((task if name in _OF_TASK else None, "task"), (sheet, "sheet")):
        value = getattr(holder, name, None)
        if value is not None and value != "":
            return value, source  # type: ignore[return-value]
    default = getattr(_DEFAULTS, name, "")
    value = getattr(settings, name, default)
    return value, "default" if value == default else "settings"
