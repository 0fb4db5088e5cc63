# SPDX-License-Identifier: GPL-3.0-or-later
"""People who may open the page: managers, who may change things, and viewers, who may not."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Database

from callsheet.core import pin
from callsheet.manager.storage.tables import User
from callsheet.manager.web import sessions

ROLES = ("manager", "viewer")
NAME = re.compile(r"[\w.@+-]{1,64}")
SHORTEST = 10
"""Characters of a password."""
LONGEST = 256
"""More would only make the hash slow."""


class UserError(ValueError):
    """What was asked for cannot be; `key` is its text, `values` go into it."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def generate() -> str:
    """A password of 77 bits that can be read out on the telephone: no letters that look like others."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def hashed(password: str) -> str:
    """For `User.password`; raises UserError if the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError("error.password", shortest=SHORTEST, longest=LONGEST)
    return pin.make(password, secrets.token_bytes(16))


def add(database: Database, name: str, password: str, role: str, now: datetime) -> User:
    """A new user; raises UserError."""
    if not NAME.fullmatch(name):
        raise UserError("error.user-name")
    if role not in ROLES:
        raise UserError("error.role", roles=", ".join(ROLES))
    if database.scalar(select(User.id).where(User.name == name)) is not None:
        raise UserError("error.user-exists", name=name)
    user = User(name=name, password=hashed(password), role=role, created=now)
    database.add(user)
    database.flush()
    return user


def find(database: Database, name: str) -> User:
    """The user of a name; raises UserError."""
    user = database.scalar(select(User).where(User.name == name))
    if user is None:
        raise UserError("error.no-user", name=name)
    return user


def set_password(database: Database, user: User, password: str, *, keep: str = "") -> None:
    """Change it and sign the user out everywhere, save for the session `keep`; raises UserError."""
    user.password = hashed(password)
    sessions.end_all(database, user.id, but=keep)


def set_role(database: Database, user: User, role: str) -> None:
    """Raises UserError if it is no role, or nobody could manage any more."""
    if role not in ROLES:
        raise UserError("error.role", roles=", ".join(ROLES))
    if role != "manager":
        _another_manager(database, user)
    user.role = role


def set_disabled(database: Database, user: User, disabled: bool) -> None:
    """Shut a user out, or let one in again; raises UserError if nobody could manage any more."""
    if disabled:
        _another_manager(database, user)
        sessions.end_all(database, user.id)
    user.disabled = disabled


def _another_manager(database: Database, user: User) -> None:
    others = select(func.count()).select_from(User).where(
        User.role == "manager", User.disabled.is_(False), User.id != user.id
    )
    if user.role == "manager" and not user.disabled and not database.scalar(others):
        raise UserError("error.last-manager")
