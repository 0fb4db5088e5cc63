# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server does by itself while it runs: erase what has been kept long enough."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from callsheet.manager import retention
from callsheet.manager.opened import Manager
from callsheet.manager.storage.database import DatabaseError

EVERY = 3600.0
"""Seconds between looks."""
_log = logging.getLogger(__name__)


def once(manager: Manager, now: datetime) -> retention.Purged:
    """Look, and erase what is due; any number of processes may do so at once. Raises DatabaseError."""
    with manager.database.errors():
        with manager.database.write() as session:
            done = retention.purge(session, manager.settings.retention, now)
        if done.lists or done.deliveries:
            retention.shrink(manager.database)
    return done


@asynccontextmanager
async def upkeep(manager: Manager, every: float = EVERY) -> AsyncIterator[None]:
    """Look again and again, from a random part of the first interval on: many workers may begin together."""
    async def loop() -> None:
        await asyncio.sleep(random.uniform(0, every / 4))
        while True:
            try:
                await asyncio.to_thread(once, manager, datetime.now(UTC))
            except DatabaseError as error:
                _log.warning("nothing was erased: %s", error)
            await asyncio.sleep(every)

    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
