# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones' server on loopback, and a list for it to serve."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette

from callsheet.core import pin
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import sheets

PINS = {"101": "4711", "102": "0815"}
HASHES = {agent: pin.make(word, agent.encode() * 8) for agent, word in PINS.items()}
BEGAN = timedelta(minutes=10)


def fill(database: Database, tasks: int = 4, key: str = "spring", **header: object) -> None:
    """A list for agents 101 and 102, dealt in turn; the agents are made if they are not there."""
    began = datetime.now(UTC) - BEGAN
    with database.write() as db:
        for agent, words in HASHES.items():
            if db.get(tables.Agent, agent) is None:
                db.add(tables.Agent(id=agent, pin=words, created=began))
        made = tables.CallList(key=key, title=key.title(), created=began, header=header)
        db.add(made)
        db.flush()
        for n in range(tasks):
            number = f"+4420794600{n:02}"
            db.add(tables.Task(
                list_id=made.id, key=f"{key}-{n}", position=n, number=number, canonical=number, name=f"Callee {n}",
                details={"service": "Boiler", "extra": {"contract": f"C-{n}"}}, region="Leeds" if n % 2 else "London",
                agent_id=list(PINS)[n % 2], changed=began))
        db.flush()
        sheets.touch(db, {(agent, made.id) for agent in PINS}, began)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Its URL, with a slash at the end."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not (server.started and server.servers and server.servers[0].sockets):
        assert thread.is_alive() and time.monotonic() < end
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(30)
