# SPDX-License-Identifier: GPL-3.0-or-later
"""Who did what, written in the transaction that does it. Never names or numbers of callees."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as Database

from callsheet.manager.storage.tables import Audit


def note(database: Database, now: datetime, who: str, action: str, target: str = "", **detail: str | int) -> None:
    """One line of the log; `action` is a text key without its "audit."."""
    database.add(Audit(at=now, who=who[:64], action=action, target=target, detail=dict(detail)))
