# SPDX-License-Identifier: GPL-3.0-or-later
"""Browsers that are signed in: random ids, of which the database knows only hashes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Database

from callsheet.core import pin
from callsheet.manager.storage.tables import Session, User
from callsheet.manager.web import throttle
from callsheet.manager.web.throttle import forgive

IDLE = timedelta(hours=2)
"""A session that nobody uses ends after this."""
TOUCH = timedelta(minutes=1)
"""Use is written down at most this often."""
NOBODY = pin.make(secrets.token_hex(16), secrets.token_bytes(16))
"""Checked for names that do not exist, so that the time taken does not tell which do."""


class Refused(Exception):
    """Not signed in: `wait` seconds are to pass first; 0: wrong name or password."""

    def __init__(self, wait: int = 0) -> None:
        super().__init__(f"wait {wait} s" if wait else "wrong name or password")
        self.wait = wait


@dataclass(frozen=True)
class SignedIn:
    """Who asks, and with which session."""

    user: int
    name: str
    role: str
    language: str
    """"": not chosen."""
    csrf: str
    sha256: str


def digest(token: str) -> str:
    """What is stored of a cookie's token. 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def try_password(database: Database, name: str, password: str, address: str, now: datetime) -> int:
    """Note a try before it is made, so that tries in parallel count; returns its id for `begin`.

    Raises Refused if the user or the address has used up its tries. Commit before the password is checked.
    """
    wait = throttle.wait(database, name, address, now)
    if wait:
        raise Refused(wait)
    return throttle.note(database, name, address, now)


def begin(database: Database, name: str, password: str, attempt: int, now: datetime) -> str:
    """A new session's token if the password is right; raises Refused if not."""
    user = database.scalar(select(User).where(User.name == name))
    right = pin.matches(password, user.password if user is not None else NOBODY)
    if user is None or user.disabled or not right:
        raise Refused
    forgive(database, attempt, user.name)
    database.execute(delete(Session).where(Session.expires < now))
    token = secrets.token_urlsafe(32)
    database.add(Session(
        sha256=digest(token), user_id=user.id, csrf=secrets.token_urlsafe(32), created=now, expires=now + IDLE,
    ))
    return token


def find(database: Database, token: str, now: datetime, longest: timedelta) -> tuple[SignedIn, bool] | None:
    """Who has this token, and whether `use` is due; None if nobody, or no longer.

    `longest`: every session ends after this, used or not.
    """
    found = database.execute(
        select(Session, User).join(User, User.id == Session.user_id).where(Session.sha256 == digest(token))
    ).first()
    if found is None:
        return None
    session, user = found
    ends = session.created + longest
    if min(session.expires, ends) <= now or user.disabled:
        return None
    who = SignedIn(user.id, user.name, user.role, user.language, session.csrf, session.sha256)
    return who, min(now + IDLE, ends) - session.expires > TOUCH


def use(database: Database, sha256: str, now: datetime) -> None:
    """Put off the idle expiry."""
    database.execute(update(Session).where(Session.sha256 == sha256).values(expires=now + IDLE))


def end(database: Database, sha256: str) -> None:
    """Sign one browser out."""
    database.execute(delete(Session).where(Session.sha256 == sha256))


def end_all(database: Database, user: int, *, but: str = "") -> None:
    """Sign a user out everywhere, save for the session `but`."""
    database.execute(delete(Session).where(Session.user_id == user, Session.sha256 != but))
