# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test's words, by language, with the same keys in each."""

from __future__ import annotations

from callsheet.selftest.texts import en, zh

CATALOGUE: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}


def say(language: str, key: str, /, **values: object) -> str:
    """The text of a key."""
    return CATALOGUE.get(language, en.TEXTS)[key].format_map(values)
