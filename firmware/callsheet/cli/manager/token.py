# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager token: what phones show instead of an agent's PIN."""

from __future__ import annotations

import argparse
import hashlib
import secrets
from typing import Any

from sqlalchemy import select

from callsheet.cli.manager.common import add_command, add_group, now, opened
from callsheet.cli.output import print_json, print_table
from callsheet.manager import audit
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import Agent, DeviceToken

ORDER = 70
BITS = 192
"""Too many to guess, so a fast hash is enough, and ten thousand phones can poll."""


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    kinds = add_group(commands, "token", "tokens by which phones are known (sheet.token, auth \"bearer\")")
    add = add_command(kinds, "add", _add, "make a token and print it, this once", "callsheet manager token add --label desk-7")
    add.add_argument("--label", default="", help="where it is used")
    add.add_argument("--agent", default=None, help="only this agent's files (default: of whoever signs in at the phone)")
    revoke = add_command(kinds, "revoke", _revoke, "end a token", "callsheet manager token revoke 3")
    revoke.add_argument("id", type=int, metavar="NUMBER", help="as in the list")
    add_command(kinds, "list", _list, "show the tokens", "callsheet manager token list")


def _add(options: argparse.Namespace) -> int:
    token = secrets.token_urlsafe(BITS // 8)
    with opened(options) as manager, manager.database.write() as db:
        if options.agent is not None and db.get(Agent, options.agent) is None:
            raise Refused(f'there is no agent "{options.agent}"', "callsheet manager agent list")
        row = DeviceToken(sha256=hashlib.sha256(token.encode()).hexdigest(), label=options.label, agent_id=options.agent,
                          created=now())
        db.add(row)
        db.flush()
        audit.note(db, now(), audit.CLI, "token.add", str(row.id), label=options.label)
        number = row.id
    if options.json:
        print_json({"id": number, "token": token})
    else:
        print(f"token {number}: {token}")
        print("It is not kept here: put it into the phone's settings now (sheet.auth = \"bearer\", sheet.token).")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as db:
        row = db.get(DeviceToken, options.id)
        if row is None:
            raise Refused(f"there is no token {options.id}", "callsheet manager token list")
        row.revoked = row.revoked or now()
        audit.note(db, now(), audit.CLI, "token.revoke", str(row.id))
    if options.json:
        print_json({"id": options.id, "revoked": True})
    else:
        print(f"token {options.id} ends within a minute")
    return 0


def _list(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as db:
        rows = list(db.scalars(select(DeviceToken).order_by(DeviceToken.id)))
    if options.json:
        print_json([{"id": row.id, "label": row.label, "agent": row.agent_id, "created": row.created, "used": row.used,
                     "revoked": row.revoked} for row in rows])
        return 0
    print_table("", ("number", "label", "agent", "used", "state"), [
        (str(row.id), row.label, row.agent_id or "any", f"{row.used:%Y-%m-%d %H:%M}" if row.used else "never",
         "revoked" if row.revoked else "good") for row in rows])
    return 0
