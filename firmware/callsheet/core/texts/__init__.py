# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's own words, by language. Another language is another module with the same keys."""

from __future__ import annotations

from callsheet.core.model import Text
from callsheet.core.texts import en, zh

CATALOGUE: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}


def say(language: str, key: str, **values: object) -> str:
    """The text of a key. What is no key (an agent's or a server's own words) is returned as it is."""
    text = CATALOGUE.get(language, en.TEXTS).get(key)
    if text is None:
        return key
    return text.format_map(values) if values else text


def pick(language: str, text: Text) -> str:
    """A text from a sheet, which may come in several languages; or one of our own keys."""
    if isinstance(text, str):
        return say(language, text)
    return text.get(language) or text.get("en") or next(iter(text.values()), "")
