# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of the formats in words: outcomes, what agents said, what is in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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


def of(language: str) -> dict[str, Callable[[str], str]]:
    """For templates."""
    return {
        "outcome": partial(ended, language), "disposition": partial(coded, language, "disposition"),
        "said": partial(coded, language, "audit"),
    }
