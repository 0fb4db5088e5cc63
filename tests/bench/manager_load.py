# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand phones in one process: each asks at its own time, whether the server is quick or not.

    python -m tests.bench.manager_load HOST PORT FOLDER PHONES RENEW POLL UPLOADS SECONDS

Prints the latencies as JSON. As the phone's own client does, each renewal and each poll has a connection of its own,
and a result one for all of its upload. Latency counts from the moment at which the request was due.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from callsheet.core.model import Attempt, PastAttempt, Progress, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.lease import LeaseRequest, write_lease
from callsheet.formats.names import upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.status import Progressed, Status

PATIENCE = 30.0
KINDS = ("lease", "poll", "upload")
TASKS = 20
"""Of each agent."""
NO_BODY = (b"304", b"204")
Steps = Generator[bytes, bytes, str]
"""Gives requests, is sent the status of each, and returns what went wrong; empty: nothing."""


class Phones:
    """What each phone says, and what it has done since the server was told."""

    def __init__(self, host: str, tokens: list[str]) -> None:
        self._host, self._tokens = host, tokens
        self._calls: dict[int, list[Attempt]] = {}
        self._told: dict[int, int] = {}
        self._count = 0

    def poll(self, phone: int) -> Steps:
        """Has the sheet changed?"""
        status = yield self._request("GET", f"/phones/sheets/{agent_of(phone)}.json", phone,
                                     "Accept-Encoding: gzip\r\nIf-None-Match: W/\"1-1\"\r\n")
        return "" if status == b"304" else status.decode()

    def lease(self, phone: int) -> Steps:
        """Go on; a phone that has made a call since it last did so says what became of it."""
        made, now = self._calls.get(phone, []), datetime.now(UTC)
        news = len(made) > self._told.get(phone, 0)
        request = LeaseRequest(
            "callsheet-lease", 1, "renew", agent_of(phone), f"phone{phone}", 1, "load", 1,
            Status("callsheet-status", 1, now, f"phone{phone}", agent_of(phone), "ready", now, activity="talking",
                   activity_since=now, task=f"t{phone}-{TASKS - 1}", sheet="load", revision=1,
                   counts=Progressed(TASKS, 0, TASKS - len(made), len(made)), registered=True, headset=True),
            _progress(phone, made) if news else None)
        status = yield self._request("POST", f"/phones/leases/{agent_of(phone)}", phone, "", write_lease(request))
        if status != b"200":
            return status.decode()
        self._told[phone] = len(made)
        return ""

    def upload(self, phone: int) -> Steps:
        """Look, put, look again, as the phone's client does."""
        self._count += 1
        agent, now, number = agent_of(phone), datetime.now(UTC), self._count
        made = self._calls.setdefault(phone, [])
        task = _task(phone, len(made) % (TASKS - 1))
        attempt = Attempt(f"phone{phone}-000001-{number}", task.id, task.number, now, now, CallEnd(486), Outcome.BUSY,
                          action="retry", until=now, agent=agent, phone=f"phone{phone}")
        made.append(attempt)
        body = write_results(result_document(Sheet("load", agent, 1, (task,)), task, attempt, f"phone{phone}", now))
        path = f"/phones/results/{agent}/{upload_name('result', agent, 'load', 1, f'phone{phone}', number)}"
        for method, headers, sent, wanted in (
            ("HEAD", "", b"", b"404"), ("PUT", "If-None-Match: *\r\n", body, b"201"), ("HEAD", "", b"", b"200"),
        ):
            status = yield self._request(method, path, phone, headers, sent)
            if status != wanted:
                return f"{method} {status.decode()}"
        return ""

    def _request(self, method: str, path: str, phone: int, headers: str, body: bytes = b"") -> bytes:
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return (f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: callsheet/1.0\r\n"
                f"Accept: application/json\r\nConnection: keep-alive\r\nAuthorization: Bearer {self._tokens[phone]}\r\n"
                f"Cache-Control: no-cache\r\n{headers}{length}\r\n").encode() + body


