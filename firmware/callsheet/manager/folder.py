# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder that nginx, vsftpd or OpenSSH serves to phones: sheets go out, files from phones come in.

    FOLDER/{agent}/sheet.json     the agent's sheet; results are put beside it
    FOLDER/{agent}/collected/     files from phones that were taken in

A folder per agent lets the server keep agents apart. Phones agree among themselves by
lease files (`firmware/docs/leases.md`); what these say is taken for the lease here, so
work is moved only when a phone has let go.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callsheet.adapters.transport.lease_chain import MARGIN, Chain, Link, Party
from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.lease import LeaseFile, read_file, write_lease
from callsheet.formats.names import lease_name, parsed_name, upload_name
from callsheet.manager.storage.database import Database, is_busy
from callsheet.manager.storage.tables import Agent, CallList, Phone, Sheet
from callsheet.manager.work import intake, issue, moves, progress, sheets
from callsheet.manager.work.terms import Terms

SHEET = "sheet.json"
COLLECTED = "collected"
OURSELVES = "manager"
"""The phone of a lease file that the manager wrote."""
PATIENCE = timedelta(minutes=10)
"""How long a file that cannot be read may be one that is still being written (legacy scp, a full disk)."""
_LEASE = re.compile(r"lease-(?P<agent>[A-Za-z0-9_.]+)-(?P<day>[0-9]{8})-(?P<number>[0-9]{2,})\.json")
T = TypeVar("T")


class _Head(Struct):
    """What tells one revision from another."""

    id: str = ""
    revision: int = -1


class Done(Struct):
    """What one look has brought."""

    published: int = 0
    collected: int = 0
    kept_with_error: int = 0
    unfinished: int = 0
    """Files that may not be whole yet."""
    problems: list[str] = []
    """One line each, without callees."""


