# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of the formats in words: outcomes, what agents said, what is in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from callsheet.manager.audit import ADDRESS, PROGRAMS, TRIED
from callsheet.manager.web.texts import say


def coded(language: str, kind: str, code: str) -> str:
    """The text `KIND.CODE`; a code of the sheet's own as it is."""
    key = f"{kind}.{code}"
    text = say(language, key)
    return code if text == key else text


def ended(language: str, code: str) -> str:
    """What a task or call ended with: an outcome, or why it ended without a call."""
    text = coded(language, "outcome", code)
    return coded(language, "block", code) if text == code else text


def who(language: str, name: str) -> str:
    """Who did what is in the audit log: a user, a program, or the address of nobody in particular."""
    if name.startswith(ADDRESS):
        return say(language, "audit.who.address", address=name.removeprefix(ADDRESS))
    return say(language, f"audit.who.{name}") if name in PROGRAMS else name


def target(language: str, text: str) -> str:
    """On what; of a sign-in a user, or a name that may be a password and is therefore not known."""
    kind, colon, name = text.partition(":")
    return say(language, f"audit.target.{kind}", name=name) if colon and kind in TRIED else text


def who_meant(language: str, text: str) -> str:
    """What is in the log for what `who` has made of it, so that what is read there can be looked for."""
    before, after = say(language, "audit.who.address").split("{address}")
    if text.startswith(before) and text.endswith(after):
        return ADDRESS + text.removeprefix(before).removesuffix(after)
    return next((name for name in PROGRAMS if text == who(language, name)), text)


def detail(language: str, key: str, value: object) -> str:
    """One detail of a line in the audit log."""
    match value:
        case bool():
            shown = say(language, "page.yes" if value else "page.no")
        case list():
            shown = say(language, "page.and").join(map(str, value))
        case _:
            shown = coded(language, "role", str(value)) if key == "role" else str(value)
    return say(language, "audit.what", name=coded(language, "audit.detail", key), value=shown)


def of(language: str) -> dict[str, Callable[..., str]]:
    """For templates."""
    return {
        "outcome": partial(ended, language), "disposition": partial(coded, language, "disposition"),
        "said": partial(coded, language, "audit"), "who_did": partial(who, language),
        "target": partial(target, language), "detail": partial(detail, language),
    }
