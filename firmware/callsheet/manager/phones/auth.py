# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may have an agent's files: the agent by PIN, or a phone by its token.

A PIN is checked against its slow hash once; then its keyed digest is remembered in
this process, so that ten thousand phones can poll. Both are looked up again after a
minute, so that a PIN that was changed or a token that was revoked soon ends.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import select, update

from callsheet.core.pin import matches
from callsheet.manager.phones.tries import Tries
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import Agent, DeviceToken

TRUSTED = 60.0
"""Seconds for which a check is believed."""
REMEMBERED = 100_000
"""Credentials; 150 bytes each."""
AT_ONCE = 2
"""Slow hashes computed at the same time; each takes 16 MiB and a core for 50 ms."""
PATIENCE = 5.0
"""Seconds a request waits for its turn."""
USED = timedelta(hours=1)
"""How exactly it is kept when a token was used."""


class Denied(Exception):
    """The request is not answered; `status` is HTTP's, `wait` seconds until another try makes sense."""

    def __init__(self, status: int, reason: str, wait: int = 0) -> None:
        super().__init__(reason)
        self.status, self.reason, self.wait = status, reason, wait


class _Known(Struct):
    agent: str
    """Empty: a token for whoever signs in."""
    proof: str
    """The stored hash that was matched."""
    checked: float


class Gate:
    """Checks the header Authorization (RFC 7617, RFC 6750). Its methods may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._tries = Tries(time.monotonic)
        self._guard = threading.Lock()
        self._hashing = threading.BoundedSemaphore(AT_ONCE)

    def quickly(self, authorization: str, agent: str) -> bool:
        """Whether these credentials were found good for the agent a moment ago; takes no time."""
        with self._guard:
            known = self._known.get(self._digest(authorization))
            return (known is not None and time.monotonic() - known.checked < TRUSTED
                    and known.agent in ("", agent))

    def admit(self, authorization: str, agent: str, address: str, now: datetime) -> None:
        """Raises Denied unless the agent's files may be had with these credentials."""
        if self.quickly(authorization, agent):
            return
        kind, _, value = authorization.partition(" ")
        match kind.lower():
            case "basic":
                owner, proof = self._pin(authorization, value.strip(), agent, address)
            case "bearer":
                owner, proof = self._token(value.strip(), address, now)
            case _:
                raise Denied(401, "say who you are")
        if owner not in ("", agent):
            raise Denied(403, "these are another agent's files")
        with self._guard:
            digest = self._digest(authorization)
            self._known.pop(digest, None)
            self._known[digest] = _Known(owner, proof, time.monotonic())
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _pin(self, authorization: str, value: str, agent: str, address: str) -> tuple[str, str]:
        try:
            user, _, pin = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Denied(401, "credentials that cannot be read") from None
        if user != agent:
            raise Denied(403, "these are another agent's files")
        with self._database.read() as db:
            row = db.execute(select(Agent.pin, Agent.active).where(Agent.id == user)).one_or_none()
        stored = row.pin if row is not None and row.active else ""
        with self._guard:
            known = self._known.get(self._digest(authorization))
            wait = self._tries.wait(user, address)
        if known is not None and known.proof == stored and stored:
            return user, stored
        if wait:
            raise Denied(429, "too many wrong PINs", wait)
        if not self._hashing.acquire(timeout=PATIENCE):
            raise Denied(503, "too many phones sign in at once", int(PATIENCE))
        try:
            # An agent who does not exist takes as long as one who does.
            good = matches(pin, stored or NOBODY) and bool(stored)
        finally:
            self._hashing.release()
        if not good:
            with self._guard:
                self._tries.wrong(user, address)
            raise Denied(401, "wrong agent or PIN")
        return user, stored

    def _token(self, token: str, address: str, now: datetime) -> tuple[str, str]:
        proof = hashlib.sha256(token.encode()).hexdigest()
        with self._database.read() as db:
            row = db.execute(select(DeviceToken.id, DeviceToken.agent_id, DeviceToken.used).where(
                DeviceToken.sha256 == proof, DeviceToken.revoked.is_(None))).one_or_none()
        if row is None:
            with self._guard:
                wait = self._tries.wait("", address)
                self._tries.wrong("", address)
            raise Denied(429, "too many wrong tokens", wait) if wait else Denied(401, "unknown token")
        if row.used is None or now - row.used > USED:
            with self._database.write() as db:
                db.execute(update(DeviceToken).where(DeviceToken.id == row.id).values(used=now))
        return row.agent_id or "", proof

    def _digest(self, authorization: str) -> bytes:
        return hmac.digest(self._key, authorization.encode(), "sha256")


NOBODY = "scrypt$16384$8$1$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(64)).decode()
"""A hash that no PIN has."""
