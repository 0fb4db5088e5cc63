# SPDX-License-Identifier: GPL-3.0-or-later
"""A file into a list: every row is read, every good one compared with what is known, and all stored at once or none.

Rows wait in a file without a name while they are read, which takes most of the
time and holds no lock; then one transaction takes them in: what is to be left out and
who gets which calls is known before the first is stored, so that none is changed again. What fails or is broken
off before its end leaves nothing behind, and is simply done again.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import repeat
from typing import IO

import msgspec
from msgspec import Struct
from sqlalchemy import Text, false, func, insert, literal_column, select, text
from sqlalchemy.orm import Session

from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.manager import assign, audit, lists
from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import Plan
from callsheet.manager.importer.known import Known
from callsheet.manager.importer.report import Rejected, Report
from callsheet.manager.importer.rows import Candidate, RowReader
from callsheet.manager.importer.source import Source
from callsheet.manager.storage.database import Database, count_tasks
from callsheet.manager.storage.tables import CallList, ImportRun, Task
from callsheet.manager.storage.tables import Mapping as Remembered

CHUNK = 1000
"""Rows compared and stored with one statement each."""
_LOCK = 0x63616C6D
"""Advisory lock of PostgreSQL: two imports at once would each miss the other's numbers."""
_COLUMNS = frozenset({"id", "number", "name", "region", "zone", "priority", "not_before", "callback", "held",
                      "max_attempts", "withdrawn"})
"""What a task's row has columns for; the rest is in `details`."""
_INSERT = insert(Task.metadata.tables[Task.__tablename__]).values(
    withdrawn=false(), final=false(), **dict.fromkeys(("outcome", "disposition", "note"), literal_column("''", Text())))
"""What is the same for all stands in the statement: not to be sent for each row."""

STAGES = ("read", "compare", "store")
"""In their order: every row is read and checked; those that are good are compared with what is known; and stored."""
Progress = Callable[[str, int, int], None]
"""Called with one of STAGES, how many rows, and of how many at most."""


class Wishes(Struct, frozen=True):
    """How a file is to be taken in."""

    list: str
    """Key of a list; made if there is none."""
    title: str = ""
    agents: tuple[str, ...] = ()
    """Empty: nothing is assigned."""
    by: tuple[assign.By, ...] = ()
    country: str = ""
    zone: str = ""
    recent_days: int = 0
    max_rows: int = 200_000
    numbers: NumberSettings = NumberSettings()
    who: str = "cli"
    dry_run: bool = False


class _DryRun(Exception):
    """Ends the transaction without keeping anything."""


def take_in(
    database: Database, source: Source, plan: Plan, wishes: Wishes, now: datetime,
    progress: Progress = lambda *_: None,
) -> tuple[Report, list[Rejected]]:
    """Import a file; returns the sums and the rows left out, in file order.

    Raises Refused, FormatError (broken file) or Invalid (list's key); then nothing has changed.
    """
    started = time.monotonic()
    reader = RowReader(plan, country=wishes.country, zone=wishes.zone, list_zone=_zone_of(database, wishes.list),
                       numbers=wishes.numbers, now=now)
    with tempfile.TemporaryFile(prefix="callsheet-") as waiting:
        rows, rejected = _read(source, plan, reader, waiting, wishes.max_rows, progress)
        # Told before it begins: it may have to wait for another import.
        progress("compare", len(rejected), rows)
        result = _Result(rows, rejected)
        try:
            with database.write() as session:
                _store(session, waiting, source, plan, wishes, now, result, progress)
                if wishes.dry_run:
                    raise _DryRun
        except _DryRun:
            pass
    rejected.sort(key=lambda one: one.row)
    return _report(source, wishes, result, time.monotonic() - started), rejected


class _Result:
    def __init__(self, rows: int, rejected: list[Rejected]) -> None:
        self.rows = rows
        self.rejected = rejected
        self.zones: Counter[str] = Counter()
        self.remarks: Counter[str] = Counter()
        self.dealt = assign.Dealt()


def _read(
    source: Source, plan: Plan, reader: RowReader, waiting: IO[bytes], max_rows: int, progress: Progress,
) -> tuple[int, list[Rejected]]:
    encode = msgspec.json.Encoder().encode
    rejected: list[Rejected] = []
    count = 0
    for row in source.rows():
        if row.number <= plan.first:
            continue
        count += 1
        if count > max_rows:
            raise Refused(f"the file has more than {max_rows} rows", "divide it, or set import.max_rows")
        try:
            waiting.write(encode(reader.read(row)) + b"\n")
        except Invalid as fault:
            rejected.append(Rejected(row.number, fault.reason, fault.remedy, str(fault.path[0]) if fault.path else ""))
        if count % CHUNK == 0:
            progress("read", count, source.size)
    progress("read", count, count)
    return count, rejected


