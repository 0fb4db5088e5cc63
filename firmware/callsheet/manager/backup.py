# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything into one file, and back: settings and database, while the manager runs.

The file is a gzipped tar of `manifest.json`, `manager.toml`, and `callsheet.db`
(SQLite's online backup) or `callsheet.dump` (pg_dump's custom format). Whoever has
it has all names, numbers and hashed passwords: only its owner can read it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, inspect, make_url

from callsheet.manager.errors import Refused
from callsheet.manager.opened import Manager
from callsheet.manager.settings import FILE_NAME, check_database_url, read_manager_settings
from callsheet.manager.storage import schema
from callsheet.manager.storage.database import Database, open_database

MANIFEST, SQLITE, POSTGRESQL = "manifest.json", "callsheet.db", "callsheet.dump"
_FORMAT = "callsheet-backup"
_URL = re.compile(r"(?m)^(\s*url\s*=\s*).*$")


def back_up(manager: Manager, path: Path, now: datetime) -> int:
    """Write the file, which takes an older one's place when it is whole; returns its size in bytes.

    Raises Refused or OSError.
    """
    with manager.database.engine.connect() as connection:
        revision = schema.current(connection)
    part = path.with_name(f".{path.name}.part")
    # Beside the file, where there is room for it, and nobody else can look.
    with tempfile.TemporaryDirectory(prefix=".callsheet-", dir=path.parent or Path()) as folder:
        try:
            dump = _dump(manager.database, Path(folder))
            manifest = {"format": _FORMAT, "version": 1, "made": now.isoformat(), "revision": revision,
                        "database": dump.name}
            (Path(folder) / MANIFEST).write_text(json.dumps(manifest))
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                    archive.add(Path(folder) / MANIFEST, MANIFEST)
                    archive.add(manager.folder / FILE_NAME, FILE_NAME)
                    archive.add(dump, dump.name)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path.stat().st_size


def restore(path: Path, folder: Path, database: str = "") -> Database:
    """Put a backup into a folder that has no manager, and a database that has no tables; returns it, open.

    `database`: another URL than the one it came from. Raises Refused, FormatError,
    DatabaseError, OSError; then there is no manager in the folder.
    """
    settings_path = folder / FILE_NAME
    path.stat()  # a file that is not there is the likelier slip than a folder that is
    if settings_path.exists():
        raise Refused(f"there is a manager in {folder} already", "name another folder with --folder")
    if database:
        check_database_url(database)
    with tempfile.TemporaryDirectory(prefix="callsheet-") as place:
        manifest = _unpack(path, Path(place))
        text = (Path(place) / FILE_NAME).read_text(encoding="utf-8")
        if database:
            text = _with_url(text, database)
        settings = read_manager_settings(text.encode(), FILE_NAME)
        folder.mkdir(parents=True, exist_ok=True)
        _load(Path(place) / manifest["database"], settings.database.url, folder)
        opened = open_database(settings.database.url, folder, check=False)
        opened.upgrade()
        with os.fdopen(os.open(settings_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    return opened


def _dump(database: Database, folder: Path) -> Path:
    if database.is_sqlite:
        target = folder / SQLITE
        source = sqlite3.connect(f"file:{database.engine.url.database}?mode=ro", uri=True)
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise Refused("the database is damaged", "restore an older backup")
        finally:
            source.close()
            copy.close()
        return target
    target = folder / POSTGRESQL
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], database.engine.url)
    return target


def _unpack(path: Path, place: Path) -> dict[str, Any]:
    """Only what a backup has, by name; raises Refused for anything else."""
    broken = Refused(f"{path.name} is no backup of Callsheet, or damaged")
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name not in (MANIFEST, FILE_NAME, SQLITE, POSTGRESQL) or not member.isfile():
                    raise broken
                source = archive.extractfile(member)
                with (place / member.name).open("wb") as target:
                    shutil.copyfileobj(source, target)  # type: ignore[arg-type]
        manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.filename == str(path):
            raise
        raise broken from None
    if manifest.get("format") != _FORMAT or not all((place / name).exists() for name in (FILE_NAME, manifest["database"])):
        raise broken
    if manifest["revision"] not in schema.known():
        raise Refused(f"{path.name} was made by a newer version of Callsheet", "update this one")
    return manifest


def _load(dump: Path, url: str, folder: Path) -> None:
    parsed = make_url(url)
    if (parsed.drivername == "sqlite") != (dump.name == SQLITE):
        raise Refused("the backup is of the other kind of database", "name one of its kind with --database")
    if parsed.drivername == "sqlite":
        target = folder / str(parsed.database)
        if target.exists():
            raise Refused(f"{target} exists already", "name another with --database")
        shutil.copyfile(dump, target)
        target.chmod(0o600)
        return
    database = open_database(url, check=False)
    try:
        with database.errors(), database.engine.connect() as connection:
            if inspect(connection).get_table_names():
                raise Refused("the database is not empty", "make a new one, and name it with --database")
    finally:
        database.close()
    _run("pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump)], parsed)


def _with_url(text: str, url: str) -> str:
    """The settings with another database; the rest, comments too, as it was."""
    start = re.search(r"(?m)^\s*\[database\]\s*$", text)
    line = f'url = {json.dumps(url, ensure_ascii=False)}'
    if start is None:
        return f"[database]\n{line}\n\n{text}"
    following = re.search(r"(?m)^\s*\[", text[start.end():])
    end = start.end() + following.start() if following else len(text)
    section = text[start.end(): end]
    if _URL.search(section):
        section = _URL.sub(lambda match: f"{match[1]}{line.removeprefix('url = ')}", section, count=1)
    else:
        section = f"\n{line}{section}"
    return text[: start.end()] + section + text[end:]


def _run(program: str, options: Sequence[str], url: URL) -> None:
    """PostgreSQL's own tool; the password goes by the environment, where `ps` does not show it."""
    found = shutil.which(program)
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: float(p.parts[-3]))
    if newest:
        found = str(newest[-1])
    if not found:
        raise Refused(f"{program} is not installed", "install the package postgresql-client")
    parts = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database, **dict(url.query)}
    target = make_conninfo("", **{key: str(value) for key, value in parts.items() if value is not None})
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    reply = subprocess.run([found, f"--dbname={target}", *options], text=True, capture_output=True, check=False,
                           env={**os.environ, **secret})
    if reply.returncode:
        said = " ".join(reply.stderr.split())[:500] or f"status {reply.returncode}"
        raise Refused(f"{program}: {said}")
