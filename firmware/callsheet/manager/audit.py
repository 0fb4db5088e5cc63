# SPDX-License-Identifier: GPL-3.0-or-later
"""Who did what, written in the transaction that does it. Never names or numbers of callees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from sqlalchemy.orm import Session

from callsheet.manager.storage.tables import Audit

Action = Literal[
    "sign-in", "sign-in.refused", "sign-in.slip", "user.add", "user.password", "user.role", "user.disabled", "user.enabled",
    "agent.add", "agent.set", "agent.pin", "token.add", "token.revoke", "import", "assign", "list.create", "list.set",
    "list.stop", "list.resume", "list.close", "task.insert", "task.withdraw", "task.let-go", "tasks.move", "release",
    "dnc.add", "dnc.remove", "dnc.import", "download", "purge",
]
"""Each has a text `audit.ACTION` in every language of the page."""


class Detail(TypedDict, total=False):
    """What may be said of an action; each key has a text `audit.detail.KEY`."""

    accepted: int
    address: str
    agent: str
    agents: Sequence[str]
    at_once: int
    count: int
    deliveries: int
    force: bool
    kind: str
    label: str
    list: str
    numbers: int
    reason: str
    role: str
    rows: int
    tasks: int
    to: str
    waiting: int


CLI, RETENTION = "cli", "retention"
"""Who, where it is no user of the page: the commands, and the server by itself."""
PROGRAMS = (CLI, RETENTION)
TRIED = ("user", "unknown")
"""Before ":" in what a sign-in was for: a user, or the hash of a name that nobody has."""
ADDRESS = "address:"
"""Before the network address of who could not sign in."""


def note(session: Session, now: datetime, who: str, action: Action, target: str = "", **detail: Unpack[Detail]) -> None:
    """One line of the log."""
    session.add(Audit(at=now, who=who[:64], action=action, target=target, detail=dict(detail)))
