# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager user: people who may open the web page."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import select

from callsheet.cli.manager.common import add_command, add_group, now, opened
from callsheet.cli.output import print_json
from callsheet.manager import audit
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import User
from callsheet.manager.web import users
from callsheet.manager.web.texts import say

ORDER = 70
LANGUAGE = "en"


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    group = add_group(commands, "user", "people who may open the web page")
    add = add_command(group, "add", _add, "make a user", "callsheet manager user add mia")
    add.add_argument("name")
    add.add_argument("--role", choices=users.ROLES, default="manager", help="viewers change nothing (default: %(default)s)")
    _password_options(add)
    password = add_command(group, "password", _password, "give a user a new password",
                           "callsheet manager user password mia --generate")
    password.add_argument("name")
    _password_options(password)
    role = add_command(group, "role", _role, "make a user a manager or a viewer", "callsheet manager user role mia viewer")
    role.add_argument("name")
    role.add_argument("role", choices=users.ROLES)
    for name, help in (("disable", "shut a user out"), ("enable", "let a user in again")):
        one = add_command(group, name, _disable if name == "disable" else _enable, help, f"callsheet manager user {name} mia")
        one.add_argument("name")
    add_command(group, "list", _list, "list the users", "callsheet manager user list --json")


def _password_options(parser: Any) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--generate", action="store_true", help="make a password and print it, once")
    how.add_argument("--stdin", action="store_true", help="read the password from the first line of standard input")


def _chosen(options: argparse.Namespace) -> tuple[str, bool]:
    """A password, and whether it is to be shown. It is no argument: those can be seen by all users of the machine."""
    if options.generate or not (options.stdin or sys.stdin.isatty()):
        return users.generate(), True
    if options.stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    typed = getpass.getpass(f"Password of {options.name}: ")
    if getpass.getpass("Again: ") != typed:
        raise Refused("the two passwords differ", "try again")
    return typed, False


def _add(options: argparse.Namespace) -> int:
    password, shown = _chosen(options)
    return _change(options, "user.add", lambda db, at: users.add(db, options.name, password, options.role, at),
                   password if shown else "", role=options.role)


def _password(options: argparse.Namespace) -> int:
    password, shown = _chosen(options)
    return _change(options, "user.password",
                   lambda db, at: users.set_password(db, users.find(db, options.name), password), password if shown else "")


def _role(options: argparse.Namespace) -> int:
    return _change(options, "user.role", lambda db, at: users.set_role(db, users.find(db, options.name), options.role),
                   role=options.role)


def _disable(options: argparse.Namespace) -> int:
    return _change(options, "user.disabled", lambda db, at: users.set_disabled(db, users.find(db, options.name), True))


def _enable(options: argparse.Namespace) -> int:
    return _change(options, "user.enabled", lambda db, at: users.set_disabled(db, users.find(db, options.name), False))


def _change(options: argparse.Namespace, action: audit.Action, change: Any, password: str = "", **detail: Unpack[audit.Detail]) -> int:
    at: datetime = now()
    try:
        with opened(options) as manager, manager.database.write() as database:
            change(database, at)
            audit.note(database, at, audit.CLI, action, options.name, **detail)
    except users.UserError as error:
        raise Refused(say(LANGUAGE, error.key, **error.values).rstrip(".")) from None
    if options.json:
        print_json({"user": options.name, "done": action, **({"password": password} if password else {})})
    else:
        print(f"{options.name}: {say(LANGUAGE, 'audit.' + action).lower()}")
        if password:
            print(f"password: {password}")
    return 0


def _list(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.read() as database:
        found = list(database.scalars(select(User).order_by(User.name)))
    rows = [{"name": one.name, "role": one.role, "disabled": one.disabled, "created": one.created.isoformat()} for one in found]
    if options.json:
        print_json(rows)
    for row in [] if options.json else rows:
        print(f"{row['name']:24} {row['role']:8} {'shut out' if row['disabled'] else ''}".rstrip())
    return 0
