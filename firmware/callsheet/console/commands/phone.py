# SPDX-License-Identifier: GPL-3.0-or-later
"""status, agent, sheet, queue, sip, headset: how the phone is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.probe import probe
from callsheet.console.reply import FAILED, OK, Reply, Trouble, columns
from callsheet.core.texts import say
from callsheet.formats.sections import masked
from callsheet.formats.settings_edit import with_value, without_value


class Status(Command):
    """status."""

    name = "status"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """All in one screen; exit status 1 if something needs attention."""
        if words:
            raise self.wrong()
        found = session.desk.ask("status")
        left = session.desk.files.left()
        rows = [
            ("phone", f"{found['phone']}, firmware {found.get('firmware', '')}"),
            ("agent", _agent(found)),
            ("sip", _registration(found)),
            ("network", "up" if found["network"] else "down"),
            ("headset", found["headset_name"] or "plugged in" if found.get("headset") else "none"),
            ("clock", "right" if found["clock_trusted"] else "not known to be right: nothing with calling hours is dialled"),
            ("sheet", _sheet(found)),
            ("doing", found.get("activity", "idle") + (f", waits: {_words(found['blocker'])}" if found.get("blocker") else "")),
            ("uploads", f"{found.get('outbox', 0)} waiting" + (f": {found['outbox_error']}" if found["outbox_error"] else "")),
            *((f"fault: {part}", text) for part, text in found["fault_texts"].items()),
        ]
        if left is not None:
            rows.append(("settings", f"on trial for another {max(0.0, left):.0f} s"))
        bad = not found.get("registered") or found["fault_texts"] or not found["network"]
        return Reply(columns(rows), {**found, "trial_seconds": left}, FAILED if bad else OK)


class Agent(Command):
    """agent."""

    name = "agent"
    usage = "[NUMBER [PIN] | none]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Who is signed in; or bind the phone to an agent, which `apply` makes so."""
        if len(words) > 2:
            raise self.wrong()
        if not words:
            found = session.desk.ask("status")
            bound = session.desk.settings(session.candidate).phone.agent
            return Reply((_agent(found), f"bound to agent {bound}" if bound else "bound to nobody"),
                         {"signed_in": found.get("agent", ""), "bound": bound, "work": found.get("work", "off")})
        text = without_value(without_value(session.candidate, "phone.agent"), "phone.pin")
        if words[0] != "none":
            text = with_value(text, "phone.agent", words[0])
            if len(words) == 2:
                text = with_value(text, "phone.pin", words[1])
        settings = session.desk.settings(text)
        session.candidate = text
        said = f"bound to agent {settings.phone.agent}" if settings.phone.agent else "bound to nobody"
        return Reply((f"{said}; apply makes it so",), {"bound": settings.phone.agent})


class Sheet(Command):
    """sheet."""

    name = "sheet"
    usage = "[fetch | show | why | try [AGENT [PIN]]]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """show: what is being worked; fetch: look for a newer one now; why: what keeps it; try: fetch and keep nothing."""
        match list(words):
            case [] | ["show"]:
                found = session.desk.ask("status")
                link = masked(session.desk.settings(session.candidate)).sheet.url
                return Reply(columns([("link", link or "from DHCP"), ("sheet", _sheet(found))]),
                             {"url": link, "sheet": found.get("sheet", ""), "revision": found.get("revision", 0),
                              "counts": found.get("counts", {}), "note": found["sheet_note"]})
            case ["fetch"]:
                session.desk.ask("fetch")
                return Reply(("asked; status tells what came",), {"asked": True})
            case ["why"]:
                return _why(session)
            case ["try", *more] if len(more) <= 2:
                tried = probe(session.desk.settings(session.candidate), session.desk.data, *more)
                return Reply((f"{tried.url or 'sheet.url'}: {tried.text}",),
                             {"ok": tried.ok, "url": tried.url, "text": tried.text, "sheet": tried.sheet,
                              "revision": tried.revision, "tasks": tried.tasks}, OK if tried.ok else FAILED)
        raise self.wrong()

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Its words."""
        return () if before else ("fetch", "show", "try", "why")


