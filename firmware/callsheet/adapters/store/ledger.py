# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries in, `Snapshot` out.

A session is the time between `SignedIn` and `SignedOut`. The snapshot is that of
the session still open; a closed one waits in the database only until the server
has confirmed its uploads, and is then erased.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable

import msgspec

from callsheet.adapters.store import keys, outbox, schema
from callsheet.adapters.store.seal import Seals, Unreadable, is_plain
from callsheet.core.ledger import (
    Adopted,
    AnyEntry,
    Ended,
    Intention,
    PinFailed,
    SignedIn,
    SignedOut,
    Snapshot,
    Upload,
    Withdrawn,
)
from callsheet.core.model import Sheet
from callsheet.ports import Document, Origin

NOBODY = 0
_entry = msgspec.json.Decoder(AnyEntry)
_sheet = msgspec.json.Decoder(Sheet)


def write(
    db: sqlite3.Connection,
    seals: Seals,
    entries: Iterable[AnyEntry],
    documents: Iterable[Document],
    origins: dict[tuple[str, str, int], Origin],
) -> None:
    """Put the entries into the tables, in order, inside the caller's transaction.

    `origins` is where sheets came from, by (agent, id, revision). Raises sqlite3.Error, LostKey, OSError.
    """
    files = iter(documents)
    session = owner = open_session(db)
    for entry in entries:
        match entry:
            case SignedIn():
                session = owner = _sign_in(db, session, entry)
                schema.put(db, "pin_failures", 0)
            case PinFailed():
                schema.put(db, "pin_failures", schema.get(db, "pin_failures", 0) + 1)
            case SignedOut():
                db.execute("UPDATE session SET signed_out=? WHERE signed_out IS NULL", (entry.at.isoformat(),))
                session = NOBODY
            case Adopted():
                key = (entry.sheet.agent, entry.sheet.id, entry.sheet.revision)
                _adopt(db, seals, session, entry.sheet, origins.get(key))
            case Upload():
                # Uploads that follow SignedOut in the same save are still those of that session.
                outbox.add(db, seals, session or owner, next(files))
            case _:
                _append(db, seals, session, entry)


def open_session(db: sqlite3.Connection) -> int:
    """The session in progress, or NOBODY."""
    row = db.execute("SELECT max(id) FROM session WHERE signed_out IS NULL").fetchone()
    return row[0] or NOBODY


def _sign_in(db: sqlite3.Connection, session: int, entry: SignedIn) -> int:
    """The agent who is already signed in goes on where he was; another one closes his session."""
    row = db.execute("SELECT agent FROM session WHERE id=?", (session,)).fetchone()
    if row and row[0] == entry.agent:
        return session
    at = entry.at.isoformat()
    db.execute("UPDATE session SET signed_out=? WHERE signed_out IS NULL", (at,))
    cursor = db.execute("INSERT INTO session (agent, signed_in) VALUES (?, ?)", (entry.agent, at))
    return int(cursor.lastrowid or 0)


def _adopt(db: sqlite3.Connection, seals: Seals, session: int, sheet: Sheet, origin: Origin | None) -> None:
    row = db.execute("SELECT id FROM sheet WHERE session=?", (session,)).fetchone()
    if row and row[0] != sheet.id:
        forget_settled(db, seals, session)
    body = seals.shut(db, session, _place(sheet.id, sheet.revision), zlib.compress(msgspec.json.encode(sheet), 3))
    origin = origin or Origin(url="")
    db.execute(
        "INSERT OR REPLACE INTO sheet (session, id, revision, body, url, etag, modified, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (session, sheet.id, sheet.revision, body, origin.url, origin.etag, origin.modified, origin.sha256),
    )


def _place(sheet: str, revision: int) -> str:
    return f"sheet {sheet} r{revision}"


def _append(db: sqlite3.Connection, seals: Seals, session: int, entry: AnyEntry) -> None:
    seq, attempt = schema.next_row(db, "entry"), _attempt(entry)
    body = seals.shut(db, session, f"entry {seq}", msgspec.json.encode(entry))
    db.execute("INSERT INTO entry (seq, session, attempt, body) VALUES (?, ?, ?, ?)", (seq, session, _quoted(attempt), body))
    if attempt:
        count_attempt(db, attempt)


