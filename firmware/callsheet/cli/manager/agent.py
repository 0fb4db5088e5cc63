# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager agent: add, set, pin, list."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from sqlalchemy import func, select

from callsheet.cli.manager.common import add_command, add_group, now, opened
from callsheet.cli.output import print_json, print_table
from callsheet.manager import agents, audit
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import BY_ID, Agent, Task

ORDER = 10


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    kinds = add_group(commands, "agent", "the people who make the calls")
    add = add_command(kinds, "add", _add, "add an agent", 'callsheet manager agent add 101 --name "Ann Lee" --random-pin')
    add.add_argument("id", metavar="AGENT", help="the number typed at the phone")
    _traits(add)
    _pin_arguments(add)
    change = add_command(kinds, "set", _set, "change an agent",
                         "callsheet manager agent set 101 --languages de,en --regions Berlin,Hamburg --capacity 200")
    change.add_argument("id", metavar="AGENT")
    _traits(change)
    change.add_argument("--active", choices=("yes", "no"), help="one who is not active gets no work")
    pin = add_command(kinds, "pin", _pin, "set an agent's PIN", "callsheet manager agent pin 101",
                      "Set an agent's PIN: asked for without echo, or the first line of standard input.")
    pin.add_argument("id", metavar="AGENT")
    _pin_arguments(pin, ask=True)
    add_command(kinds, "list", _list, "list the agents", "callsheet manager agent list")


def _traits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name")
    parser.add_argument("--languages", metavar="A,B", help='for assigning by language; "": all')
    parser.add_argument("--regions", metavar="A,B", help='for assigning by region; "": all')
    parser.add_argument("--capacity", metavar="N", help='unfinished tasks the agent has at most; "": no limit')


def _pin_arguments(parser: argparse.ArgumentParser, ask: bool = False) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--random-pin", action="store_true", help="draw one and print it, this once")
    group.add_argument("--no-pin", action="store_true", help="take it away" if ask else "no PIN (as if not given)")
    if not ask:
        group.add_argument("--pin", action="store_true", help="ask for one, or read it from standard input")


def _apply(agent: Agent, options: argparse.Namespace) -> None:
    if options.name is not None:
        agent.name = options.name
    if options.languages is not None:
        agent.languages = split(options.languages)
    if options.regions is not None:
        agent.regions = split(options.regions)
    if options.capacity is not None:
        if options.capacity and not options.capacity.isdecimal():
            raise Refused("the capacity is not a whole number")
        agent.capacity = int(options.capacity) if options.capacity else None


def split(text: str) -> list[str]:
    """The parts of "a,b"."""
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


def _read_pin() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    first = getpass.getpass("PIN: ")
    if getpass.getpass("once more: ") != first:
        raise Refused("the two are not the same")
    return first


def _add(options: argparse.Namespace) -> int:
    pin = agents.random_pin() if options.random_pin else _read_pin() if options.pin else ""
    with opened(options) as manager, manager.database.write() as session:
        agent = agents.create(session, options.id, now())
        _apply(agent, options)
        agents.set_pin(agent, pin)
        audit.note(session, now(), audit.CLI, "agent.add", agent.id)
        facts = _facts(agent, 0)
    return _said(options, facts, "added", pin if options.random_pin else "")


def _set(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        agent = agents.get(session, options.id)
        _apply(agent, options)
        if options.active:
            agent.active = options.active == "yes"
        audit.note(session, now(), audit.CLI, "agent.set", agent.id)
        facts = _facts(agent, 0)
    return _said(options, facts, "changed")


def _pin(options: argparse.Namespace) -> int:
    pin = agents.random_pin() if options.random_pin else "" if options.no_pin else _read_pin()
    if not pin and not options.no_pin:
        raise Refused("there is no PIN", "type one, or give --random-pin or --no-pin")
    with opened(options) as manager, manager.database.write() as session:
        agent = agents.get(session, options.id)
        agents.set_pin(agent, pin)
        audit.note(session, now(), audit.CLI, "agent.pin", agent.id)
        facts = _facts(agent, 0)
    return _said(options, facts, "has no PIN now" if options.no_pin else "has a new PIN",
                 pin if options.random_pin else "")


def _said(options: argparse.Namespace, facts: dict[str, Any], what: str, pin: str = "") -> int:
    facts.pop("unfinished")
    if options.json:
        print_json({**facts, **({"pin": pin} if pin else {})})
    else:
        print(f"agent {facts['id']}: {what}" + (f"; the PIN is {pin}" if pin else ""))
    return 0


def _facts(agent: Agent, unfinished: int) -> dict[str, Any]:
    return {"id": agent.id, "name": agent.name, "has_pin": bool(agent.pin), "languages": list(agent.languages),
            "regions": list(agent.regions), "capacity": agent.capacity, "active": agent.active,
            "unfinished": unfinished}


def _list(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as session:
        loads = {row[0]: row[1] for row in session.execute(
            select(Task.agent_id, func.count()).where(Task.final.is_(False)).group_by(Task.agent_id))}
        found = [_facts(agent, loads.get(agent.id, 0)) for agent in session.scalars(select(Agent).order_by(*BY_ID))]
    if options.json:
        print_json(found)
        return 0
    rows = [(one["id"], one["name"], "yes" if one["has_pin"] else "no", ", ".join(one["languages"]) or "all",
             ", ".join(one["regions"]) or "all", "" if one["capacity"] is None else str(one["capacity"]),
             str(one["unfinished"]), "yes" if one["active"] else "no") for one in found]
    print_table("", ("Agent", "Name", "PIN", "Languages", "Regions", "Capacity", "Unfinished", "Active"), rows)
    return 0
