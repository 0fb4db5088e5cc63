# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager assign: deal the calls that nobody has."""

from __future__ import annotations

import argparse
from typing import Any

from callsheet.cli.manager.agent import split
from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.manager.imports import by_argument, how
from callsheet.cli.output import print_json
from callsheet.manager import assign, audit, lists

ORDER = 30


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "assign", _run, "deal the calls of a list that no agent has",
                         "callsheet manager assign --list renewals --agents 101,102 --assign region,capacity")
    parser.add_argument("--list", required=True, metavar="KEY")
    parser.add_argument("--agents", default="all", metavar="A,B", help='in the order in which they are served; "all"')
    by_argument(parser)


def _run(options: argparse.Namespace) -> int:
    by = how(options.assign)
    with opened(options) as manager, manager.database.write() as session:
        call_list = lists.get(session, options.list)
        who = [] if options.agents == "all" else split(options.agents)
        dealt = assign.assign(session, call_list, who, by, now())
        audit.note(session, now(), audit.CLI, "assign", call_list.key, agents=who)
    if options.json:
        print_json({"list": options.list, "assigned": dealt.agents, "unassigned": dealt.unassigned})
        return 0
    for agent, count in sorted(dealt.agents.items()):
        print(f"{agent}: {count}")
    for reason, count in dealt.unassigned.most_common():
        print(f"{count} left: {reason}")
    if not dealt.agents and not dealt.unassigned:
        print("Every call has an agent already.")
    return 0
