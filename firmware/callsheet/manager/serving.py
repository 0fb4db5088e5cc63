# SPDX-License-Identifier: GPL-3.0-or-later
"""One server for phones and browsers: `/phones` is the phones', everything else the page."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
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
    routes: list[BaseRoute] = [Mount(PREFIX, inner[0])]
    if importlib.util.find_spec("callsheet.manager.web.app") is not None:
        from callsheet.manager.web.app import app as page

        inner.append(page(manager.database, manager.settings))
        routes.append(Mount("/", inner[-1]))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for one in inner:
                # A mounted application's own is not run by the one around it.
                await stack.enter_async_context(one.router.lifespan_context(one))
            await stack.enter_async_context(upkeep(manager))
            yield

    return Starlette(routes=routes, lifespan=lifespan)


def worker() -> Starlette:
    """The application of a worker process; see `FOLDER`."""
    return whole(open_manager(Path(os.environ[FOLDER])))

