# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's own words, by language. Another language is another module with the same keys.

What the phone says too (outcomes, dispositions, pauses, reasons not to dial) is in `core.texts`.
"""

from __future__ import annotations

from callsheet.core.texts import CATALOGUE as PHONES
from callsheet.core.texts import say as phone_says
from callsheet.manager.web.texts import en, zh

CATALOGUE: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}
NAMES = {"en": "English", "zh": "简体中文"}


def say(language: str, key: str, **values: object) -> str:
    """The text of a key; where `count` is 1, that of `key.one` if there is one.

    The phone's words come next; what is no key (a list's own words) is returned as it is.
    """
    catalogue = CATALOGUE.get(language, en.TEXTS)
    text = catalogue.get(f"{key}.one") if values.get("count") == 1 else None
    text = text if text is not None else catalogue.get(key)
    if text is None:
        return phone_says(language, key, **values) if key in PHONES["en"] else key
    return text.format_map(values) if values else text


def choose(accepted: str) -> str:
    """The language for an Accept-Language header (RFC 9110 §12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for item in accepted.split(",")[:20]:
        tag, _, weight = item.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), tag.lower().split("-")[0]))
        except ValueError:
            continue
    known = [tag for weight, tag in sorted(wanted, key=lambda pair: -pair[0]) if weight > 0 and tag in CATALOGUE]
    return known[0] if known else "en"
