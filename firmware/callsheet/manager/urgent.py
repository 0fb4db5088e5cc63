# SPDX-License-Identifier: GPL-3.0-or-later
"""One more call, to be made before all others."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callsheet.core.model import Task as Described
from callsheet.formats.errors import Invalid
from callsheet.formats.moments import zone as check_zone
from callsheet.manager.errors import Refused
from callsheet.manager.importer.numbers import NumberReader
from callsheet.manager.importer.zones import Zones
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.tables import Agent, CallList, Task
from callsheet.manager.work import campaign


def insert(
    session: Session, call_list: CallList, agent: Agent, number: str, settings: ManagerSettings, now: datetime, *,
    name: str = "", service: str = "", zone: str = "",
) -> Task:
    """Put a call into an agent's sheet, as an appointment for now: such go first, whatever the sheet's order.

    The number is read as in an import, and tells the zone unless one is given.
    Raises Invalid with the path of a fault, Refused where nothing is dialled.
    """
    if call_list.state != "open":
        raise Refused(f"list {call_list.key} is {call_list.state}", f"callsheet manager list resume {call_list.key}")
    if not agent.active:
        raise Refused(f"agent {agent.id} is not active", f"callsheet manager agent set {agent.id} --active yes")
    imports = settings.imports
    found = NumberReader(imports.country, settings.numbers).read(number)
    if zone:
        try:
            check_zone(zone)
        except Invalid as fault:
            raise fault.under("zone") from None
    elif found.parsed is not None:
        zone = Zones(now).of(found.parsed, found.kind)
    highest = session.scalar(select(func.max(Task.priority)).where(Task.list_id == call_list.id)) or 0
    task = Described(id=f"urgent-{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}", number=found.number, name=name.strip(),
                     service=service.strip(), zone=zone or imports.zone, priority=highest, not_before=now, callback=True)
    return campaign.insert(session, call_list, task, agent.id, settings.numbers, now)
