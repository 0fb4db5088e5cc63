# SPDX-License-Identifier: GPL-3.0-or-later
"""apply, confirm, revert: settings take effect, on trial, and go back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import sleep

from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.reply import Reply, Trouble
from callsheet.console.trial import take_effect
from callsheet.formats.settings_edit import differences, without_value

LOOK = 0.25
"""Seconds between looks whether a trial is over."""


class Apply(Command):
    """apply."""

    name = "apply"
    usage = "[now] [keep | wait]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Make the changes so, on trial. now: break off a call; keep: without a trial; wait: answer when it is over."""
        if set(words) - {"now", "keep", "wait"} or {"keep", "wait"} <= set(words):
            raise self.wrong()
        desk, text = session.desk, session.candidate
        settings = desk.settings(text)
        password = settings.console.password
        if password:
            # It is kept as a hash, never in the file.
            text = without_value(text, "console.password")
            settings = desk.settings(text)
        with desk.guard:
            if session.overtaken():
                session.forget()
                raise Trouble("the settings were changed at another console meanwhile, and yours are dropped",
                              "look at them with show, and set yours again")
            before = desk.usable()
            names = [name for name, _, _ in differences(before, settings)]
            if password:
                desk.password.set(password)
            if not names and not session.changed:
                return Reply(("nothing to apply",), {"applied": []})
            trial = None if "keep" in words else settings.console.trial
            desk.files.apply(text.encode(), trial)
        session.forget()
        phone, *more = take_effect(desk, before, force="now" in words)
        count = "1 setting" if len(names) == 1 else f"{len(names)} settings"
        lines = [f"{count} on disk; {phone}", *more]
        data = {"applied": names, "phone": phone, "network": "; ".join(more), "trial": trial}
        if "wait" in words:
            return Reply((*lines, _outcome(session, text)), data)
        if trial is not None:
            lines.append(f"on trial for {trial:.0f} s: they go back unless the phone reaches its servers, or you confirm")
        return Reply(tuple(lines), data)

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Its words."""
        return [word for word in ("now", "keep", "wait") if word not in before]


class Confirm(Command):
    """confirm."""

    name = "confirm"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What is on trial stays."""
        if words:
            raise self.wrong()
        with session.desk.guard:
            if not session.desk.files.confirm():
                raise Trouble("nothing is on trial")
        return Reply(("the settings stay",), {"confirmed": True})


class Revert(Command):
    """revert."""

    name = "revert"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Drop what is not applied; else go back to the settings before the last change."""
        if words:
            raise self.wrong()
        if session.changed:
            session.forget()
            return Reply(("changes that were not applied are dropped",), {"dropped": True})
        desk = session.desk
        with desk.guard:
            before = desk.usable()
            if not desk.files.revert():
                raise Trouble("there are no earlier settings")
        phone, *more = take_effect(desk, before)
        return Reply((f"the settings from before are back; {phone}", *more),
                     {"reverted": True, "phone": phone, "network": "; ".join(more)})


def _outcome(session: Session, text: str) -> str:
    """What a trial comes to, when it is over. Raises Trouble if the settings went back."""
    while session.desk.files.left() is not None:
        sleep(LOOK)
    if session.desk.text() != text:
        raise Trouble("the phone did not reach its servers in time: the settings from before are back", "status says more")
    return "the new settings work and stay"