def _candidates(waiting: IO[bytes]) -> Iterator[list[Candidate]]:
    waiting.seek(0)
    decode = msgspec.json.Decoder(Candidate).decode
    chunk: list[Candidate] = []
    for line in waiting:
        chunk.append(decode(line))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _store(
    session: Session, waiting: IO[bytes], source: Source, plan: Plan, wishes: Wishes, now: datetime, result: _Result,
    progress: Progress,
) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    call_list = list_for_import(session, wishes.list, wishes.title, now)
    last = session.scalar(select(func.max(Task.position)).where(Task.list_id == call_list.id))
    position = 0 if last is None else last + 1
    # A server that has just been restored has counted nothing yet.
    count_tasks(session)
    known = Known(session, call_list.id, last is None, wishes.recent_days, now)
    read, new, accepted = len(result.rejected), [], 0
    for chunk in _candidates(waiting):
        good, bad = known.sift(chunk)
        result.rejected += bad
        result.zones.update(one.origin for one in good)
        result.remarks.update(one.remark for one in good if one.remark)
        if wishes.agents:
            new += [assign.Waiting(one.task.priority, one.task.region, one.language) for one in good]
        accepted += len(good)
        progress("compare", accepted + len(result.rejected), result.rows)
    assert accepted + len(result.rejected) == result.rows
    who: Iterable[str | None] = repeat(None)
    if wishes.agents:
        result.dealt, who = assign.assign_with(session, call_list, new, wishes.agents, wishes.by, now)
    left = {one.row for one in result.rejected[read:]}
    _insert(session, waiting, left, who, call_list.id, position, accepted, now, progress)
    session.add(ImportRun(list_id=call_list.id, at=now, file=source.name, sha256=source.sha256, rows=result.rows,
                          accepted=accepted, rejected=len(result.rejected)))
    audit.note(session, now, wishes.who, "import", wishes.list, rows=result.rows, accepted=accepted,
               agents=list(wishes.agents))
    _remember(session, plan, now)


def _insert(
    session: Session, waiting: IO[bytes], left: Set[int], who: Iterable[str | None], list_id: int, position: int, count: int,
    now: datetime, progress: Progress,
) -> None:
    """All that are waiting, but the rows `left` out, from `position` on, each with its agent: `count` in all."""
    places = zip(range(position, position + count), who, strict=False)
    stored = 0
    for chunk in _candidates(waiting):
        good = [one for one in chunk if one.row not in left]
        if good:
            session.execute(_INSERT, [_row(one, list_id, *next(places), now) for one in good])
        stored += len(good)
        progress("store", stored, count)
    if stored:
        count_tasks(session)


def _row(one: Candidate, list_id: int, position: int, agent: str | None, now: datetime) -> Mapping[str, object]:
    task = one.task
    plain = msgspec.to_builtins(task, str_keys=True)
    return {
        "list_id": list_id, "key": task.id, "position": position, "number": task.number, "canonical": one.canonical,
        "name": task.name, "details": {key: value for key, value in plain.items() if key not in _COLUMNS},
        "region": task.region, "language": one.language, "zone": task.zone, "priority": task.priority,
        "attempts": task.attempts, "not_before": task.not_before, "callback": task.callback, "held": task.held,
        "max_attempts": task.max_attempts, "changed": now, "agent_id": agent,
    }


def list_for_import(session: Session, key: str, title: str, now: datetime) -> CallList:
    """The list of this key, made if there is none; raises Refused if it is closed, Invalid for a bad key."""
    found = lists.find(session, key)
    if found is None:
        return lists.create(session, key, title or key, {}, now)
    if found.state == "closed":
        raise Refused(f"list {key} is closed", f"callsheet manager list resume {key}, or take another")
    return found


def _zone_of(database: Database, key: str) -> str:
    with database.read() as session:
        header = session.scalar(select(CallList.header).where(CallList.key == key))
    return str((header or {}).get("zone", ""))


def remembered(session: Session) -> dict[str, dict[str, str]]:
    """All mappings, by fingerprint of the titles."""
    return {row.titles: dict(row.columns) for row in session.scalars(select(Remembered))}


def _remember(session: Session, plan: Plan, now: datetime) -> None:
    if plan.fingerprint:
        session.merge(Remembered(titles=plan.fingerprint, at=now,
                                 columns={column.title: column.field for column in plan.columns}))


def _report(source: Source, wishes: Wishes, result: _Result, seconds: float) -> Report:
    rejected: Sequence[Rejected] = result.rejected
    reasons = Counter(_reason(one) for one in rejected)
    return Report(
        file=source.name, list=wishes.list, rows=result.rows, accepted=result.rows - len(rejected),
        rejected=len(rejected), reasons=dict(reasons.most_common()), remarks=dict(result.remarks.most_common()),
        zones=dict(result.zones.most_common()), assigned=dict(result.dealt.agents),
        unassigned=dict(result.dealt.unassigned), seconds=round(seconds, 2), dry_run=wishes.dry_run,
    )


def _reason(one: Rejected) -> str:
    """Without the row it names: else no two would be the same."""
    for start in ("the same number as in row", "the same id as in row"):
        if one.reason.startswith(start):
            return start.replace("in row", "in an earlier row")
    return one.reason