class Folder:
    """The manager's side of it."""

    def __init__(self, path: Path, database: Database, terms: Terms) -> None:
        self._path, self._database = path, database
        # A phone counts others' leases for so much longer; so do we, in all.
        self._terms = msgspec.structs.replace(terms, margin=MARGIN)

    def look(self, now: datetime, *, publish: bool = True, collect: bool = True) -> Done:
        """Once: take in what is there, move what can be moved, publish what has changed. Raises OSError."""
        done = Done(problems=[])
        self._path.mkdir(parents=True, exist_ok=True)
        if collect:
            for folder in sorted(self._path.iterdir()):
                if folder.is_dir() and not folder.name.startswith("."):
                    self._collect(folder, now, done)
        self._write(lambda db: moves.settle_all(db, self._terms, now))
        if publish:
            with self._database.read() as db:
                agents = list(db.scalars(select(Agent.id).where(Agent.active).order_by(Agent.id)))
            for agent in agents:
                self._publish(agent, now, done)
        return done

    def void(self, agent: str, now: datetime) -> str:
        """Make all lease files of an agent void: somebody has seen that the phone is switched off.

        Should it run all the same, it finds the file at its next renewal, and stops. Returns its name.
        """
        folder = self._path / plain(agent)
        folder.mkdir(parents=True, exist_ok=True)
        file = LeaseFile(
            format="callsheet-lease-file", version=1, state="released", agent=agent, phone=OURSELVES, installation=0,
            since=now, written=now, until=now, forced=True)
        taken = [int(match["number"]) for path in folder.iterdir()
                 if (match := _LEASE.fullmatch(path.name)) and match["day"] == f"{now.astimezone(UTC):%Y%m%d}"]
        for number in range(max(taken, default=0) + 1, 100):
            name = lease_name(agent, now.astimezone(UTC).date(), number)
            try:
                # Created, never written over: a phone may be making the same one.
                with (folder / name).open("xb") as out:
                    out.write(write_lease(file))
                return name
            except FileExistsError:
                continue
        raise FileExistsError(f"agent {agent} has too many lease files of today")

    # Out ------------------------------------------------------------------------

    def _publish(self, agent: str, now: datetime, done: Done) -> None:
        folder = self._path / plain(agent)
        target = folder / SHEET
        with self._database.read() as db:
            what = sheets.current(db.connection(), agent, now)
            if _head(target) == _Head(what.key, what.revision):
                return
            try:
                body = issue.body(db, what, issue.Links())
            except Invalid as fault:
                done.problems.append(f"list {what.key} cannot be issued: {fault.reason}")
                return
        folder.mkdir(exist_ok=True)
        part = folder / f".{SHEET}.{os.getpid()}.part"
        try:
            part.write_bytes(body)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        done.published += 1

    # In -------------------------------------------------------------------------

    def _collect(self, folder: Path, now: datetime, done: Done) -> None:
        links = []
        for path in sorted(folder.glob("*.json")):
            if match := _LEASE.fullmatch(path.name):
                links.append(_link(path, match))
            elif parsed_name(path.name) is not None and path.is_file() and not path.is_symlink():
                self._take(path, folder, now, done)
        if links:
            self._write(lambda db: self._leases(db, links, now))

    def _take(self, path: Path, folder: Path, now: datetime, done: Done) -> None:
        body = path.read_bytes()
        put = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if not whole(path, body) and now - put < PATIENCE:
            done.unfinished += 1
            return
        received = self._write(lambda db: intake.receive(db, path.name, body, "", min(put, now)))
        match received.verdict:
            case "taken" | "known":
                done.collected += received.verdict == "taken"
                done.kept_with_error += bool(received.error)
                (folder / COLLECTED).mkdir(exist_ok=True)
                path.replace(folder / COLLECTED / path.name)
                seal = path.with_name(path.name + ".sha256")
                seal.unlink(missing_ok=True)
            case "taken-name":
                done.problems.append(f"{folder.name}: a file of kind {path.name.partition('-')[0]} has the name of another")

    def _leases(self, db: Session, links: list[Link], now: datetime) -> None:
        """What the phones' files say, as the lease of the sheet they are about."""
        told = [link.file for link in links if link.file is not None]
        for agent in {file.agent for file in told}:
            chain = Chain([link for link in links if link.file is not None and link.file.agent == agent], Party("", 0))
            holders = [link.file for link in chain.before(None, now.timestamp()) if link.claims and link.file is not None]
            for sheet, key in db.execute(
                select(Sheet, CallList.key).join(CallList, CallList.id == Sheet.list_id)
                .where(Sheet.agent_id == agent).order_by(Sheet.id).with_for_update()
            ).all():
                self._lease(db, sheet, holders[-1] if holders else None, key, now)
                # Each phone's words are taken once; a later look finds them said before.
                for file in sorted((f for f in told if f.agent == agent), key=lambda f: f.written):
                    if file.progress is not None and file.progress.sheet == key:
                        progress.take_in(db, sheet, file.progress, file.phone, file.written, now,
                                         holder=holders[-1:] == [file] or not holders)

    def _lease(self, db: Session, sheet: Sheet, holder: LeaseFile | None, key: str, now: datetime) -> None:
        if holder is None or _about(holder) not in ("", key):
            # Released, or over: then nobody counts.
            sheet.phone, sheet.installation, sheet.until, sheet.leased, sheet.held_revision = "", 0, None, None, 0
            return
        sheet.phone, sheet.installation = holder.phone, holder.installation
        sheet.leased, sheet.until, sheet.heard = holder.since, holder.until, holder.written
        sheet.held_revision = holder.status.revision if holder.status else holder.progress.revision if holder.progress else 0
        row = db.get(Phone, holder.phone)
        if row is None:
            row = Phone(id=holder.phone, heard=holder.written)
            db.add(row)
        row.installation, row.agent_id, row.heard = holder.installation, holder.agent, holder.written
        if holder.status is not None:
            row.status = msgspec.to_builtins(holder.status)
        db.flush()

    def _write(self, work: Callable[[Session], T]) -> T:
        for left in reversed(range(4)):
            try:
                with self._database.write() as db:
                    return work(db)
            except OperationalError as error:
                if not left or not is_busy(error):
                    raise
        raise AssertionError


def whole(path: Path, body: bytes) -> bool:
    """Whether a file is no part: as its seal says (legacy scp), and JSON to its last brace (docs/transports.md)."""
    try:
        seal = path.with_name(path.name + ".sha256").read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        seal = []
    if seal and seal[0] != hashlib.sha256(body).hexdigest():
        return False
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def plain(agent: str) -> str:
    """An agent's folder: the agent's part of file names."""
    return upload_name("result", agent, "s", 0, "p", 0).split("-")[1]


def _head(path: Path) -> _Head | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Head)
    except (OSError, msgspec.DecodeError):
        return None


def _link(path: Path, match: re.Match[str]) -> Link:
    day = datetime.strptime(match["day"], "%Y%m%d").replace(tzinfo=UTC).date()
    try:
        return Link(day, int(match["number"]), read_file(path.read_bytes()))
    except (FormatError, OSError):
        return Link(day, int(match["number"]), None)


def _about(file: LeaseFile) -> str:
    if file.status is not None and file.status.sheet:
        return file.status.sheet
    return file.progress.sheet if file.progress is not None else ""


