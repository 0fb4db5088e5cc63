# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager urgent, backup, restore, purge."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.output import print_json
from callsheet.manager import agents, audit, backup, lists, retention, urgent

ORDER = 60


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    one = add_command(commands, "urgent", _urgent, "insert one call, before all others",
                      'callsheet manager urgent "030 5550101" --agent 101 --list renewals --name "Ann Lee"')
    one.add_argument("number", metavar="NUMBER")
    one.add_argument("--agent", required=True)
    one.add_argument("--list", required=True, metavar="KEY")
    one.add_argument("--name", default="")
    one.add_argument("--service", default="", help="what it is about")
    one.add_argument("--zone", default="", help="of the callee (default: by the number)")
    keep = add_command(commands, "backup", _backup, "write everything into one file",
                       'callsheet manager backup "/media/usb/callsheet-$(date +%F).tar.gz"',
                       "Write settings and database into one file, while the server runs. Whoever has the file has all "
                       "names and numbers.")
    keep.add_argument("file", metavar="FILE", type=Path)
    back = add_command(commands, "restore", _restore, "make a manager out of a backup",
                       "callsheet manager restore callsheet-2026-11-25.tar.gz --folder new-office",
                       "Make a manager out of a backup, in a folder that has none and a database that is empty.")
    back.add_argument("file", metavar="FILE", type=Path)
    back.add_argument("--database", default="", metavar="URL", help="another one of the same kind than the backup's own")
    add_command(commands, "purge", _purge, "erase what has been kept long enough",
                "callsheet manager purge",
                "Erase names, numbers and notes of lists whose days are over, the phones' old files and the old audit.\n"
                "Outcomes and sums stay. The server does so by itself once an hour.")


def _urgent(options: argparse.Namespace) -> int:
    with opened(options) as manager, manager.database.write() as session:
        task = urgent.insert(
            session, lists.get(session, options.list), agents.get(session, options.agent), options.number,
            manager.settings, now(), name=options.name, service=options.service, zone=options.zone)
        audit.note(session, now(), audit.CLI, "task.insert", task.key, agent=options.agent, list=options.list)
        facts = {"task": task.key, "agent": task.agent_id, "list": options.list, "zone": task.zone}
    if options.json:
        print_json(facts)
    else:
        zone = task.zone or "unknown: where calling hours are on it is not dialled"
        print(f"agent {facts['agent']} has the call with the next look for a revised sheet (time zone {zone})")
    return 0


def _backup(options: argparse.Namespace) -> int:
    with opened(options) as manager:
        size = backup.back_up(manager, options.file, now())
    if options.json:
        print_json({"file": str(options.file), "bytes": size})
    else:
        print(f"{options.file}: {size / 1e6:.1f} MB")
    return 0


def _restore(options: argparse.Namespace) -> int:
    database = backup.restore(options.file, options.folder, options.database)
    shown = database.shown
    database.close()
    if options.json:
        print_json({"folder": str(options.folder), "database": shown})
    else:
        print(f"{options.folder}: restored into {shown}")
    return 0


def _purge(options: argparse.Namespace) -> int:
    with opened(options) as manager:
        with manager.database.write() as session:
            done = retention.purge(session, manager.settings.retention, now())
        if done.lists or done.deliveries:
            retention.shrink(manager.database)
    if options.json:
        print_json(done)
    else:
        print(f"{len(done.lists)} lists ({done.tasks} callees), {done.deliveries} files, {done.audits} audit entries erased")
    return 0
