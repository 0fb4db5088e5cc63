# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: three kinds of resources, each of one agent.

    GET, HEAD       sheets/{agent}.json      the sheet; 304 costs one query
    PUT, GET, HEAD  results/{agent}/{name}   files from phones, which are never replaced
    POST            leases/{agent}           `formats.lease`

What a phone shows for a status: `adapters/transport/faults.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.lease import read_request, write_lease
from callsheet.formats.names import parsed_name
from callsheet.manager.phones.auth import Denied, Gate
from callsheet.manager.phones.bodies import Bodies
from callsheet.manager.phones.room import Room
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database, is_busy
from callsheet.manager.storage.tables import Delivery
from callsheet.manager.work import intake, issue, moves, renewal, sheets
from callsheet.manager.work.terms import Terms

log = logging.getLogger("callsheet.manager.phones")
FRESH = timedelta(seconds=3)
"""A change within the second that Last-Modified counts in would not be told by it; so it is left out for so long, and
the phone goes by the ETag alone (adapters/transport/http.py)."""
TRIES = 4
SWEEP = 10.0
"""Seconds between looks for leases that are over, with tasks that wait for that."""
STATUS = {"taken": 201, "known": 204, "taken-name": 412, "not-yours": 403, "no-name": 400}
T = TypeVar("T")
Answer = Callable[[Request], Awaitable[Response]]


def terms_of(settings: ManagerSettings) -> Terms:
    """The leases' terms as set."""
    return Terms(settings.leases.seconds, settings.leases.renew)


def app(
    database: Database, settings: ManagerSettings, clock: Callable[[], datetime] | None = None, room: Room | None = None,
) -> Starlette:
    """The phones' server for a database; any number of processes may serve it."""
    made = _Phones(database, settings, clock or (lambda: datetime.now(UTC)), room or Room())
    return Starlette(
        routes=[
            Route("/sheets/{agent}.json", made.guarded(made.sheet), methods=["GET", "HEAD"]),
            Route("/results/{agent}/{name}", made.guarded(made.look), methods=["GET", "HEAD"]),
            Route("/results/{agent}/{name}", made.guarded(made.put), methods=["PUT"]),
            Route("/leases/{agent}", made.guarded(made.lease), methods=["POST"]),
        ],
        lifespan=made.sweeping,
    )


class _Phones:
    def __init__(self, database: Database, settings: ManagerSettings, clock: Callable[[], datetime], room: Room) -> None:
        self._database, self._clock, self._room = database, clock, room
        self._terms = terms_of(settings)
        self._url, self._largest = settings.serve.url.rstrip("/"), settings.serve.max_upload
        self._gate, self._bodies = Gate(database), Bodies()

    @asynccontextmanager
    async def sweeping(self, _: Starlette) -> AsyncIterator[None]:
        """While the server runs, work whose phone is gone goes on to others."""
        task = asyncio.create_task(self.sweep())
        try:
            yield
        finally:
            task.cancel()

    async def sweep(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                await run_in_threadpool(self._write, lambda db: moves.settle_all(db, self._terms, self._clock()))
            except (DBAPIError, PoolTimeout) as error:
                log.warning("looking for leases that are over: %s", type(error).__name__)

    def guarded(self, answer: Answer) -> Answer:
        """Only for whom the agent's files are; and whatever fails, the phone is told what to do."""

        async def checked(request: Request) -> Response:
            agent = request.path_params["agent"]
            authorization = request.headers.get("authorization", "")
            try:
                with self._room.place(only_looks=answer == self.sheet):
                    if not self._gate.quickly(authorization, agent):
                        place = request.client.host if request.client else ""
                        await run_in_threadpool(self._gate.admit, authorization, agent, place, self._clock())
                    return await answer(request)
            except Denied as denied:
                return _denied(denied)
            except ClientDisconnect:
                return Response(status_code=400)
            except (DBAPIError, PoolTimeout) as error:
                log.error("the database fails: %s", type(error).__name__)
                return Response("The database does not answer.\n", 503, {"Retry-After": "10"}, "text/plain")

        return checked

    async def sheet(self, request: Request) -> Response:
        """The agent's sheet, unless the phone has it."""
        return await run_in_threadpool(self._sheet, request)

    def _sheet(self, request: Request) -> Response:
        agent, now = request.path_params["agent"], self._clock()
        with self._database.look() as connection:
            what = sheets.current(connection, agent, now)
        if what.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=_validators(what, now))
        base = self._base(request)
        part = quote(agent, safe="")
        links = issue.Links(f"{base}/results/{part}/", f"{base}/leases/{part}")
        with self._database.read() as db:
            # Once more, so that the body is of this revision.
            what = sheets.current(db.connection(), agent, now)
            try:
                body = self._bodies.get((agent, what.sheet, what.revision, base), lambda: issue.body(db, what, links))
            except Invalid as fault:
                log.error("list %s cannot be issued: %s", what.key, fault.reason)
                return Response("The list's settings are not valid.\n", 500, media_type="text/plain")
        headers = _validators(what, now)
        content = body.plain
        if body.packed and "gzip" in request.headers.get("accept-encoding", ""):
            content = body.packed
            headers["Content-Encoding"] = "gzip"
        if request.method == "HEAD":
            return Response(None, 200, {**headers, "Content-Length": str(len(content))}, "application/json")
        return Response(content, 200, headers, "application/json")

    async def look(self, request: Request) -> Response:
        """A file that was put: phones look whether it is there, and whether it is theirs."""
        return await run_in_threadpool(self._look, request)

    def _look(self, request: Request) -> Response:
        agent, name = request.path_params["agent"], request.path_params["name"]
        with self._database.look() as connection:
            if request.method == "HEAD":
                size = connection.scalar(select(func.length(Delivery.body)).where(*_named(agent, name)))
                if size is None:
                    return Response(status_code=404)
                return Response(None, 200, {"Content-Length": str(size)}, "application/json")
            body = connection.scalar(select(Delivery.body).where(*_named(agent, name)))
        return Response(status_code=404) if body is None else Response(body, 200, media_type="application/json")

    async def put(self, request: Request) -> Response:
        """Keep a file and take it in. What is there already stays as it is."""
        agent, name = request.path_params["agent"], request.path_params["name"]
        body = await self._body(request)
        received = await run_in_threadpool(
            self._write, lambda db: intake.receive(db, name, body, agent, self._clock()))
        if received.error and received.verdict == "taken":
            # Why stands beside the file; it may quote what is in it.
            log.warning("a file of kind %s is kept, but could not be used", name.partition("-")[0])
        return Response(status_code=STATUS[received.verdict])

    async def lease(self, request: Request) -> Response:
        """May this phone dial?"""
        try:
            asked = read_request(await self._body(request))
        except FormatError as error:
            return Response(f"{error}\n", 400, media_type="text/plain")
        if asked.agent != request.path_params["agent"]:
            raise Denied(403, "this is another agent's lease")
        answer = await run_in_threadpool(
            self._tried, lambda: renewal.answer(self._database, asked, self._terms, self._clock()))
        return Response(write_lease(answer), 200, {"Cache-Control": "no-store"}, "application/json")

    async def _body(self, request: Request) -> bytes:
        if int(request.headers.get("content-length", "0") or "0") > self._largest:
            raise Denied(413, "too large")
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._largest:
                raise Denied(413, "too large")
            parts.append(part)
        return b"".join(parts)

    def _write(self, work: Callable[[Session], T]) -> T:
        def once() -> T:
            with self._database.write() as db:
                return work(db)

        return self._tried(once)

    def _tried(self, work: Callable[[], T]) -> T:
        """Again if another was in its way."""
        for left in reversed(range(TRIES)):
            try:
                return work()
            except (DBAPIError, IntegrityError) as error:
                # Two workers may make the same row at the same time; the second finds it the next time.
                if not left or not (is_busy(error) or isinstance(error, IntegrityError)):
                    raise
        raise AssertionError

    def _base(self, request: Request) -> str:
        """Where we are seen from outside; below another application with the path that leads here."""
        outside = self._url or f"{request.url.scheme}://{request.url.netloc}"
        return outside + request.scope.get("root_path", "").rstrip("/")


def _validators(what: sheets.Current, now: datetime) -> dict[str, str]:
    headers = {"ETag": what.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if what.issued is not None and now - what.issued > FRESH:
        headers["Last-Modified"] = format_datetime(what.issued, usegmt=True)
    return headers


def _named(agent: str, name: str) -> tuple[ColumnElement[bool], ...]:
    own = parsed_name(name) is not None
    return Delivery.name == name, Delivery.agent_id == (agent if own else "")


def _denied(denied: Denied) -> Response:
    headers = {"Retry-After": str(denied.wait)} if denied.wait else {}
    if denied.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="callsheet", charset="UTF-8"'
    # What was not read of a body would be taken for the next request.
    headers["Connection"] = "close"
    return Response(f"{denied.reason}\n", denied.status, headers, "text/plain")
