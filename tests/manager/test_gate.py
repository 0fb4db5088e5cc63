# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that are remembered: many are looked up again by one query, and what was taken back ends within a minute."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, update

from callsheet.core import pin
from callsheet.manager.phones import auth
from callsheet.manager.phones.auth import TRUSTED, USED, Denied, Gate
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from tests.manager.served import PINS, fill

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PHONES = auth.TOGETHER + 50
"""More than are looked up together."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds since some time."""
    at = [1000.0]
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: at[0]))
    return at


@pytest.fixture
def gate(database: Database, clock: list[float]) -> Gate:
    """Everybody has shown a token, and two agents their PINs."""
    fill(database)
    with database.write() as db:
        for n in range(PHONES):
            db.add(tables.DeviceToken(sha256=sha256(f"t{n}"), agent_id="101" if n % 2 else None, created=NOW,
                                      used=NOW))
    made = Gate(database)
    for n in range(PHONES):
        made.admit(f"Bearer t{n}", "101", "", NOW)
    for agent in PINS:
        made.admit(basic(agent), agent, "", NOW)
    return made


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def basic(agent: str) -> str:
    return "Basic " + b64encode(f"{agent}:{PINS[agent]}".encode()).decode()


def refused(gate: Gate, authorization: str, agent: str = "101") -> int:
    with pytest.raises(Denied) as caught:
        gate.admit(authorization, agent, "", NOW)
    return caught.value.status


def test_few_queries_renew_what_is_known_of_many(gate: Gate, database: Database, clock: list[float]) -> None:
    clock[0] += TRUSTED + 1
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for n in reversed(range(PHONES)):
        gate.admit(f"Bearer t{n}", "101", "", NOW)
    for agent in PINS:
        gate.admit(basic(agent), agent, "", NOW)
    assert len([one for one in asked if one.startswith("SELECT")]) <= 6


def test_what_was_taken_back_ends(gate: Gate, database: Database, clock: list[float]) -> None:
    with database.write() as db:
        db.execute(update(tables.DeviceToken).where(tables.DeviceToken.sha256 == sha256("t3")).values(revoked=NOW))
        db.execute(update(tables.DeviceToken).where(tables.DeviceToken.sha256 == sha256("t5")).values(agent_id="102"))
        db.execute(update(tables.Agent).where(tables.Agent.id == "101").values(pin=pin.make("5555", b"0" * 16)))
        db.execute(update(tables.Agent).where(tables.Agent.id == "102").values(active=False))
    gate.admit("Bearer t3", "101", "", NOW)  # it was seen to be good less than a minute ago
    clock[0] += TRUSTED + 1
    gate.admit("Bearer t4", "101", "", NOW)
    assert refused(gate, "Bearer t3") == 401
    assert refused(gate, "Bearer t5") == 403
    gate.admit("Bearer t5", "102", "", NOW)
    assert refused(gate, basic("101")) == 401
    assert refused(gate, basic("102"), "102") == 401


@pytest.mark.parametrize("later", [0.0, TRUSTED / 2 + 1, TRUSTED + 1])
def test_what_is_known_is_good_for_its_own_agent_only(gate: Gate, clock: list[float], later: float) -> None:
    clock[0] += later
    assert refused(gate, "Bearer t1", "102") == 403
    assert refused(gate, basic("101"), "102") == 403
    gate.admit("Bearer t0", "102", "", NOW)


def test_only_a_token_that_was_shown_counts_as_used(gate: Gate, database: Database, clock: list[float]) -> None:
    later = NOW + 2 * USED
    clock[0] += 1
    gate.admit("Bearer t1", "101", "", later)
    clock[0] += TRUSTED
    gate.admit("Bearer t1", "101", "", later)
    with database.read() as db:
        used = dict(db.execute(select(tables.DeviceToken.sha256, tables.DeviceToken.used)).all())
    assert used[sha256("t1")] == later
    assert used[sha256("t2")] == NOW
