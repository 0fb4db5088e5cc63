# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may have an agent's files: the agent by PIN, or a phone by its token.

A PIN is checked against its slow hash once; then its keyed digest is remembered in
this process, so that ten thousand phones can poll. Both are looked up again after a
minute, so that a PIN that was changed or a token that was revoked soon ends; many at
a time, for a query for each would be half of what a poll costs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import itertools
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import select, update

from callsheet.core.pin import matches
from callsheet.manager.phones.tries import Tries
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import Agent, DeviceToken

TRUSTED = 60.0
"""Seconds for which a check is believed."""
REMEMBERED = 100_000
"""Credentials; 250 bytes each."""
TOGETHER = 500
"""Checks that are made again in one query."""
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
    shown: float
    """When a phone had them last."""
    pin: bool
    """Else a token."""


class Gate:
    """Checks the header Authorization (RFC 7617, RFC 6750). Its methods may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._tries = Tries(time.monotonic)
        self._guard = threading.Lock()
        self._renewing = threading.Lock()
        self._hashing = threading.BoundedSemaphore(AT_ONCE)

    def quickly(self, authorization: str, agent: str) -> bool:
        """Whether these credentials were found good for the agent a moment ago; takes no time."""
        with self._guard:
            known = self._known.get(self._digest(authorization))
            if known is None or known.agent not in ("", agent):
                return False
            known.shown = time.monotonic()
            return known.shown - known.checked < TRUSTED

    def admit(self, authorization: str, agent: str, address: str, now: datetime) -> None:
        """Raises Denied unless the agent's files may be had with these credentials."""
        if self.quickly(authorization, agent):
            return
        with self._renewing:
            # Another may have done it for us while we waited for our turn.
            if self.quickly(authorization, agent):
                return
            self._again(self._digest(authorization), now)
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
            digest, at = self._digest(authorization), time.monotonic()
            self._known.pop(digest, None)
            self._known[digest] = _Known(owner, proof, at, at, kind.lower() == "basic")
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _again(self, wanted: bytes, now: datetime) -> None:
        """If these credentials are known, look them up again, and others whose turn comes next."""
        at = time.monotonic()
        with self._guard:
            if wanted not in self._known:
                return
            # Those looked up longest ago stand first.
            old = itertools.takewhile(lambda one: at - one[1].checked > TRUSTED / 2, self._known.items())
            chosen = {wanted: self._known[wanted], **dict(itertools.islice(old, TOGETHER))}
        good = self._still_good(chosen.values(), now)
        with self._guard:
            for digest, known in chosen.items():
                if self._known.get(digest) is known:
                    del self._known[digest]
                    if (known.agent, known.proof) in good:
                        known.checked = at
                        self._known[digest] = known

    def _still_good(self, chosen: Collection[_Known], now: datetime) -> set[tuple[str, str]]:
        """Of these the agents and proofs that stand in the database still."""
        pins = {one.agent for one in chosen if one.pin}
        tokens = {one.proof: one for one in chosen if not one.pin}
        found: list[Any] = []
        good: set[tuple[str, str]] = set()
        with self._database.look() as db:
            if pins:
                query = select(Agent.id, Agent.pin).where(Agent.id.in_(pins), Agent.active, Agent.pin != "")
                good |= {(row.id, row.pin) for row in db.execute(query)}
            if tokens:
                found += db.execute(select(DeviceToken.sha256, DeviceToken.agent_id, DeviceToken.used).where(
                    DeviceToken.sha256.in_(tokens), DeviceToken.revoked.is_(None)))
        shown = {proof for proof, one in tokens.items() if one.shown > one.checked}
        self._note_use([row.sha256 for row in found if row.sha256 in shown and _long_ago(row.used, now)], now)
        return good | {(row.agent_id or "", row.sha256) for row in found}

    def _note_use(self, tokens: list[str], now: datetime) -> None:
        if not tokens:
            return
        # Two workers may do so at once: neither waits for the other.
        free = select(DeviceToken.id).where(DeviceToken.sha256.in_(tokens)).with_for_update(skip_locked=True)
        with self._database.write() as db:
            db.execute(update(DeviceToken).where(DeviceToken.id.in_(free)).values(used=now),
                       execution_options={"synchronize_session": False})

    def _pin(self, authorization: str, value: str, agent: str, address: str) -> tuple[str, str]:
        try:
            user, _, pin = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Denied(401, "credentials that cannot be read") from None
        if user != agent:
            raise Denied(403, "these are another agent's files")
        with self._database.look() as db:
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
        with self._database.look() as db:
            row = db.execute(select(DeviceToken.agent_id, DeviceToken.used).where(
                DeviceToken.sha256 == proof, DeviceToken.revoked.is_(None))).one_or_none()
        if row is None:
            with self._guard:
                wait = self._tries.wait("", address)
                self._tries.wrong("", address)
            raise Denied(429, "too many wrong tokens", wait) if wait else Denied(401, "unknown token")
        self._note_use([proof] if _long_ago(row.used, now) else [], now)
        return row.agent_id or "", proof

    def _digest(self, authorization: str) -> bytes:
        return hmac.digest(self._key, authorization.encode(), "sha256")


def _long_ago(used: datetime | None, now: datetime) -> bool:
    return used is None or now - used > USED


NOBODY = "scrypt$16384$8$1$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(64)).decode()
"""A hash that no PIN has."""
