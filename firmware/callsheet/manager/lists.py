# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists (campaigns) and the values that all their sheets have: rules, order, retry, dispositions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.core.presets import PRESETS
from callsheet.formats.errors import FormatError, Invalid, nearest, shown
from callsheet.formats.header import header
from callsheet.formats.texts import check_name, plain_text, visible_line
from callsheet.formats.toml_places import error_at as error_in_toml
from callsheet.formats.toml_places import parsed
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import CallList

# What the manager itself says in every sheet.
_OURS: Mapping[str, str] = {
    "id": "it is the list's key", "agent": "it is whose sheet it is", "revision": "it is counted",
    "issued": "it is when the sheet was made", "tasks": "import them", "pin": "callsheet manager agent pin",
    "lease": "the server sets it", "do_not_call": "callsheet manager dnc import", "recent": "calls are counted",
    "format": "it is a sheet's", "version": "it is a sheet's",
}
MAX_KEY = 64


def find(session: Session, key: str) -> CallList | None:
    """The list of this key."""
    return session.scalar(select(CallList).where(CallList.key == key))


def get(session: Session, key: str) -> CallList:
    """The list of this key; raises Refused with the nearest one."""
    found = find(session, key)
    if found is None:
        keys = list(session.scalars(select(CallList.key).order_by(CallList.id.desc())))
        raise Refused(f"there is no list {shown(key)}", nearest(key, keys) if keys else "import a file to make one")
    return found


def create(session: Session, key: str, title: str, values: Mapping[str, Any], now: datetime, priority: int = 0) -> CallList:
    """A new, open list; raises Refused if the key is taken, Invalid if it is no name."""
    try:
        check_name(key, MAX_KEY)
    except Invalid as fault:
        raise fault.under("list") from None
    if find(session, key) is not None:
        raise Refused(f"there is a list {shown(key)} already", "take another key")
    made = CallList(key=key, title=visible_line(title), header=dict(values), priority=priority, state="open", created=now)
    session.add(made)
    session.flush()
    return made


def keep_until(now: datetime, days: int) -> datetime | None:
    """When a list closed now loses its personal data; None: never."""
    return now + timedelta(days=days) if days else None


def read_header(data: bytes, name: str, preset: str = "") -> dict[str, Any]:
    """A list's values from a TOML or JSON file, checked as a phone would check them, in the form that is stored.

    `rules` and each of `region_rules` may be the name of a preset. Raises FormatError
    with the place of a fault, Refused for an unknown preset.
    """
    text = plain_text(data)
    in_toml = not (name.lower().endswith(".json") or text.lstrip()[:1] == "{")
    try:
        obj = _plain(parsed(text)) if in_toml else _json(text)
        return checked_header(obj, preset)
    except Invalid as fault:
        error = (error_in_toml(text, fault.path, fault.reason, fault.remedy) if in_toml
                 else FormatError(0, 0, fault.reason, ".".join(map(str, fault.path)), fault.remedy))
        error.file = name
        raise error from None
    except FormatError as error:
        error.file = name
        raise


def checked_header(obj: Mapping[str, Any], preset: str = "") -> dict[str, Any]:
    """The same from plain objects; raises Invalid with the path of a fault."""
    values = dict(obj)
    for key, instead in _OURS.items():
        if key in values:
            raise Invalid("not a list's to say", (key,), instead)
    if preset:
        values["rules"] = preset
    if isinstance(values.get("rules"), str):
        values["rules"] = preset_rules(values["rules"], ("rules",))
    if isinstance(values.get("region_rules"), dict):
        values["region_rules"] = {
            region: preset_rules(rules, ("region_rules", region)) if isinstance(rules, str) else rules
            for region, rules in values["region_rules"].items()}
    sheet = header({**values, "id": "x", "agent": "x", "revision": 0})
    plain: dict[str, Any] = msgspec.to_builtins(sheet, str_keys=True)
    return {key: value for key, value in plain.items() if key not in ("id", "agent", "revision", "tasks")}


def preset_rules(name: str, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Rules by name, as a sheet has them; raises Invalid with the known names."""
    if name not in PRESETS:
        raise Invalid(f"unknown rules {shown(name)}", path, "known: " + ", ".join(PRESETS))
    plain: dict[str, Any] = msgspec.to_builtins(PRESETS[name])
    return plain


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 0), getattr(error, "colno", 0)
        raise FormatError(line, column, "not valid JSON") from None
    if not isinstance(found, dict):
        raise FormatError(1, 1, "not a JSON object", remedy="begin with {")
    return found


def _plain(value: Any) -> Any:
    """TOML has dates and times of its own; the sheet's reader takes texts."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | time) else value
