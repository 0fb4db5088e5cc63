# SPDX-License-Identifier: GPL-3.0-or-later
"""The files behind `Upload` entries, made from the state at the moment the entry is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from callsheet.core.events import Now
from callsheet.core.ledger import Standing, Upload
from callsheet.core.model import Attempt, Task
from callsheet.core.retry import rule_for
from callsheet.core.state import State
from callsheet.formats.names import upload_name
from callsheet.formats.results import Problem, complete_document, result_document, write_results
from callsheet.formats.sheet import write_sheet
from callsheet.formats.status import Status, write_status
from callsheet.phone.leases import release
from callsheet.phone.status import status
from callsheet.ports import Document


def document(state: State, entry: Upload, now: Now) -> Document:
    """The file for one entry."""
    queue = state.queue
    if queue is None:
        raise ValueError("an upload without a sheet")
    sheet, phone = queue.sheet, state.traits.id
    at = datetime.fromtimestamp(now.wall, UTC)
    match entry.kind:
        case "result":
            attempt = state.attempts[entry.attempt]
            task = queue.task(attempt.task) or Task(attempt.task, attempt.number)
            result = result_document(sheet, task, attempt, phone, at, problems=_problems(state, (attempt,)))
            body, number = write_results(result), _number(attempt.id)
        case "complete":
            attempts = tuple(state.attempts.values())
            complete = complete_document(sheet, queue.states(), attempts, phone, at, _problems(state, attempts))
            body, number = write_results(complete), state.next_attempt
        case "remaining":
            body, number = write_sheet(queue.remaining(now.wall)), state.next_attempt
        case "status":
            assert entry.standing is not None
            # Seconds, not a count: files of one phone sort by time, also after its card was replaced.
            body, number = write_status(_status(state, entry.standing, now)), int(entry.standing.at.timestamp())
        case "release":
            assert entry.since is not None
            (body, folder), number = release(state, entry.since, now), state.next_attempt
            name = upload_name(entry.kind, sheet.agent, sheet.id, sheet.revision, phone, number)
            return Document(name, body, sheet.agent, folder)
        case _:
            raise ValueError(f"unknown kind of upload: {entry.kind}")
    name = upload_name(entry.kind, sheet.agent, sheet.id, sheet.revision, phone, number)
    return Document(name, body, sheet.agent, sheet.upload)


def _status(state: State, standing: Standing, now: Now) -> Status:
    """The phone as it is, the agent's work status as it was when it changed."""
    return replace(status(state, now), at=standing.at, work=standing.work, since=standing.since,
                   reason=standing.reason)


def _number(attempt: str) -> int:
    """Attempt ids end in the phone's own count."""
    return int(attempt.rpartition("-")[2])


def _problems(state: State, attempts: tuple[Attempt, ...]) -> Iterator[Problem]:
    """What the policy wants reported; numbers and names stay where they belong, in the tasks."""
    assert state.queue is not None
    for attempt in attempts:
        if rule_for(attempt.outcome, state.queue.sheet, state.settings)[0].report:
            end = attempt.end
            text = end.detail or f"{end.code} {end.phrase}".strip()
            yield Problem(text, attempt.task, attempt.outcome.value)
    for row in state.skipped_rows:
        yield Problem(row)
