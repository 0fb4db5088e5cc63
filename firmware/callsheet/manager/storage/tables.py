# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables. `migrations/` brings an older database to them; both engines have the same.

Where a task is: `Task.agent` is the one agent whose sheet it is live in. A task
that is to go to another agent keeps its agent, with `moving_to` set, until the
phone that holds the sheet has said that it works a revision without the task, has
handed the sheet back, or its lease has run out. So no task is live in two sheets.

All instants are aware, UTC. JSON columns hold what `callsheet.formats` writes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware instant on both engines; SQLite keeps no offset, so UTC is stored and read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; raises ValueError for a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Moment(), dict[str, Any]: JSON(), list[Any]: JSON()}  # noqa: RUF012


class Setting(Base):
    """One setting of the manager."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]


class Agent(Base):
    """Someone who makes calls."""

    __tablename__ = "agent"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The number typed at the keypad."""
    name: Mapped[str] = mapped_column(Text, default="")
    pin: Mapped[str] = mapped_column(Text, default="")
    """scrypt$N$r$p$salt$hash, as in the sheet; empty: none."""
    languages: Mapped[list[Any]] = mapped_column(default=list)
    regions: Mapped[list[Any]] = mapped_column(default=list)
    capacity: Mapped[int | None]
    """Tasks that the agent gets at most; None: no limit."""
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime]


BY_ID = (func.length(Agent.id), Agent.id)
"""The order in which people look for agents: 101, 102 … 1000."""


class CallList(Base):
    """A campaign: one import or several, worked by some agents."""

    __tablename__ = "call_list"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """Id of its sheets."""
    title: Mapped[str] = mapped_column(Text, default="")
    header: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The sheet's own values (mode, order, rules, retry …) but id, agent, revision, issued, tasks."""
    priority: Mapped[int] = mapped_column(default=0)
    """An agent with work in several lists gets the highest first."""
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)
    """"open", "stopped" (nothing is dialled) or "closed"."""
    stop_reason: Mapped[str] = mapped_column(Text, default="")
    keep_until: Mapped[datetime | None]
    """Retention: then names, numbers and notes are erased."""
    created: Mapped[datetime]


class Task(Base):
    """One callee of a list."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("list_id", "key"),
        Index(None, "agent_id", "list_id", "final"),
        Index(None, "list_id", "position"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("call_list.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(128))
    """Id in the sheets; unique in its list."""
    position: Mapped[int] = mapped_column(default=0)
    """File order."""
    number: Mapped[str] = mapped_column(String(256))
    canonical: Mapped[str] = mapped_column(String(256), index=True)
    """The form under which caps, duplicates and do-not-call are counted."""
    name: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The other fields of the sheet's task as imported: service, history, windows, extra …"""
    region: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(Text, default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    priority: Mapped[int] = mapped_column(default=0)

    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"), index=True)
    """In whose sheet it is live; None: waits to be assigned."""
    moving_to: Mapped[str | None] = mapped_column(String(64), index=True)
    """The agent it goes to when its present one is rid of it; "": back to the pool; None: it stays."""
    moving_revision: Mapped[int | None]
    """From this revision on the present agent's sheet is without it."""
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """Taken out by the manager: final, without a call."""

    final: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(32), default="")
    disposition: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    """Counted ones."""
    not_before: Mapped[datetime | None]
    callback: Mapped[bool] = mapped_column(default=False)
    held: Mapped[str] = mapped_column(Text, default="")
    max_attempts: Mapped[int | None]
    changed: Mapped[datetime] = mapped_column(index=True)
    """Of the latest word on it: an older file changes nothing."""
    call_list: Mapped[CallList] = relationship()


