# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a call sheet but its tasks: from plain objects to a `Sheet` without tasks, checked."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from callsheet.core.model import Disposition, Rules, Sheet, Task, Text
from callsheet.formats.errors import Invalid, check_each, nearest, shown
from callsheet.formats.links import check_placeholders
from callsheet.formats.moments import moment, zone
from callsheet.formats.numbers import dialable
from callsheet.formats.tasks import Rows
from callsheet.formats.texts import check_name
from callsheet.formats.typed import check_leaves, typed

MAX_LISTED = 1_000_000
"""Numbers in `do_not_call` and in `recent`."""
_UNORDERED = ("priority", "history", "windows", "past", "extra")
TASK_ORDERS = ("file", "priority", "window", *(n for n in Task.__struct_fields__ if n not in _UNORDERED))
"""What a sheet can be ordered by besides its tasks' extra fields."""

_SCHEMES = ("http", "https", "ftp", "ftps", "ftpes", "sftp", "scp")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def header(obj: dict[str, Any], strict: bool = True) -> Sheet:
    """The sheet without tasks; `obj` has neither "tasks" nor "format" nor "version".

    Raises Invalid with the path of the fault.
    """
    check_leaves({key: value for key, value in obj.items() if key not in ("do_not_call", "recent")})
    sheet = typed({**_with_times(obj), "tasks": []}, Sheet, strict)
    check_each((
        (("id",), lambda: check_name(sheet.id)),
        (("agent",), lambda: check_name(sheet.agent, 64)),
        (("zone",), lambda: sheet.zone and zone(sheet.zone)),
        (("expires",), lambda: _check_expiry(sheet)),
        (("dispositions",), lambda: _check_dispositions(sheet.dispositions)),
        (("pause_reasons",), lambda: _check_texts(sheet.pause_reasons)),
        (("rules",), lambda: check_rules(sheet.rules or Rules())),
        (("region_rules",), lambda: _check_region_rules(sheet.region_rules)),
        (("caller_id",), lambda: sheet.caller_id and dialable(sheet.caller_id)),
        (("pin",), lambda: check_pin_hash(sheet.pin)),
        (("upload",), lambda: check_link(sheet.upload)),
        (("lease",), lambda: check_web_link(sheet.lease)),
    ))
    return _with_numbers(sheet)


def _with_times(obj: dict[str, Any]) -> dict[str, Any]:
    """Instants and times of day as people write them, in the form the strict decoder takes."""
    obj = dict(obj)
    where = obj.get("zone") if isinstance(obj.get("zone"), str) else ""
    for name in ("issued", "expires"):
        if isinstance(obj.get(name), str):
            obj[name] = _moment(obj[name], where or "", name)
    if isinstance(obj.get("rules"), dict):
        obj["rules"] = with_whole_times(obj["rules"])
    if isinstance(obj.get("region_rules"), dict):
        obj["region_rules"] = {key: with_whole_times(rules) for key, rules in obj["region_rules"].items()}
    return obj


def _moment(text: str, where: str, name: str) -> Any:
    try:
        return moment(text, where)
    except Invalid as fault:
        raise fault.under(name) from None


def with_whole_times(rules: Any) -> Any:
    """Calling hours may be written 09:00; the decoder wants RFC 3339's 09:00:00."""
    if not isinstance(rules, dict) or not isinstance(rules.get("hours"), list):
        return rules
    return {**rules, "hours": [_whole_span(span) for span in rules["hours"]]}


def _whole_span(span: Any) -> Any:
    if not isinstance(span, dict):
        return span
    return {key: _whole_time(value) if key in ("start", "end") else value for key, value in span.items()}


