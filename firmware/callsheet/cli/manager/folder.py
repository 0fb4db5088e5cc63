# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager publish, collect: a folder that another file server serves to phones."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from callsheet.cli.manager.common import add_command, now, opened
from callsheet.cli.output import print_json
from callsheet.manager.errors import Refused
from callsheet.manager.folder import Done, Folder
from callsheet.manager.opened import Manager
from callsheet.manager.phones.app import terms_of
from callsheet.manager.work import intake

ORDER = 35


def register(commands: Any) -> None:
    """Add the commands to the parser."""
    publish = add_command(
        commands, "publish", _publish, "write sheets into a folder that a file server serves",
        "callsheet manager publish /srv/callsheet --watch",
        "Write each agent's sheet to FOLDER/AGENT/sheet.json, whole or not at all, where it has changed. With --watch it "
        "goes\non until Ctrl-C, and collects as well.",
    )
    collect = add_command(
        commands, "collect", _collect, "take in what phones have put into that folder",
        "callsheet manager collect /srv/callsheet",
        "Take in results, hand-backs and lease files. What is taken in is moved to FOLDER/AGENT/collected; a file that is "
        "not\nwhole yet stays for the next time.",
    )
    collect.add_argument("--retry", action="store_true", help="try files again that could not be used")
    for parser in (publish, collect):
        parser.add_argument("path", nargs="?", type=Path, metavar="FOLDER", help="(default: folder.path)")
        parser.add_argument("--watch", action="store_true", help="go on, every folder.poll seconds")


def _publish(options: argparse.Namespace) -> int:
    return _run(options, publish=True, collect=options.watch)


def _collect(options: argparse.Namespace) -> int:
    if options.retry:
        with opened(options) as manager, manager.database.write() as db:
            print(f"{intake.again(db, now())} files could be used now")
    return _run(options, publish=options.watch, collect=True)


def _run(options: argparse.Namespace, *, publish: bool, collect: bool) -> int:
    with opened(options) as manager:
        folder = Folder(_path(options, manager), manager.database, terms_of(manager.settings))
        if not options.watch:
            return _tell(folder.look(now(), publish=publish, collect=collect), options)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            _tell(folder.look(now()), options, quiet=True)
            stop.wait(max(0.5, manager.settings.folder.poll))
    return 0


def _path(options: argparse.Namespace, manager: Manager) -> Path:
    if options.path is not None:
        found: Path = options.path
        return found
    if not manager.settings.folder.path:
        raise Refused("nothing says which folder", "name it, or set folder.path")
    return manager.folder / manager.settings.folder.path


def _tell(done: Done, options: argparse.Namespace, *, quiet: bool = False) -> int:
    for problem in done.problems:
        print(problem, file=sys.stderr)
    if quiet and not (done.published or done.collected):
        return 0
    if options.json:
        print_json(done)
    else:
        more = f", {done.kept_with_error} of them kept but not used" if done.kept_with_error else ""
        waits = f"; {done.unfinished} are not whole yet" if done.unfinished else ""
        print(f"{done.published} sheets written, {done.collected} files taken in{more}{waits}", flush=True)
    return 0
