# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings for a phone that must come up: what is wrong in a file is left out and named.

After an update was taken back, the file may hold settings that this version does
not know; a hand may have written it. Either way a phone that does not start can
tell nobody. What is left out stays in the file, for the newer version.
"""

from __future__ import annotations

import re

import tomlkit

from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings
from callsheet.formats.settings_layers import layered

MOST = 50
"""Settings left out of one file; with more it is no settings file."""
_PLACE = re.compile(r"(?P<section>[^.\[]+)(?:\.(?P<key>[^.\[]+))?")


def tolerant(local: bytes, fleet: bytes = b"") -> tuple[Settings, tuple[str, ...]]:
    """The settings without what is wrong, and what that was. A file that is no TOML at all counts as empty."""
    local, problems = _without_faults(local)
    fleet, others = _without_faults(fleet)
    return layered(local, fleet), (*map(str, problems), *(f"fleet settings: {one}" for one in others))


def faults(data: bytes) -> tuple[FormatError, ...]:
    """What is wrong in one file; a later fault may be a consequence of an earlier."""
    return _without_faults(data)[1]


def _without_faults(data: bytes) -> tuple[bytes, tuple[FormatError, ...]]:
    problems: list[FormatError] = []
    for _ in range(MOST):
        try:
            layered(data)
        except FormatError as error:
            problems.append(error)
            rest = without(data, error.place)
            if rest is None:
                return b"", tuple(problems)
            data = rest
        else:
            return data, tuple(problems)
    return b"", (*problems, FormatError(0, 0, f"more than {MOST} faults: none of it is used"))


def without(data: bytes, place: str) -> bytes | None:
    """The file without the setting, or the section, at this place; None where there is no such place."""
    match = _PLACE.match(place)
    if match is None:
        return None
    section, key = match["section"].strip('"'), (match["key"] or "").strip('"')
    document = tomlkit.parse(data.decode("utf-8-sig"))
    table = document.get(section)
    if table is None:
        return None
    if key and isinstance(table, dict) and key in table:
        del table[key]
    else:
        del document[section]
    return tomlkit.dumps(document).encode()
