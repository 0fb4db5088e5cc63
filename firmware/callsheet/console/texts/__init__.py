# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's own words, by language; and what each setting is."""

from __future__ import annotations

from callsheet.console.desk import Session
from callsheet.console.texts import en, zh
from callsheet.console.texts.settings_zh import SETTINGS as SETTINGS_ZH
from callsheet.formats.settings_edit import Described

CATALOGUE: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}


def language(session: Session) -> dict[str, str]:
    """The words in the phone's language."""
    return CATALOGUE[session.desk.usable().phone.language]


def help_of(session: Session, setting: Described) -> str:
    """What a setting is; English comes from the code that defines it."""
    if session.desk.usable().phone.language == "zh":
        return SETTINGS_ZH.get(setting.name, setting.text)
    return setting.text