class Attempt(Base):
    """One call, as a phone reported it."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "canonical", "dialled"), Index(None, "agent_id", "dialled"))
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    """The phone's; unique for ever."""
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), index=True)
    list_id: Mapped[int | None] = mapped_column(ForeignKey("call_list.id", ondelete="CASCADE"), index=True)
    agent_id: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(64))
    canonical: Mapped[str] = mapped_column(String(256))
    dialled: Mapped[datetime] = mapped_column(index=True)
    ended: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(32))
    counted: Mapped[bool]
    capped: Mapped[bool] = mapped_column(default=True)
    """It counts towards rolling caps."""
    talk_seconds: Mapped[float] = mapped_column(default=0.0)
    issued: Mapped[datetime]
    """Of the file that said it last."""
    body: Mapped[dict[str, Any]]
    """All of it, as in the results."""


class Sheet(Base):
    """A list's tasks for one agent, and who may dial them."""

    __tablename__ = "sheet"
    __table_args__ = (UniqueConstraint("agent_id", "list_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("call_list.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(default=1)
    issued: Mapped[datetime]
    phone: Mapped[str] = mapped_column(String(64), default="")
    """Holder of the lease; empty: nobody."""
    installation: Mapped[int] = mapped_column(default=0)
    leased: Mapped[datetime | None]
    until: Mapped[datetime | None] = mapped_column(index=True)
    heard: Mapped[datetime | None]
    held_revision: Mapped[int] = mapped_column(default=0)
    """The revision that the holder works."""
    wanted_by: Mapped[str] = mapped_column(String(64), default="")
    """A phone that the agent wants to go on at."""


class Delivery(Base):
    """A file from a phone; its name stands for one content for ever."""

    __tablename__ = "delivery"
    name: Mapped[str] = mapped_column(String(320), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(64))
    received: Mapped[datetime] = mapped_column(index=True)
    error: Mapped[str] = mapped_column(Text, default="")
    """Why it could not be taken in; the file is kept."""
    body: Mapped[bytes | None]


class DoNotCall(Base):
    """A number nobody rings."""

    __tablename__ = "do_not_call"
    canonical: Mapped[str] = mapped_column(String(256), primary_key=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(32), default="manager")
    """"manager", "file", "callee" (said so to an agent), "network" (SIP 607)."""
    by: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class Phone(Base):
    """A handset, as it was heard of last."""

    __tablename__ = "phone"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    installation: Mapped[int] = mapped_column(default=0)
    agent_id: Mapped[str] = mapped_column(String(64), default="", index=True)
    heard: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The last `formats.status.Status`."""


class WorkRecord(Base):
    """A change of an agent's work status, for adding up times."""

    __tablename__ = "work_record"
    __table_args__ = (UniqueConstraint("phone", "at"), Index(None, "agent_id", "at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    work: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")


class DeviceToken(Base):
    """What a phone shows instead of a PIN: random, so a fast hash is enough."""

    __tablename__ = "device_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(Text, default="")
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    """Only this agent's files; None: those of whoever signs in at the phone, whose PIN the phone checks."""
    created: Mapped[datetime]
    used: Mapped[datetime | None]
    revoked: Mapped[datetime | None]


class User(Base):
    """Someone who may open the web page."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password: Mapped[str] = mapped_column(Text)
    """scrypt$N$r$p$salt$hash."""
    role: Mapped[str] = mapped_column(String(16), default="viewer")
    """"manager" or "viewer"."""
    language: Mapped[str] = mapped_column(String(8), default="")
    disabled: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]


class Session(Base):
    """A browser that is signed in."""

    __tablename__ = "session"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the cookie."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)


class Audit(Base):
    """Who did what. Never names or numbers of callees."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(64))
    """User, "cli", or "phone:…"."""
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ImportRun(Base):
    """One file that was imported."""

    __tablename__ = "import_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("call_list.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    rows: Mapped[int]
    accepted: Mapped[int]
    rejected: Mapped[int]


class Mapping(Base):
    """Which column was what, the last time a file had these titles."""

    __tablename__ = "mapping"
    titles: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the normalised titles."""
    columns: Mapped[dict[str, Any]]
    at: Mapped[datetime]
