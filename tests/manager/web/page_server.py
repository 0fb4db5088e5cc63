# SPDX-License-Identifier: GPL-3.0-or-later
"""The page served on loopback, its users, and visitors without a browser."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import requests
import uvicorn

from callsheet.core import pin
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import User
from callsheet.manager.web.app import app

PASSWORDS = {"mia": "correct horse battery", "victor": "only looking here"}
ROLES = {"mia": "manager", "victor": "viewer"}
HASHES = {name: pin.make(password, name.encode() * 4) for name, password in PASSWORDS.items()}
PATIENCE = 30


def add_users(database: Database) -> None:
    """A manager and a viewer."""
    with database.write() as db:
        for name, password in HASHES.items():
            db.add(User(name=name, password=password, role=ROLES[name], created=datetime.now(UTC)))


@contextmanager
def serving(database: Database, settings: ManagerSettings | None = None, **options: object) -> Iterator[str]:
    """Its URL, without a slash at the end. `options` go to uvicorn."""
    config = uvicorn.Config(app(database, settings or ManagerSettings()), port=0, log_level="warning", access_log=False,
                            timeout_graceful_shutdown=1, **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE
    while not (server.started and server.servers and server.servers[0].sockets):
        assert thread.is_alive() and time.monotonic() < end
        time.sleep(0.01)
    try:
        scheme = "https" if config.is_ssl else "http"
        yield f"{scheme}://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


class Visit:
    """One browser, as far as HTTP is concerned."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.csrf = ""

    def sign_in(self, name: str, password: str | None = None) -> requests.Response:
        """Send the form; follows to the page, whose token is kept."""
        answer = self.http.post(f"{self.url}/sign-in", timeout=PATIENCE,
                                data={"name": name, "password": PASSWORDS.get(name, "") if password is None else password})
        found = re.search(r'"X-CSRF-Token": "([^"]+)"', answer.text)
        self.csrf = found[1] if found else ""
        return answer

    def get(self, path: str, **options: object) -> requests.Response:
        return self.http.get(self.url + path, timeout=PATIENCE, allow_redirects=False, **options)

    def change(self, path: str, data: object = None, **options: object) -> requests.Response:
        """As htmx sends it."""
        headers = {"X-CSRF-Token": self.csrf, "HX-Request": "true", **options.pop("headers", {})}
        return self.http.post(self.url + path, data=data, timeout=PATIENCE, allow_redirects=False, headers=headers, **options)


def words(answer: requests.Response) -> str:
    """What a reader sees of it, roughly."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())
