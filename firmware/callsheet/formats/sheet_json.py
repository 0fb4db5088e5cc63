# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheet v1 in JSON, the canonical form: reading and writing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from callsheet.core.model import Sheet, Task
from callsheet.formats.errors import FormatError, Invalid, RowProblem, dotted, nearest, shown
from callsheet.formats.header import TASK_ORDERS, check_order, header
from callsheet.formats.json_places import (
    error_at,
    item_offsets,
    member_offsets,
    objects_members,
    offset_of,
    place_of,
)
from callsheet.formats.tasks import MAX_TASKS, Rows, task_from

FORMAT = "callsheet"
VERSION = 1

_ITEMS = msgspec.json.Decoder(list[Raw])
_TASK = msgspec.json.Decoder(Task)
_ANY = msgspec.json.Decoder()


def read_json_sheet(data: bytes) -> tuple[Sheet, list[RowProblem]]:
    """A sheet with its good tasks, and the bad ones; `data` is valid UTF-8.

    Raises FormatError for anything wrong outside of single tasks.
    """
    members = objects_members(data)
    offsets = _checked_keys(data, members)
    try:
        sheet = header({name: _value(data, name, raw) for name, raw in members.items()
                        if name not in ("format", "version", "tasks")})
        rows, items = _rows(members, sheet.zone)
        check_order(sheet, rows)
    except Invalid as fault:
        raise error_at(data, fault.path, fault.reason, fault.remedy) from None
    return replace(sheet, tasks=tuple(rows.tasks)), _placed(data, offsets.get("tasks", 0), items, rows)


def _checked_keys(data: bytes, members: dict[str, Raw]) -> dict[str, int]:
    """Offsets of the values; raises FormatError for a wrong format or version, an unknown or a repeated key."""
    found = list(member_offsets(data, offset_of(data, ()), members))
    for name, expected in (("format", FORMAT), ("version", VERSION)):
        if name not in members:
            raise error_at(data, (), f"field {shown(name)} is missing", f'begin with "format": "{FORMAT}", "version": 1')
        value = _value(data, name, members[name])
        if value != expected or isinstance(value, bool):
            reason = f"{name} {shown(json.dumps(value, ensure_ascii=False))} is not known here"
            raise error_at(data, (name,), reason, f"write {json.dumps(expected)}")
    known = {"format", "version", *(field.name for field in msgspec.structs.fields(Sheet))}
    seen: set[str] = set()
    for name, key, _ in found:
        if name in seen or name not in known:
            line, column = place_of(data, key)
            reason = f"field {shown(name)} is given twice" if name in seen else f"unknown field {shown(name)}"
            remedy = "keep one of them" if name in seen else nearest(name, known)
            raise FormatError(line, column, reason, dotted((name,)), remedy)
        seen.add(name)
    return {name: value for name, _, value in found}


class _Repeated(Exception):
    """A key that an object has twice."""


def _value(data: bytes, name: str, raw: Raw) -> Any:
    """A header field's plain value; of a repeated key nobody knows which value was meant."""
    try:
        json.loads(bytes(raw), object_pairs_hook=_unique, parse_int=str, parse_float=str)
        return _ANY.decode(raw)
    except _Repeated as repeated:
        raise error_at(data, (name,), f"field {shown(str(repeated))} is given twice", "keep one of them") from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise error_at(data, (name,), "not a value that can be read", "no number may be beyond 64 bits") from None


def _unique(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    for name in set(names):
        if names.count(name) > 1:
            raise _Repeated(name)


def _rows(members: dict[str, Raw], zone: str) -> tuple[Rows, list[Raw]]:
    if "tasks" not in members:
        raise Invalid('field "tasks" is missing', remedy='write "tasks": [] if there is nobody to call')
    try:
        items = _ITEMS.decode(members["tasks"])
    except msgspec.ValidationError:
        raise Invalid("not a list", ("tasks",)) from None
    if len(items) > MAX_TASKS:
        raise Invalid(f"more than {MAX_TASKS} tasks", ("tasks",), "divide the sheet")
    rows = Rows()
    strict = True
    for index, raw in enumerate(items):
        try:
            if strict:
                try:
                    rows.accept(index, _TASK.decode(raw))
                    continue
                except msgspec.ValidationError:
                    # Local times, or a fault. After the first such row the careful way is the quicker one.
                    strict = False
            rows.accept(index, task_from(_ANY.decode(raw), zone))
        except Invalid as fault:
            rows.reject(index, _id_of(raw), fault)
        except (msgspec.DecodeError, RecursionError):
            rows.reject(index, "", Invalid("not a value that can be read"))
    rows.drop_repeated_ids()
    return rows, items


def _id_of(raw: Raw) -> str:
    try:
        value = _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return ""
    found = value.get("id", "") if isinstance(value, dict) else ""
    return found if isinstance(found, str) else ""


def _placed(data: bytes, start: int, items: list[Raw], rows: Rows) -> list[RowProblem]:
    """The bad rows with their places in the text, which is walked through once."""
    if not rows.bad:
        return []
    bad = {one.row: one for one in rows.bad}
    problems = []
    line, column, walked = 1, 1, 0
    for index, offset in enumerate(item_offsets(data, start, items)):
        if index not in bad:
            continue
        one = bad[index]
        at = offset + offset_of(bytes(items[index]), one.fault.path)
        more, beyond = place_of(data[walked:at], at - walked)
        line, column = line + more - 1, beyond if more > 1 else column + beyond - 1
        walked = at
        place = dotted(("tasks", index, *one.fault.path))
        problems.append(RowProblem(line, column, one.fault.reason, place, one.id, one.fault.remedy))
    return problems


def write_sheet(sheet: Sheet) -> bytes:
    """The sheet in canonical form: the same sheet gives the same bytes, and `read_sheet` gives the sheet back.

    One task to a line, so that an error's line number and a comparison of two
    revisions mean something. Order keys naming an extra field that no task has
    any more say nothing, and are left out.
    """
    order = tuple(
        key for key in sheet.order if key.by in TASK_ORDERS or any(key.by in task.extra for task in sheet.tasks)
    )
    encode = msgspec.json.Encoder().encode
    head = encode(replace(sheet, tasks=(), order=order))
    # Required fields are always written, so the empty list of tasks stands where the tasks belong.
    before, after = head[1:-1].split(b'"tasks":[]', 1)
    tasks = b",\n".join([encode(task) for task in sheet.tasks])
    start = f'{{"format":"{FORMAT}","version":{VERSION},'.encode()
    lines = b"\n" + tasks + b"\n" if tasks else b""
    return start + before + (after[1:] + b"," if after else b"") + b'"tasks":[' + lines + b"]}\n"
