# SPDX-License-Identifier: GPL-3.0-or-later
"""A hand that knows the behaviour table."""

from __future__ import annotations

from callsheet.core.behaviour import TABLE, Action, mode
from callsheet.core.state import State


def has_key(state: State, cap: str) -> bool:
    """A 3×4 keypad has no letters."""
    return any(cap in row for row in state.keypad.caps)


def key_for(state: State, action: Action) -> tuple[str, bool] | None:
    """The key that does it in the present mode, and whether it is a long press."""
    for bound in TABLE[mode(state)].keys:
        cap = next((cap for cap in bound.caps if has_key(state, cap)), None)
        if bound.action is action and cap is not None:
            return cap, bound.long
    return None
