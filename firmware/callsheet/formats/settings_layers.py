# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings in layers: those of a fleet below, those of this phone above; and what must not stay in a file."""

from __future__ import annotations

from typing import Any

from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.settings_edit import catalogue, with_value, without_value
from callsheet.formats.settings_moves import moved
from callsheet.formats.texts import plain_text
from callsheet.formats.toml_places import parsed

NEVER_FROM_A_FLEET = frozenset({"data.directory", "console.password"})
"""Where this phone keeps its state, and who may open it, is said at the phone."""


def layered(local: bytes, fleet: bytes = b"", name: str = "") -> Settings:
    """The settings of a phone with both files. Raises FormatError naming the file that is wrong."""
    if not fleet:
        return read_settings(local, name)
    read_settings(local, name)
    read_settings(fleet, "fleet settings")
    text = ""
    for layer in (fleet, local):
        for setting, value in set_in(layer).items():
            text = with_value(text, setting, value)
    return read_settings(text.encode(), name)


def set_in(data: bytes) -> dict[str, Any]:
    """The settings that a file sets, by name. Raises FormatError."""
    objects, _ = moved(parsed(plain_text(data)))
    return {f"{section}.{key}": value for section, table in objects.items() if isinstance(table, dict)
            for key, value in table.items() if f"{section}.{key}" in catalogue()}


def fleet_text(common: bytes, device: bytes = b"") -> str:
    """One file out of that for all phones and that for this one, which goes first. Raises FormatError."""
    text = ""
    for data, name in ((common, "settings for all phones"), (device, "settings for this phone")):
        read_settings(data, name)
        for setting, value in set_in(data).items():
            if setting not in NEVER_FROM_A_FLEET:
                text = with_value(text, setting, value)
    return text


def without_password(data: bytes) -> tuple[bytes, str]:
    """The file without the console's password, and the password; raises FormatError."""
    password = read_settings(data).console.password
    return (without_value(data.decode(), "console.password").encode(), password) if password else (data, "")
