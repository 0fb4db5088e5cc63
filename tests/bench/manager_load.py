# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand phones in one process: each asks at its own time, whether the server is quick or not.

    python -m tests.bench.manager_load HOST PORT FOLDER PHONES PERIOD UPLOADS SECONDS

Prints the latencies as JSON. Every request has a connection of its own, as a phone's has.
Latency counts from the moment at which the request was due.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from callsheet.core.model import Attempt, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.lease import LeaseRequest, write_lease
from callsheet.formats.names import upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.status import Status

PATIENCE = 30.0
KINDS = ("poll", "lease", "upload")


class Load:
    """The load, and what came of it."""

    def __init__(self, host: str, port: int, tokens: list[str]) -> None:
        self._host, self._port, self._tokens = host, port, tokens
        self.latencies: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.errors: dict[str, int] = {}
        self._calls = 0

    async def run(self, period: float, uploads: float, seconds: float) -> None:
        """Everybody begins at a time of their own within a period."""
        phones = len(self._tokens)
        start = time.monotonic() + 1.0
        dice = random.Random(1)
        due: list[tuple[float, str, int]] = []
        for kind in ("poll", "lease"):
            for phone in range(phones):
                at = dice.uniform(0.0, period)
                while at < seconds:
                    due.append((at, kind, phone))
                    at += period
        due += [(n / uploads, "upload", dice.randrange(phones)) for n in range(int(seconds * uploads))]
        due.sort()
        running: set[asyncio.Task[None]] = set()
        for at, kind, phone in due:
            wait = start + at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._one(kind, phone, start + at))
            running.add(task)
            task.add_done_callback(running.discard)
        if running:
            await asyncio.wait(running, timeout=PATIENCE)

    async def _one(self, kind: str, phone: int, due: float) -> None:
        try:
            status = await asyncio.wait_for(getattr(self, f"_{kind}")(phone), PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            status = type(error).__name__
        if status in ("304", "200", "201", "204"):
            self.latencies[kind].append(time.monotonic() - due)
        else:
            name = f"{kind} {status}"
            self.errors[name] = self.errors.get(name, 0) + 1

    async def _poll(self, phone: int) -> str:
        agent = agent_of(phone)
        return await self._ask("GET", f"/phones/sheets/{agent}.json", phone, {"If-None-Match": 'W/"1-1"'})

    async def _lease(self, phone: int) -> str:
        agent, now = agent_of(phone), datetime.now(UTC)
        body = write_lease(LeaseRequest(
            "callsheet-lease", 1, "renew", agent, f"phone{phone}", 1, "load", 1,
            Status("callsheet-status", 1, now, f"phone{phone}", agent, "ready", now, activity="talking", sheet="load",
                   revision=1, registered=True, headset=True)))
        return await self._ask("POST", f"/phones/leases/{agent}", phone, {}, body)

    async def _upload(self, phone: int) -> str:
        """Look, put, look again, as the phone's client does."""
        self._calls += 1
        agent, now, number = agent_of(phone), datetime.now(UTC), self._calls
        task = Task(f"t{phone}-{number % 20}", f"+4420{phone:05}{number % 20:03}")
        sheet = Sheet("load", agent, 1, (task,))
        attempt = Attempt(f"phone{phone}-000001-{number}", task.id, task.number, now, now, CallEnd(486), Outcome.BUSY,
                          action="retry", until=now, agent=agent, phone=f"phone{phone}")
        body = write_results(result_document(sheet, task, attempt, f"phone{phone}", now))
        path = f"/phones/results/{agent}/{upload_name('result', agent, 'load', 1, f'phone{phone}', number)}"
        first = await self._ask("HEAD", path, phone, {})
        if first != "404":
            return f"HEAD {first}"
        put = await self._ask("PUT", path, phone, {"If-None-Match": "*"}, body)
        return put if put != "201" else await self._ask("HEAD", path, phone, {})

    async def _ask(self, method: str, path: str, phone: int, headers: dict[str, str], body: bytes = b"") -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Authorization: Bearer {self._tokens[phone]}",
                     "Connection: close", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        words = answer.split(b" ", 2)
        if len(words) < 2:
            raise ValueError("no answer")
        return words[1].decode()


def agent_of(phone: int) -> str:
    """Who sits at it."""
    return f"{10000 + phone}"


def main(words: list[str]) -> None:
    """See above."""
    host, port, folder, phones, period, uploads, seconds = words
    tokens = msgspec.json.decode((Path(folder) / "tokens.json").read_bytes(), type=list[str])[: int(phones)]
    load = Load(host, int(port), tokens)
    asyncio.run(load.run(float(period), float(uploads), float(seconds)))
    print(json.dumps({"latencies": load.latencies, "errors": load.errors, "cpu": time.process_time()}))


if __name__ == "__main__":
    main(sys.argv[1:])