def _whole_time(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
        return "00:00:00" if value == "24:00" else f"{value}:00"
    return value


def _check_expiry(sheet: Sheet) -> None:
    if sheet.issued and sheet.expires and sheet.expires <= sheet.issued:
        raise Invalid("the sheet expires before it is issued")


def _check_dispositions(dispositions: tuple[Disposition, ...]) -> None:
    for name in ("key", "code"):
        seen: dict[str, int] = {}
        for index, disposition in enumerate(dispositions):
            value = getattr(disposition, name)
            if value in seen:
                raise Invalid(f"{shown(value)} is already that of disposition {seen[value]}", (index, name))
            seen[value] = index
    for index, disposition in enumerate(dispositions):
        try:
            check_name(disposition.code, 64)
        except Invalid as fault:
            raise fault.under(index, "code") from None
        try:
            _check_label(disposition.label)
        except Invalid as fault:
            raise fault.under(index, "label") from None


def _check_texts(texts: tuple[Text, ...]) -> None:
    for index, text in enumerate(texts):
        try:
            _check_label(text)
        except Invalid as fault:
            raise fault.under(index) from None


def _check_label(label: Text) -> None:
    if isinstance(label, str):
        check_name(label)
        return
    if not label:
        raise Invalid("is empty", remedy='write a text, or texts by language such as {"en": "Sold"}')
    for language, text in label.items():
        if not _LANGUAGE.fullmatch(language):
            raise Invalid(f"{shown(language)} is not a language code", (language,), 'write "en" or "zh"')
        try:
            check_name(text)
        except Invalid as fault:
            raise fault.under(language) from None


def check_rules(rules: Rules) -> None:
    """Raises Invalid for calling hours that never are."""
    for index, span in enumerate(rules.hours):
        if not span.days:
            raise Invalid("no days", ("hours", index, "days"), "name at least one of mon tue wed thu fri sat sun")
        for name in ("start", "end"):
            if getattr(span, name).tzinfo is not None:
                raise Invalid("has an offset", ("hours", index, name), "calling hours are local to the callee")
        if span.end <= span.start and (span.end.hour, span.end.minute, span.end.second) != (0, 0, 0):
            raise Invalid("ends before it starts", ("hours", index), "split hours that go over midnight in two")


def _check_region_rules(rules: dict[str, Rules]) -> None:
    for region, one in rules.items():
        try:
            check_name(region)
            check_rules(one)
        except Invalid as fault:
            raise fault.under(region) from None


def check_pin_hash(text: str) -> None:
    """Raises Invalid unless the text is empty or "scrypt$N$r$p$salt$hash" (RFC 7914 §2) at a cost a phone can bear."""
    if not text:
        return
    form = Invalid("not a PIN hash", remedy="write scrypt$N$r$p$salt$hash, salt and hash in base64")
    match = re.fullmatch(r"scrypt\$([0-9]{1,8})\$([0-9]{1,3})\$([0-9]{1,3})\$([^$]+)\$([^$]+)", text)
    if match is None:
        raise form
    cost, block, parallel = (int(match[i]) for i in (1, 2, 3))
    if cost < 2 or cost & (cost - 1) or not block or not parallel:
        raise Invalid("scrypt's N must be a power of 2, and r and p at least 1")
    if 128 * cost * block > 64 * 2**20 or parallel > 16:
        raise Invalid("scrypt's cost is too high for a phone", remedy="use at most 64 MiB (128 × N × r) and p 16")
    try:
        salt, digest = (base64.b64decode(match[i], validate=True) for i in (4, 5))
    except (binascii.Error, ValueError):
        raise form from None
    if len(salt) < 8 or not 16 <= len(digest) <= 64:
        raise Invalid("salt or hash has the wrong length", remedy="at least 8 bytes of salt, 16 to 64 of hash")


def check_link(url: str) -> None:
    """Raises Invalid unless the text is empty or a URL that a phone can fetch from or put files to."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid("not a URL") from None
    if parts.scheme not in _SCHEMES or not host or not url.isprintable() or " " in url:
        raise Invalid("not a link this phone can use", remedy=f"begin with one of {', '.join(s + '://' for s in _SCHEMES)}")
    check_placeholders(url)


def check_web_link(url: str) -> None:
    """Raises Invalid unless the text is empty or a URL that requests can be posted to."""
    check_link(url)
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise Invalid("lease requests go by http or https only", remedy="begin with https://, or leave it empty")


def _with_numbers(sheet: Sheet) -> Sheet:
    """`do_not_call`, `recent` and `caller_id` in the form that is dialled."""
    if not (sheet.do_not_call or sheet.recent or sheet.caller_id):
        return sheet
    if len(sheet.do_not_call) > MAX_LISTED or len(sheet.recent) > MAX_LISTED:
        raise Invalid(f"more than {MAX_LISTED} numbers listed")
    recent: dict[str, tuple[Any, ...]] = {}
    for number, times in sheet.recent.items():
        clean = _listed(number, "recent", number)
        recent[clean] = recent.get(clean, ()) + times
    return replace(
        sheet,
        do_not_call=tuple(_listed(number, "do_not_call", i) for i, number in enumerate(sheet.do_not_call)),
        recent=recent,
        caller_id=sheet.caller_id and dialable(sheet.caller_id),
    )


def _listed(number: str, *path: str | int) -> str:
    try:
        return dialable(number)
    except Invalid as fault:
        raise fault.under(*path) from None


def check_order(sheet: Sheet, rows: Rows) -> None:
    """Raises Invalid for an order key that is neither known nor an extra field of any task.

    Where rows had to be left out nobody can tell: one of them may have had the field.
    """
    if not rows.tasks or rows.bad:
        return
    for index, key in enumerate(sheet.order):
        if key.by not in TASK_ORDERS and not any(key.by in task.extra for task in rows.tasks):
            known = [*TASK_ORDERS, *(name for task in rows.tasks for name in task.extra)]
            raise Invalid(f"no task has a field {shown(key.by)}", ("order", index, "by"), nearest(key.by, known))