def _attempt(entry: AnyEntry) -> str:
    match entry:
        case Intention():
            return entry.attempt
        case Ended():
            return entry.attempt.id
        case _:
            return ""


def _quoted(attempt: str) -> str:
    return f'"{attempt}"' if attempt else ""


def count_attempt(db: sqlite3.Connection, attempt: str) -> None:
    """Let `next_attempt` be above this attempt's number; it never goes back."""
    number = attempt.rpartition("-")[2]
    if number.isascii() and number.isdigit() and len(number) <= 18:
        schema.put(db, "next_attempt", max(schema.get(db, "next_attempt", 1), int(number) + 1))


def forget_settled(db: sqlite3.Connection, seals: Seals, session: int) -> None:
    """Delete the entries of a session, but for intentions whose call has not come to an end."""
    open_calls: dict[str, int] = {}
    for seq, entry in _entries(db, seals, session, []):
        match entry:
            case Intention():
                open_calls[entry.attempt] = seq
            case Withdrawn():
                open_calls.pop(entry.attempt, None)
            case Ended():
                open_calls.pop(entry.attempt.id, None)
            case _:
                pass
    kept = ",".join(str(seq) for seq in open_calls.values())
    db.execute(f"DELETE FROM entry WHERE session=? AND seq NOT IN ({kept})", (session,))


def read(db: sqlite3.Connection, seals: Seals, problems: list[str]) -> Snapshot:
    """What the session in progress holds. Rows that cannot be read are named in `problems` and left in place."""
    session = open_session(db)
    row = db.execute("SELECT agent FROM session WHERE id=?", (session,)).fetchone()
    stored = db.execute("SELECT id FROM sheet WHERE session=?", (session,)).fetchone()
    sheet = _read_sheet(db, seals, session, problems)
    return Snapshot(
        agent=row[0] if row else "",
        sheet=sheet,
        lost_sheet=stored[0] if stored and sheet is None else "",
        entries=tuple(entry for _, entry in _entries(db, seals, session, problems)),
        next_attempt=schema.get(db, "next_attempt", 1),
        pin_failures=schema.get(db, "pin_failures", 0),
        installation=schema.installation(db),
        pending_uploads=outbox.count(db),
    )


def _entries(
    db: sqlite3.Connection, seals: Seals, session: int, problems: list[str]
) -> list[tuple[int, AnyEntry]]:
    found = []
    opened = seals.opener(db, session)
    for seq, body in db.execute("SELECT seq, body FROM entry WHERE session=? ORDER BY seq", (session,)):
        try:
            found.append((seq, _entry.decode(opened(f"entry {seq}", body))))
        except (Unreadable, msgspec.DecodeError, UnicodeDecodeError):
            problems.append(f"entry {seq} of the ledger cannot be read")
    return found


