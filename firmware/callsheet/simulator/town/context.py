# SPDX-License-Identifier: GPL-3.0-or-later
"""What every leg of a call needs from the town."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from callsheet.simulator.town.behaviours import TownConfig
from callsheet.simulator.town.log import Ledger
from callsheet.simulator.town.transaction import TransactionLayer

if TYPE_CHECKING:
    from callsheet.simulator.town.callee import Callee
    from callsheet.simulator.town.leg import Leg


@dataclass(slots=True)
class Context:
    """Shared by all legs."""

    loop: asyncio.AbstractEventLoop
    config: TownConfig
    layer: TransactionLayer
    ledger: Ledger
    legs: dict[tuple[str, str], Leg] = field(default_factory=dict)
    """(Call-ID, our tag) → leg; an ended one stays a while to answer late requests."""
    invites: dict[tuple[str, int, str], Callee] = field(default_factory=dict)
    """Callees by callee.invite_key, as long as they are in `legs`."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """Searches for the dominant frequency still at work."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine and keep it alive."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
