# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager reassign, release, let-go: work that goes to somebody else, or is given free."""

from __future__ import annotations

import argparse
from typing import Any

from sqlalchemy import select

from callsheet.cli.manager.agent import split
from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.output import print_json
from callsheet.manager import assign, audit
from callsheet.manager.errors import Refused
from callsheet.manager.folder import Folder
from callsheet.manager.phones.app import terms_of
from callsheet.manager.storage.tables import Agent, CallList, Sheet
from callsheet.manager.work import campaign, choice, leases, moves
from callsheet.manager.work.terms import over

ORDER = 40


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    move = add_command(
        commands, "reassign", _reassign, "give an agent's unfinished calls to others",
        "callsheet manager reassign 101 102,103 --region Leeds",
        "Give unfinished calls to other agents, in turn. What a phone may be dialling goes as soon as the phone knows, "
        "has\nhanded back, or its lease is over: no call is ever live in two sheets.",
    )
    move.add_argument("source", metavar="FROM", help='an agent; "pool": calls that nobody has; "all"')
    move.add_argument("agents", metavar="TO,TO", help='agents; "pool": back to those that wait to be assigned')
    _filters(move)
    free = add_command(
        commands, "release", _release, "ask for a sheet back, or take it from a phone that is switched off",
        "callsheet manager release 101 --force",
        "Ask the phone that works an agent's sheet to hand it back. With --force it is taken at once: only if you know "
        "that\nthe phone is switched off or broken, because it might be dialling.",
    )
    free.add_argument("agent", metavar="AGENT")
    free.add_argument("--list", default="", metavar="KEY", help="only this list's sheet")
    free.add_argument("--force", action="store_true", help="the phone is switched off or broken")
    let = add_command(commands, "let-go", _let_go, "let calls that are held be dialled again",
                      "callsheet manager let-go all --outcome unknown")
    let.add_argument("source", metavar="AGENT", help='whose calls; "pool"; "all"')
    _filters(let)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", default="", metavar="KEY,KEY", help="only of these lists")
    parser.add_argument("--ids", default="", metavar="ID,ID", help="only these")
    parser.add_argument("--region", default="", metavar="A,B")
    parser.add_argument("--language", default="", metavar="A,B")
    parser.add_argument("--outcome", default="", metavar="A,B", help='of the last call; "open": not called yet')
    parser.add_argument("--priority", type=int, metavar="N", help="at least")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="at most so many, the last of the sheet")


def _chosen(options: argparse.Namespace, *, held: bool = False) -> choice.Choice:
    source = {"pool": moves.POOL, "all": None}.get(options.source, options.source)
    return choice.Choice(
        source, tuple(split(options.list)), tuple(split(options.ids)), tuple(split(options.region)),
        tuple(split(options.language)), tuple(split(options.outcome)), options.priority, held, options.most)


def _reassign(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as db:
        _known(db, options.source)
        targets = [moves.POOL] if options.agents == "pool" else split(options.agents)
        if targets != [moves.POOL]:
            assign.existing(db, targets)
        if options.source in targets:
            raise Refused(f"{options.source} is on both sides", "name only those who get the calls")
        wishes, counts = choice.dealt(choice.chosen(db, _chosen(options)), targets)
        done = moves.move(db, wishes, terms_of(manager.settings), now())
        audit.note(db, now(), audit.CLI, "tasks.move", options.source, to=options.agents, count=len(wishes))
    if options.json:
        print_json({"from": options.source, "to": counts, "moved": done.at_once, "waiting": done.waiting})
        return 0
    print(", ".join(f"{agent or 'pool'}: {count}" for agent, count in sorted(counts.items())) or "There is nothing to move.")
    if done.waiting:
        print(f"{done.waiting} of them go when the phone that has them knows, hands back, or its lease is over.")
    return 0


def _release(options: argparse.Namespace) -> int:
    told = []
    with opened(options) as manager, manager.database.write() as db:
        _known(db, options.agent)
        terms = terms_of(manager.settings)
        query = (select(Sheet, CallList.key).join(CallList, CallList.id == Sheet.list_id)
                 .where(Sheet.agent_id == options.agent, Sheet.phone != "").with_for_update())
        for sheet, key in db.execute(query):
            if options.list not in ("", key):
                continue
            phone = sheet.phone
            if options.force or over(sheet, terms, now()):
                leases.free(db, sheet, terms, now())
                told.append({"list": key, "phone": phone, "released": True})
            else:
                leases.ask_back(sheet, "manager")
                told.append({"list": key, "phone": phone, "released": False})
        if options.force and manager.settings.folder.path:
            Folder(manager.folder / manager.settings.folder.path, manager.database, terms).void(options.agent, now())
        audit.note(db, now(), audit.CLI, "release", options.agent, force=options.force)
    if options.json:
        print_json({"agent": options.agent, "sheets": told})
        return 0
    for one in told:
        print(f"{one['list']}: " + (f"taken from phone {one['phone']}" if one["released"] else
              f"phone {one['phone']} will hear that it is to hand back (within a minute, if it is on)"))
    if not told:
        print(f"No phone holds a sheet of agent {options.agent}.")
    return 0


def _let_go(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as db:
        _known(db, options.source)
        count = campaign.let_go(db, choice.chosen(db, _chosen(options, held=True)), now())
        audit.note(db, now(), audit.CLI, "task.let-go", options.source, count=count)
    if options.json:
        print_json({"let_go": count})
    else:
        print(f"{count} may be dialled again.")
    return 0


def _known(db: Any, source: str) -> None:
    """Raises Refused for an agent who does not exist; one who is not active may have work all the same."""
    if source not in ("pool", "all") and db.get(Agent, source) is None:
        raise Refused(f'there is no agent "{source}"', "callsheet manager agent list")