def _read_sheet(db: sqlite3.Connection, seals: Seals, session: int, problems: list[str]) -> Sheet | None:
    row = db.execute("SELECT id, revision, body FROM sheet WHERE session=?", (session,)).fetchone()
    if row is None:
        return None
    try:
        return _sheet.decode(zlib.decompress(seals.opener(db, session)(_place(row[0], row[1]), row[2])))
    except (Unreadable, zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        problems.append("the stored call sheet cannot be read; it must be fetched again")
        # The server must not answer "unchanged" to a phone that has lost the sheet.
        db.execute("UPDATE sheet SET url='' WHERE session=?", (session,))
        return None


def origin(db: sqlite3.Connection, agent: str, url: str) -> Origin | None:
    """Where the sheet being worked by `agent` came from, if that was `url` (a hash)."""
    row = db.execute(
        "SELECT url, etag, modified, sha256 FROM sheet WHERE session=? AND url=?"
        " AND session IN (SELECT id FROM session WHERE agent=?)",
        (open_session(db), url, agent),
    ).fetchone()
    return Origin(*row) if row else None


def renew_origin(db: sqlite3.Connection, agent: str, new: Origin) -> None:
    """The same bytes under a new ETag: note it with the sheet in work; another file is left alone."""
    db.execute(
        "UPDATE sheet SET etag=?, modified=? WHERE session=? AND url=? AND sha256=?"
        " AND session IN (SELECT id FROM session WHERE agent=?)",
        (new.etag, new.modified, open_session(db), new.url, new.sha256, agent),
    )


def erase_finished(db: sqlite3.Connection, seals: Seals) -> bool:
    """Erase the sessions that are over and whose uploads are all confirmed, and the database's half of their keys.

    Returns whether there was anything to erase.
    """
    over = db.execute(
        "SELECT id FROM session WHERE signed_out IS NOT NULL"
        " AND id NOT IN (SELECT session FROM outbox WHERE body IS NOT NULL)"
    ).fetchall()
    before = db.total_changes
    for (session,) in over:
        for statement in ("DELETE FROM entry WHERE session=?", "DELETE FROM sheet WHERE session=?",
                          "DELETE FROM session WHERE id=?"):
            db.execute(statement, (session,))
        keys.forget(db, session)
    # Without a key there is nothing: looking through all entries at each save costs more than writing one.
    if keys.has(db, NOBODY):
        _erase_nobodys(db, seals)
    return db.total_changes > before


def _erase_nobodys(db: sqlite3.Connection, seals: Seals) -> None:
    """What was stored while nobody was signed in, but for calls that may still be up."""
    if db.execute("SELECT 1 FROM outbox WHERE session=? AND body IS NOT NULL", (NOBODY,)).fetchone():
        return
    forget_settled(db, seals, NOBODY)
    db.execute("DELETE FROM sheet WHERE session=?", (NOBODY,))
    if not db.execute("SELECT 1 FROM entry WHERE session=?", (NOBODY,)).fetchone():
        keys.forget(db, NOBODY)


def without_key(db: sqlite3.Connection, seals: Seals) -> set[int]:
    """Sessions with something sealed that nobody can open any more."""
    rows = db.execute("SELECT session FROM entry UNION SELECT session FROM sheet"
                      " UNION SELECT session FROM outbox WHERE body IS NOT NULL").fetchall()
    lost = set()
    for (session,) in rows:
        try:
            # A row out of a damaged file may have anything there.
            seals.keys.get(db, int(session))
        except (keys.LostKey, ValueError, TypeError):
            lost.add(session)
    return lost


def give_up(db: sqlite3.Connection, session: int) -> int:
    """Drop what is sealed of a session; how many uploads are among it. Their names stay taken."""
    keys.forget(db, session)
    db.execute("DELETE FROM entry WHERE session=?", (session,))
    db.execute("DELETE FROM sheet WHERE session=?", (session,))
    return db.execute("UPDATE outbox SET body=NULL WHERE session=? AND body IS NOT NULL", (session,)).rowcount


def seal_plain(db: sqlite3.Connection, seals: Seals) -> None:
    """Seal what an older version has left in the open, inside the caller's transaction. Raises OSError."""
    for seq, session, body in db.execute("SELECT seq, session, body FROM entry").fetchall():
        if is_plain(body):
            db.execute("UPDATE entry SET body=?, attempt=? WHERE seq=?",
                       (seals.shut(db, session, f"entry {seq}", body), _plain_attempt(body), seq))
    for session, id, revision, body in db.execute("SELECT session, id, revision, body FROM sheet").fetchall():
        if is_plain(body):
            db.execute("UPDATE sheet SET body=? WHERE session=?",
                       (seals.shut(db, session, _place(id, revision), body), session))
    for id, session, body in db.execute("SELECT id, session, body FROM outbox WHERE body IS NOT NULL").fetchall():
        if is_plain(body):
            db.execute("UPDATE outbox SET body=? WHERE id=?", (seals.shut(db, session, outbox.place(id), body), id))


def _plain_attempt(body: bytes) -> str:
    try:
        return _quoted(_attempt(_entry.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