class Line:
    """One connection, and what is asked on it."""

    __slots__ = ("began", "due", "got", "kind", "socket", "steps", "to_send")

    def __init__(self, kind: str, due: float, steps: Steps, place: tuple[str, int]) -> None:
        self.kind, self.due, self.steps, self.began = kind, due, steps, time.monotonic()
        self.to_send, self.got = next(steps), b""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(place)

    def ready(self, epoll: select.epoll) -> str | None:
        """Go on; returns None while there is more to come, else what went wrong. Raises OSError."""
        if self.to_send:
            self.to_send = self.to_send[self.socket.send(self.to_send):]
            if not self.to_send:
                epoll.modify(self.socket, select.EPOLLIN)
            return None
        part = self.socket.recv(65536)
        self.got += part
        if not part:
            return "closed"
        head, end, body = self.got.partition(b"\r\n\r\n")
        status = head[9:12]
        # No answer to a HEAD has one; those of the upload that count are short of it in any case.
        length = 0 if status in NO_BODY or self.kind == "upload" else _length(head)
        if not end or len(body) < length:
            return None
        try:
            self.to_send, self.got = self.steps.send(status), b""
        except StopIteration as over:
            return str(over.value)
        epoll.modify(self.socket, select.EPOLLOUT)
        return None


class Load:
    """The load, and what came of it."""

    def __init__(self, host: str, port: int, tokens: list[str]) -> None:
        self._place, self._phones, self._count = (host, port), Phones(host, tokens), len(tokens)
        self.latencies: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.errors: dict[str, int] = {}
        self._epoll = select.epoll()
        self.worst: dict[int, float] = {}
        """Seconds: of what was due in each second of the load, the longest."""
        self.start = 0.0
        self._open: dict[int, Line] = {}

    def run(self, renew: float, poll: float, uploads: float, seconds: float) -> None:
        """Everybody begins at a time of their own within a period."""
        due = self._plan(renew, poll, uploads, seconds)
        self.start = start = time.monotonic() + 1.0
        looked = start
        while due or self._open:
            now = time.monotonic()
            while due and start + due[0][0] <= now:
                at, kind, phone = due.popleft()
                line = Line(kind, start + at, getattr(self._phones, kind)(phone), self._place)
                self._open[line.socket.fileno()] = line
                self._epoll.register(line.socket, select.EPOLLOUT)
            wait = start + due[0][0] - time.monotonic() if due else 1.0
            for number, _ in self._epoll.poll(min(max(wait, 0.0), 1.0)):
                self._step(self._open[number])
            if now - looked > 1.0:
                looked = now
                for line in [one for one in self._open.values() if now - one.began > PATIENCE]:
                    self._end(line, "no answer")

    def _plan(self, renew: float, poll: float, uploads: float, seconds: float) -> deque[tuple[float, str, int]]:
        dice = random.Random(1)
        due: list[tuple[float, str, int]] = []
        for kind, period in (("lease", renew), ("poll", poll)):
            for phone in range(self._count):
                at = dice.uniform(0.0, period)
                while at < seconds:
                    due.append((at, kind, phone))
                    at += period
        due += [(n / uploads, "upload", dice.randrange(self._count)) for n in range(int(seconds * uploads))]
        return deque(sorted(due))

    def _step(self, line: Line) -> None:
        try:
            over = line.ready(self._epoll)
        except OSError as error:
            over = type(error).__name__
        if over is not None:
            self._end(line, over)

    def _end(self, line: Line, fault: str) -> None:
        del self._open[line.socket.fileno()]
        line.socket.close()
        if fault:
            name = f"{line.kind} {fault}"
            self.errors[name] = self.errors.get(name, 0) + 1
        else:
            late = time.monotonic() - line.due
            self.latencies[line.kind].append(late)
            second = int(line.due - self.start)
            self.worst[second] = max(self.worst.get(second, 0.0), late)


def agent_of(phone: int) -> str:
    """Who sits at it."""
    return f"{10000 + phone}"


def _task(phone: int, number: int) -> Task:
    return Task(f"t{phone}-{number}", f"+4420{phone:05}{number:03}")


def _progress(phone: int, made: list[Attempt]) -> Progress:
    """All that a phone knows it has done."""
    by_task: dict[str, list[Attempt]] = {}
    for one in made:
        by_task.setdefault(one.task, []).append(one)
    return Progress(
        "load", 1, agent_of(phone),
        tasks=tuple(Task(id, own[0].number, attempts=len(own), not_before=own[-1].until,
                         past=tuple(PastAttempt(one.dialled, one.outcome, one.counted) for one in own))
                    for id, own in by_task.items()),
        recent={own[0].number: tuple(one.dialled for one in own) for own in by_task.values()})


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r")[0]) if found else 0


def main(words: list[str]) -> None:
    """See above."""
    host, port, folder, phones, *times = words
    tokens = msgspec.json.decode((Path(folder) / "tokens.json").read_bytes(), type=list[str])[: int(phones)]
    load = Load(host, int(port), tokens)
    before = time.process_time()
    load.run(*map(float, times))
    print(json.dumps({"latencies": load.latencies, "errors": load.errors, "worst": load.worst, "cpu": time.process_time() - before}))


if __name__ == "__main__":
    main(sys.argv[1:])
