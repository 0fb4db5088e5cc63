# SPDX-License-Identifier: GPL-3.0-or-later
"""One server for phones and browsers: `/phones` is the phones', everything else the page."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from callsheet.manager.opened import Manager, open_manager
from callsheet.manager.phones.app import app
from callsheet.manager.upkeep import upkeep

PREFIX = "/phones"
FOLDER = "CALLSHEET_MANAGER_SERVES"
"""Environment variable by which workers know the manager's folder."""


def whole(manager: Manager) -> Starlette:
    """The application for a manager that is open."""
    inner: list[Any] = [app(manager.database, manager.settings)]
    ends: list[Callable[[], None]] = []
    routes: list[BaseRoute] = [Mount(PREFIX, inner[0])]
    if importlib.util.find_spec("callsheet.manager.web.app") is not None:
        from callsheet.manager.web.app import app as page

        inner.append(page(manager.database, manager.settings))
        routes.append(Mount("/", inner[-1]))
        ends.append(inner[-1].state.site.hub.end)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for one in inner:
                # A mounted application's own is not run by the one around it.
                await stack.enter_async_context(one.router.lifespan_context(one))
            await stack.enter_async_context(upkeep(manager))
            _when_told_to_end(ends)
            yield

    return Starlette(routes=routes, lifespan=lifespan)


def _when_told_to_end(calls: list[Callable[[], None]]) -> None:
    """Call these in this loop when a signal says so: the server waits for its open requests before it says anything."""
    if threading.current_thread() is not threading.main_thread():
        return  # whoever runs us in a thread gets the signals
    loop = asyncio.get_running_loop()

    def wrapped(before: Any) -> Callable[[int, FrameType | None], None]:
        def told(number: int, frame: FrameType | None) -> None:
            for call in calls:
                loop.call_soon_threadsafe(call)
            if callable(before):
                before(number, frame)

        return told

    for number in (signal.SIGINT, signal.SIGTERM):
        # The server's own handler is there already, and it puts back what was before that one.
        signal.signal(number, wrapped(signal.getsignal(number)))


def worker() -> Starlette:
    """The application of a worker process; see `FOLDER`."""
    return whole(open_manager(Path(os.environ[FOLDER])))

