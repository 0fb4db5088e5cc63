# SPDX-License-Identifier: GPL-3.0-or-later
"""The day itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.manager.day import books
from tests.manager.day.office import LIST, PINS, Office


def day(folder: Path, rows: int, say: Callable[[str], None]) -> books.Books:
    """From a spreadsheet to a report. Raises RuntimeError if the work comes to a halt."""
    began = time.monotonic()
    with Office(folder, rows, say) as office:
        manager = office.open()
        say(f"{office.imported['accepted']} of {office.imported['rows']} rows imported, dealt to {len(PINS)} agents")
        for agent in PINS:
            office.phone(f"desk{agent}", agent)
        say(f"four phones work; the page of one is {office.phones['desk101'].page}")
        died = adventures(office, manager, rows, say)
        office.until(manager, lambda _, total: total >= rows - 5 or total == rows, "the day", 300.0)
        finish(office, manager, rows, say)
        for phone in office.phones.values():
            phone.end()
        office.command("report", "--list", LIST, "--out", str(folder / "report.xlsx"))
        found = books.close(manager, office.town.calls, folder / "report.xlsx", rows, died)
        manager.database.close()
    say(f"{found.rows} rows, {found.calls} calls reported, {found.rung} calls in the town's log, "
        f"{time.monotonic() - began:.0f} s: {found.outcomes}")
    return found


def adventures(office: Office, manager: books.Manager, rows: int, say: Callable[[str], None]) -> float:
    """One moves to another desk, one is relieved, one phone dies. Returns when that was."""
    share = rows // len(PINS)
    office.until(manager, lambda done, _: done.get("101", 0) >= share // 4, "agent 101's first quarter", 120.0)
    first = office.phones.pop("desk101")
    first.leave()
    first.end()
    office.phone("desk105", "101")
    say("agent 101 has signed out and goes on at another phone")

    office.until(manager, lambda done, _: done.get("102", 0) >= share // 4, "agent 102's first quarter", 120.0)
    told = office.command("reassign", "102", "103", "--most", str(share // 4))
    say(f"calls of agent 102 go to 103: {told['to']}, {told['waiting']} of them when the phone has let go")

    office.until(manager, lambda done, _: done.get("104", 0) >= share // 3, "agent 104's first third", 120.0)
    office.phones.pop("desk104").end(signal.SIGKILL)
    died = time.time()
    office.command("release", "104", "--force")
    told = office.command("reassign", "104", "101,102,103")
    say(f"agent 104's phone is dead; its calls go to {told['to']}")
    return died


def finish(office: Office, manager: books.Manager, rows: int, say: Callable[[str], None]) -> None:
    """What is left are calls that somebody must decide about: the manager lets them be made."""
    last = -1
    for _ in range(20):
        done = sum(office.done(manager).values())
        if done == rows:
            return
        if done == last:
            told = office.command("let-go", "all")
            if told["let_go"]:
                say(f"{told['let_go']} calls were in doubt when the phone died; they may be made again")
        last = done
        time.sleep(6.0)
    raise RuntimeError(f"{rows - last} tasks are left: {left(manager)}")


def left(manager: books.Manager) -> list[tuple[str, str | None, str, str]]:
    """Tasks that are not finished: id, agent, outcome, why held."""
    with manager.database.read() as db:
        return [(t.key, t.agent_id, t.outcome, t.held) for t in db.scalars(
            books.select(books.Task).where(books.Task.final.is_(False)))]