class Queue(Command):
    """queue."""

    name = "queue"
    usage = "[HOW MANY]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What comes next, with numbers in part only; and why not now."""
        if len(words) > 1 or (words and not words[0].isdecimal()):
            raise self.wrong()
        found = session.desk.ask("queue", most=int(words[0]) if words else 10)
        counts = found["counts"]
        head = ", ".join(f"{counts[name]} {name}" for name in ("done", "open", "waiting", "held", "dropped"))
        rows = [(one["task"], one["number"], "now" if one["ready"] else one["due"] or "", _words(one["blocker"], one["until"])) for one in found["upcoming"]]
        return Reply((f"{found['sheet']} revision {found['revision']}: {counts['total']} tasks, {head}",
                      *columns(rows)), found)


class Sip(Command):
    """sip."""

    name = "sip"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """The account, and whether it is registered; exit status 1 if not."""
        if words:
            raise self.wrong()
        found = session.desk.ask("status")
        sip = session.desk.settings().sip
        registered = bool(found.get("registered"))
        rows = [("server", sip.server or "none set"), ("account", sip.user), ("transport", sip.transport),
                ("media", f"SRTP {sip.srtp}; {', '.join(sip.codecs)}"),
                ("state", _registration(found))]
        return Reply(columns(rows), {"server": sip.server, "user": sip.user, "transport": sip.transport,
                                     "registered": registered, "registration": found["registration"]},
                     OK if registered else FAILED)


class Headset(Command):
    """headset."""

    name = "headset"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Which one; exit status 1 if there is none."""
        if words:
            raise self.wrong()
        found = session.desk.ask("status")
        present, name = bool(found.get("headset")), found["headset_name"]
        if not present:
            raise Trouble("no headset", "plug one in; audio.device names another than the first")
        return Reply((name or "plugged in",), {"present": present, "name": name})


def _agent(found: dict[str, Any]) -> str:
    if not found.get("agent"):
        return "nobody is signed in"
    reason = found.get("reason", "")
    return f"{found['agent']}, {found.get('work', 'off')}" + (f": {say('en', reason)}" if reason else "")


def _registration(found: dict[str, Any]) -> str:
    if found.get("registered"):
        return "registered"
    # The phone's own reasons have no code of SIP.
    reason = str(found["registration"]).removeprefix("0 ")
    return f"not registered: {reason}" if reason else "not registered"


def _words(reason: str, until: str | None = None, detail: str = "") -> str:
    """Why something waits, in the display's words where it has some."""
    for key in (f"why.{reason}", f"block.{reason}"):
        text = say("en", key, time=until or "", detail=detail)
        if text != key:
            return text.strip().removesuffix(":")
    if not detail:
        return reason
    said = say("en", detail)
    return f"{reason} ({said})"


def _sheet(found: dict[str, Any]) -> str:
    note = found["sheet_note"]
    text = f"{found['sheet']} revision {found.get('revision', 0)}" if found.get("sheet") else "none"
    counts = found.get("counts")
    if counts:
        text += f", {counts.get('done', 0) + counts.get('dropped', 0)} of {counts['total']} tasks over"
    return text + (f"; {_note(note)}" if note else "")


def _note(note: str) -> str:
    key, _, detail = note.partition(" ")
    try:
        return " ".join(say("en", key, detail=detail).split())
    except (KeyError, IndexError):
        return note


def _why(session: Session) -> Reply:
    found = session.desk.ask("why")
    reason = found["blocker"] or found["obstacle"]
    if not reason:
        return Reply(("nothing keeps it: it dials",), found)
    rows = [("because", _words(reason, found["until"], found["detail"])), ("until", found["until"] or "somebody acts")]
    if found["next"]:
        rows.append(("next", f"{found['next']['task']} {found['next']['number']}"))
    return Reply(columns(rows), found)
