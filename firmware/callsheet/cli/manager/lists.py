# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager list: create, set, show, stop, resume, close."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callsheet.cli.manager.common import add_command, add_group, now, opened
from callsheet.cli.output import print_json, print_table
from callsheet.core.presets import PRESETS
from callsheet.manager import audit, lists
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import CallList, Task
from callsheet.manager.work import campaign

ORDER = 15


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    kinds = add_group(commands, "list", "lists of calls (campaigns) and their rules")
    create = add_command(kinds, "create", _create, "make a list",
                         'callsheet manager list create renewals --title "Renewals 2026" --rules us --header list.toml')
    create.add_argument("key", metavar="KEY", help="the list's short name: id of its sheets")
    _values(create)
    change = add_command(kinds, "set", _set, "change a list; its sheets get a new revision",
                         "callsheet manager list set renewals --header list.toml")
    change.add_argument("key", metavar="KEY")
    _values(change)
    show = add_command(kinds, "show", _show, "show all lists, or one with its values", "callsheet manager list show renewals")
    show.add_argument("key", metavar="KEY", nargs="?")
    stop = add_command(kinds, "stop", _stop, "dial nothing of a list any more, from now on",
                       'callsheet manager list stop renewals --reason "wrong price in the script"',
                       "Dial nothing of a list any more. Phones hear of it when they ask for their lease next, a minute "
                       "later at most\nby the usual settings; a call that is up goes on.")
    stop.add_argument("key", metavar="KEY")
    stop.add_argument("--reason", default="", help="shown to the agents")
    resume = add_command(kinds, "resume", _resume, "take back stop or close", "callsheet manager list resume renewals")
    resume.add_argument("key", metavar="KEY")
    close = add_command(kinds, "close", _close, "end a list", "callsheet manager list close renewals --keep-days 90",
                        "End a list: what is unfinished is not dialled any more, results stay. Its names, numbers and "
                        "notes are erased\nby purge after the days of retention.")
    close.add_argument("key", metavar="KEY")
    close.add_argument("--keep-days", type=int, metavar="N", help="0: for ever (default: as the settings say)")


def _values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--title", help="as the agents see it")
    parser.add_argument("--priority", type=int, help="of an agent's lists the highest goes first")
    parser.add_argument("--header", type=Path, metavar="FILE", help="what its sheets have in common (mode, order, gap, "
                        "rules, retry, dispositions …), TOML or JSON; takes the place of all that was set before")
    parser.add_argument("--rules", metavar="NAME", help=f"calling rules by name: {', '.join(PRESETS)}")


def _header(options: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    if options.header:
        return lists.read_header(options.header.read_bytes(), str(options.header), options.rules or "")
    return lists.checked_header(before, options.rules) if options.rules else before


def _create(options: argparse.Namespace) -> int:
    values = _header(options, {})
    with opened(options) as manager, manager.database.write() as session:
        made = lists.create(session, options.key, options.title or options.key, values, now(), options.priority or 0)
        audit.note(session, now(), audit.CLI, "list.create", made.key)
    return _said(options, "made")


def _set(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        found = lists.get(session, options.key)
        found.header = _header(options, dict(found.header))
        if options.title is not None:
            found.title = options.title
        if options.priority is not None:
            found.priority = options.priority
        session.flush()
        campaign.touch_list(session, found, now())
        audit.note(session, now(), audit.CLI, "list.set", found.key)
    return _said(options, "changed")


def _stop(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        found = lists.get(session, options.key)
        if found.state == "closed":
            raise Refused(f"list {found.key} is closed already")
        campaign.stop(session, found, options.reason or "stopped by the manager", now())
        audit.note(session, now(), audit.CLI, "list.stop", found.key)
    return _said(options, "stopped")


def _resume(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        found = lists.get(session, options.key)
        campaign.go_on(session, found, now())
        found.keep_until = None
        audit.note(session, now(), audit.CLI, "list.resume", found.key)
    return _said(options, "open")


def _close(options: argparse.Namespace) -> int:
    if options.keep_days is not None and not 0 <= options.keep_days <= 36500:
        raise Refused("--keep-days is not between 0 and 36500")
    with opened(options) as manager, manager.database.write() as session:
        found = lists.get(session, options.key)
        campaign.close(session, found, now())
        days = manager.settings.retention.days if options.keep_days is None else options.keep_days
        found.keep_until = lists.keep_until(now(), days)
        until = f"{found.keep_until:%Y-%m-%d}" if found.keep_until else ""
        audit.note(session, now(), audit.CLI, "list.close", found.key)
    return _said(options, "closed", "; personal data is kept " + (f"until {until}" if until else "for ever"))


def _said(options: argparse.Namespace, what: str, more: str = "") -> int:
    if options.json:
        print_json({"list": options.key, "state": what})
    else:
        print(f"list {options.key}: {what}{more}")
    return 0


def _facts(session: Session, key: str | None) -> list[dict[str, Any]]:
    def count(*conditions: Any) -> Any:
        whole = conditions[0]
        for one in conditions[1:]:
            whole = whole & one
        return func.coalesce(func.sum(case((whole, 1), else_=0)), 0)

    unfinished = Task.final.is_(False)
    query = (
        select(CallList, func.count(Task.id), count(Task.final.is_(True)),
               count(unfinished, Task.agent_id.is_(None)), count(unfinished, Task.held != ""))
        .outerjoin(Task, Task.list_id == CallList.id).group_by(CallList.id).order_by(CallList.id.desc()))
    if key:
        query = query.where(CallList.id == lists.get(session, key).id)
    return [{
        "key": one.key, "title": one.title, "state": one.state, "stop_reason": one.stop_reason,
        "priority": one.priority, "tasks": tasks, "finished": finished, "unassigned": waiting, "held": held,
        "created": one.created, "keep_until": one.keep_until, "header": one.header,
    } for one, tasks, finished, waiting, held in session.execute(query)]


def _show(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as session:
        found = _facts(session, options.key)
    if options.json:
        print_json(found[0] if options.key else found)
        return 0
    print_table("", ("List", "Title", "State", "Tasks", "Finished", "Unassigned", "Held"), [
        (one["key"], one["title"], one["state"] + (f": {one['stop_reason']}" if one["stop_reason"] else ""),
         *(str(one[name]) for name in ("tasks", "finished", "unassigned", "held"))) for one in found])
    if options.key:
        print_table("", ("Setting", "Value"), [
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in found[0]["header"].items()])
    return 0
