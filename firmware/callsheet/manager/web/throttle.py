# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a password may be tried, per user and per address. Kept in the audit log, so it holds for all workers.

A name that was typed may be a password in the wrong field, so only a user's own name is written down in plain.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as Database

from callsheet.manager.audit import ADDRESS, Action
from callsheet.manager.storage.tables import Audit, User

SPAN = timedelta(minutes=15)
PER_USER = 8
"""Wrong passwords in SPAN."""
PER_ADDRESS = 30
REFUSED: Action = "sign-in.refused"
SLIP: Action = "sign-in.slip"
SIGNED_IN: Action = "sign-in"


def place(address: str) -> str:
    """What tries are counted by: an IPv4 address, or the /64 of an IPv6 one, which is one household's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def wait(database: Database, name: str, address: str, now: datetime) -> int:
    """Seconds until another try is allowed; 0: now."""
    return max(
        _wait(database, Audit.target == _label(database, name), PER_USER, now),
        _wait(database, Audit.who == _from(address), PER_ADDRESS, now),
    )


def note(database: Database, name: str, address: str, now: datetime) -> int:
    """Count a try as a failed one; returns its id."""
    entry = Audit(at=now, who=_from(address), action=REFUSED, target=_label(database, name), detail={})
    database.add(entry)
    database.flush()
    return entry.id


def forgive(database: Database, attempt: int, name: str) -> None:
    """The try was a good one, and those before it were slips of the finger."""
    entry = database.get_one(Audit, attempt)
    database.execute(
        update(Audit).where(Audit.action == REFUSED, Audit.target == entry.target, Audit.who == entry.who)
        .where(Audit.at > entry.at - SPAN).values(action=SLIP)
    )
    entry.action, entry.detail = SIGNED_IN, {"address": entry.who.removeprefix(ADDRESS)}
    entry.who, entry.target = name, ""


def _wait(database: Database, whose: object, limit: int, now: datetime) -> int:
    tries = select(Audit.at).where(Audit.at > now - SPAN, Audit.action == REFUSED, whose)  # type: ignore[arg-type]
    latest = database.scalars(tries.order_by(Audit.at.desc()).limit(limit)).all()
    if len(latest) < limit:
        return 0
    return max(1, int((latest[-1] + SPAN - now).total_seconds()) + 1)


def _from(address: str) -> str:
    return f"address:{place(address)}"[:64]


def _label(database: Database, name: str) -> str:
    known = database.scalar(select(func.count()).select_from(User).where(User.name == name))
    return f"user:{name}" if known else "unknown:" + hashlib.sha256(name.encode()).hexdigest()[:16]
