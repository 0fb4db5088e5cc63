# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue: what is dialled next, when, and why not now."""

from callsheet.core.queue.queue import Queue
from callsheet.core.queue.types import (
    CLOSING,
    Blocker,
    BlockerKind,
    Counts,
    Merge,
    Proposal,
    SheetRefused,
    StaleRevision,
    TaskState,
)

__all__ = [
    "CLOSING",
    "Blocker",
    "BlockerKind",
    "Counts",
    "Merge",
    "Proposal",
    "Queue",
    "SheetRefused",
    "StaleRevision",
    "TaskState",
]
