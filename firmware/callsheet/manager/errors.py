# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager will not do, said in one line with a remedy."""

from __future__ import annotations


class Refused(Exception):
    """Something that was asked for and is not done; nothing has changed.

    The text names no callee: it may end up in a log.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        """One line for a human."""
        return f"{self.reason} ({self.remedy})" if self.remedy else self.reason
