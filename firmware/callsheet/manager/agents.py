# SPDX-License-Identifier: GPL-3.0-or-later
"""The people who make the calls."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.core import pin as pins
from callsheet.formats.errors import nearest, shown
from callsheet.formats.texts import visible_line
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import Agent

_NUMBER = re.compile(r"[0-9]{1,16}")
_PIN = re.compile(r"[0-9]{4,12}")


def create(session: Session, id: str, now: datetime, name: str = "") -> Agent:
    """A new agent; raises Refused if the number is taken or cannot be typed at a keypad."""
    if not _NUMBER.fullmatch(id):
        raise Refused(f"{shown(id, 20)} cannot be an agent's number", "1 to 16 digits, as typed at the phone's keypad")
    if session.get(Agent, id) is not None:
        raise Refused(f"there is an agent {id} already", f"callsheet manager agent set {id}")
    made = Agent(id=id, name=visible_line(name), pin="", languages=[], regions=[], active=True, created=now)
    session.add(made)
    session.flush()
    return made


def create_missing(session: Session, ids: Iterable[str], now: datetime) -> list[str]:
    """Make those agents that there are not yet; returns them."""
    return [create(session, id, now).id for id in dict.fromkeys(ids) if session.get(Agent, id) is None]


def get(session: Session, id: str) -> Agent:
    """The agent of this number; raises Refused with the nearest one."""
    found = session.get(Agent, id)
    if found is None:
        known = list(session.scalars(select(Agent.id)))
        raise Refused(f"there is no agent {shown(id, 20)}", nearest(id, known) or f"callsheet manager agent add {id}")
    return found


def set_pin(agent: Agent, pin: str) -> None:
    """Keep the hash of a PIN, "" takes it away; raises Refused for one that is too easy or cannot be typed."""
    if pin and not _PIN.fullmatch(pin):
        raise Refused("a PIN has 4 to 12 digits")
    if pin and (len(set(pin)) == 1 or pin in "01234567890123456789" or pin in "98765432109876543210"):
        raise Refused("that PIN is the first that anybody would try", "take another")
    agent.pin = pins.make(pin, secrets.token_bytes(16)) if pin else ""


def random_pin(digits: int = 6) -> str:
    """One that `set_pin` takes."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(digits))
        if len(set(pin)) > 2:
            return pin
