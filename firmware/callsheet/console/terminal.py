# SPDX-License-Identifier: GPL-3.0-or-later
"""One console: log in, type commands, log out; again and again, as long as the line is there."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable
from contextlib import closing, suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from callsheet.console.desk import Desk, Session
from callsheet.console.line import HungUp, Interrupted, Line, TooLong
from callsheet.console.reply import USAGE, Reply, Trouble
from callsheet.console.shell import Shell
from callsheet.console.texts import language
from callsheet.formats.sections import SECRETS

log = logging.getLogger("callsheet.console")

LOGIN_PATIENCE = 3600.0
"""Seconds after which the log-in question is asked anew: a terminal that was plugged in late sees it."""
FOLLOW = 0.5
PROMPT = "callsheet> "
EXIT = frozenset({"exit", "quit", "logout"})
MACHINE = "machine"


class Terminal:
    """The console at one line."""

    def __init__(self, desk: Desk, name: str, *, trusted: bool = False) -> None:
        """`trusted`: whoever is at this line has shown who he is already (a local shell); no password is asked."""
        self._desk = desk
        self._name = name
        self._trusted = trusted
        self._news: list[str] = []

    def tell(self, text: str) -> None:
        """Something the admin should see at the next prompt; safe from any thread."""
        self._news.append(text)

    def run(self, read: int, write: int, once: bool = False) -> None:
        """Until the line hangs up (or, with `once`, until somebody logged out)."""
        with suppress(HungUp):
            asyncio.run(self._run(read, write, once))

    async def _run(self, read: int, write: int, once: bool) -> None:
        # Without a session of its own, prompt_toolkit takes two consoles for one.
        with create_pipe_input() as pipe, create_app_session(pipe, DummyOutput()), closing(Line(read, write, pipe)) as line:
            while not line.hung_up:
                session = Session(self._desk)
                shell = Shell(session)
                editor = line.editor(shell.complete, _secret)
                if not await self._log_in(line, editor, session):
                    continue
                # What became of a trial before that is in the log.
                self._news.clear()
                log.warning("somebody logged in at %s", self._name)
                await self._work(line, editor, shell)
                log.warning("logged out at %s", self._name)
                if once:
                    return

    async def _log_in(self, line: Line, editor: PromptSession[str], session: Session) -> bool:
        words = language(session)
        line.say("", words["login.banner"])
        if self._trusted:
            return True
        password = self._desk.password
        password.ensure()
        typed = await _typed(line.ask(line.editor(lambda _: (), lambda _: True), words["login.ask"], LOGIN_PATIENCE,
                                      hidden=True))
        if not typed:
            return False
        seconds = password.wait()
        if seconds > 0:
            line.say(words["login.wait"].format(seconds=int(seconds) + 1))
            return False
        # The hash takes its time; other lines have threads of their own.
        if not password.check(typed):
            line.say(words["login.wrong"], words["login.hint"])
            return False
        line.say(words["login.in"])
        return True

    async def _work(self, line: Line, editor: PromptSession[str], shell: Shell) -> None:
        words = language(shell.session)
        while True:
            while self._news:
                line.say(f"* {self._news.pop(0)}")
            try:
                text = await line.ask(editor, PROMPT, self._desk.usable().console.idle_log_out)
            except (EOFError, TimeoutError) as end:
                said = "session.bye" if isinstance(end, EOFError) else "session.idle"
                self._leave(line, shell.session, words[said])
                return
            except Interrupted:
                continue
            except TooLong:
                line.say("a line is too long; it was dropped")
                continue
            for one in text.replace("\r", "\n").split("\n"):
                command = one.strip()
                if command in EXIT:
                    self._leave(line, shell.session, words["session.bye"])
                    return
                if command == MACHINE:
                    await self._machine(line, shell)
                    return
                await self._one(line, editor, shell, command)

    def _leave(self, line: Line, session: Session, said: str) -> None:
        if session.changed:
            line.say(language(session)["session.dropped"])
        line.say(said)

    async def _one(self, line: Line, editor: PromptSession[str], shell: Shell, command: str) -> None:
        words = language(shell.session)
        end = shell.asks_for_more(command)
        if end:
            line.say(words["session.paste"].format(end=end))
            command = f"{command}\n{await self._pasted(line, editor, end)}"
        elif _lacks_secret(command):
            typed = await _typed(line.ask(editor, f"{command.split()[-1]}: ", 120.0, hidden=True))
            if not typed:
                return
            command = f"{command} {json.dumps(typed)}"
        if await self._followed(line, shell, command):
            return
        line.say(*(await asyncio.to_thread(shell.run, command)).lines)

    async def _followed(self, line: Line, shell: Shell, command: str) -> bool:
        try:
            coming = shell.follow(command)
            if coming is None:
                return False
            line.say(language(shell.session)["session.follow"])
            while (lines := await asyncio.to_thread(next, coming, None)) is not None:
                line.say(*lines)
                if await line.key(FOLLOW):
                    break
            return True
        except Trouble as trouble:
            line.say(*trouble.reply().lines)
            return True

    async def _pasted(self, line: Line, editor: PromptSession[str], end: str) -> str:
        """Lines up to the one with `end`; nothing if it never comes."""
        lines: list[str] = []
        plain = line.editor(lambda _: (), lambda _: True)
        while True:
            typed = await _typed(line.ask(plain, "", 120.0), empty=None)
            if typed is None:
                return ""
            for one in typed.replace("\r", "\n").split("\n"):
                if one.strip() == end:
                    return "\n".join(lines)
                lines.append(one)

    async def _machine(self, line: Line, shell: Shell) -> None:
        """For programs: a line in, a line of JSON out, no editor, until `exit` or the idle time."""
        line.say(json.dumps({"machine": 1}))
        while True:
            try:
                text = await line.line(self._desk.usable().console.idle_log_out)
            except TimeoutError:
                return
            except TooLong:
                line.say(json.dumps({"status": USAGE, "data": {"error": "a line is too long"}}))
                continue
            for command in _commands(text):
                if command.strip() in EXIT:
                    line.say(json.dumps({"status": 0, "data": None}))
                    return
                reply = await asyncio.to_thread(shell.run, command)
                line.say(_as_json(reply))


def _commands(text: str) -> list[str]:
    """A line of a program: a command, or a JSON string when it has line breaks in it."""
    if text.startswith('"'):
        with suppress(ValueError):
            return [str(json.loads(text))]
    return [one for one in text.splitlines() if one.strip()]


def _as_json(reply: Reply) -> str:
    return json.dumps({"status": reply.status, "lines": reply.lines, "data": reply.data}, ensure_ascii=False, default=str)


async def _typed(asked: Awaitable[str], empty: str | None = "") -> str | None:
    """What was typed; `empty` where it was given up, was too long, or nobody typed anything."""
    try:
        return await asked
    except (EOFError, Interrupted, TimeoutError, TooLong):
        return empty


def _lacks_secret(command: str) -> bool:
    """`set sip.password` alone: the value is typed where nobody can read it."""
    words = command.split()
    return len(words) == 2 and words[0] == "set" and words[1].rpartition(".")[2] in SECRETS


def _secret(line: str) -> bool:
    """Whether a line may hold a secret, and is not to be kept."""
    words = line.split()
    if not words:
        return False
    if words[0] in ("password", "agent"):
        return len(words) > 2 or words[0] == "password"
    return words[0] == "set" and len(words) > 1 and (words[1].rpartition(".")[2] in SECRETS or "://" in line)
