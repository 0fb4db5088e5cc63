# SPDX-License-Identifier: GPL-3.0-or-later
"""show, set, unset, diff: settings one by one, none of them applied yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.probe import probe
from callsheet.console.reply import USAGE, Reply, Trouble, columns
from callsheet.console.texts import help_of, language
from callsheet.formats.sections import MASK, masked
from callsheet.formats.settings import Settings
from callsheet.formats.settings_edit import (
    as_text,
    catalogue,
    described,
    differences,
    value_from,
    value_of,
    with_value,
    without_value,
)
from callsheet.formats.settings_layers import set_in
from callsheet.formats.settings_tolerant import without

TRIED = ("sheet.url", "sheet.auth", "sheet.user", "sheet.password", "sheet.token", "sheet.ca_file", "sheet.ssh_key")
"""Settings after whose change the link is tried at once."""


class Show(Command):
    """show: values; show NAME: one of them with what it is."""

    name = "show"
    usage = "[SECTION | SETTING | all]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What differs from the default; a section or `all` with everything; a setting with its meaning."""
        if len(words) > 1:
            raise self.wrong()
        settings = session.desk.settings(session.candidate)
        wanted = words[0] if words else ""
        if wanted in Settings.__struct_fields__:
            names = [name for name in catalogue() if name.startswith(f"{wanted}.")]
        elif wanted and wanted != "all":
            return self._one(session, settings, described(wanted).name)
        else:
            names = [name for name, one in catalogue().items()
                     if wanted == "all" or value_of(settings, name) != one.default]
        shown = {name: value_of(masked(settings), name) for name in names}
        lines = columns((name, as_text(value) or "–") for name, value in shown.items())
        return Reply(lines or ("all settings are at their defaults",), shown)

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Sections and settings."""
        return () if before else ["all", *Settings.__struct_fields__, *catalogue()]

    def _one(self, session: Session, settings: Settings, name: str) -> Reply:
        one, value = described(name), value_of(masked(settings), name)
        default = value_of(settings, name) == one.default
        words = language(session)
        source = "default" if default else "phone" if name in set_in(session.candidate.encode()) else "fleet"
        lines = columns([
            (words["show.value"], as_text(value) or "–", words[f"show.from-{source}"]),
            (words["show.kind"], one.kind.replace("`", ""), ""),
            (words["show.standard"], as_text(one.default) or "–", ""),
        ])
        return Reply((*lines, *filter(None, (help_of(session, one),))),
                     {"name": name, "value": value, "source": source, "default": one.default, "kind": one.kind,
                      "choices": list(one.choices), "secret": one.secret, "help": help_of(session, one)})


class Set(Command):
    """set NAME VALUE."""

    name = "set"
    usage = "SETTING VALUE"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Change one setting in what `apply` will apply; a link is tried at once, and the answer shown."""
        if len(words) < 2:
            if words:
                one = described(words[0])
                raise Trouble("not understood", f"write: set {one.name} VALUE; {one.kind.replace('`', '')}", USAGE)
            raise self.wrong()
        name = described(words[0]).name
        value = value_from(name, rest.partition(words[0])[2])
        text = with_value(session.candidate, name, value)
        settings = session.desk.settings(text)
        session.candidate = text
        lines, data = [f"{name} = {_shown(settings, name)}"], {"name": name, "value": _shown(settings, name)}
        tried: dict[str, Any] | None = None
        if name in TRIED and settings.sheet.url:
            found = probe(settings, session.desk.data)
            tried = {"ok": found.ok, "url": found.url, "text": found.text}
            lines.append(f"{'tried' if found.ok else 'tried, in vain'}: {found.url or 'sheet.url'}: {found.text}")
        lines.append("not applied yet: diff shows what changes, apply makes it so")
        return Reply(tuple(lines), {**data, "tried": tried})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Settings, then the choices of one."""
        if not before:
            return list(catalogue())
        one = catalogue().get(before[0]) if len(before) == 1 else None
        if one is None:
            return ()
        return one.choices or (("true", "false") if "boolean" in one.types else ())


class Unset(Command):
    """unset NAME."""

    name = "unset"
    usage = "SETTING"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Back to the default."""
        if len(words) != 1:
            raise self.wrong()
        if words[0] not in catalogue() and words[0] in _unknown(session):
            return self._drop(session, words[0])
        name = described(words[0]).name
        text = without_value(session.candidate, name)
        settings = session.desk.settings(text)
        session.candidate = text
        return Reply((f"{name} = {_shown(settings, name)}",), {"name": name, "value": value_of(masked(settings), name)})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Settings that are not at their defaults."""
        if before:
            return ()
        settings = session.desk.settings(session.candidate)
        names = [name for name, one in catalogue().items() if value_of(settings, name) != one.default]
        return [*names, *_unknown(session)]

    def _drop(self, session: Session, place: str) -> Reply:
        """Something that this firmware does not know, in its place."""
        data = without(session.candidate.encode(), place)
        if data is None:
            raise Trouble(f"{place} is not in the file")
        session.candidate = data.decode()
        return Reply((f"{place} goes from the file; apply makes it so",), {"name": place, "value": None})


class Diff(Command):
    """diff."""

    name = "diff"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What `apply` would change."""
        if words:
            raise self.wrong()
        changes = list(differences(session.desk.usable(), session.desk.settings(session.candidate)))
        lines = columns((name, f"{as_text(old) or '–'}  ->  {as_text(new) or '–'}") for name, old, new in changes)
        return Reply(lines or ("nothing to apply",), [{"name": n, "old": old, "new": new} for n, old, new in changes])


def _unknown(session: Session) -> list[str]:
    """What is in the file, and is left out, by its place."""
    return [fault.place for fault in session.desk.faults(session.candidate) if fault.place]


def _shown(settings: Settings, name: str) -> str:
    value = as_text(value_of(masked(settings), name))
    return value if value or not described(name).secret else MASK
