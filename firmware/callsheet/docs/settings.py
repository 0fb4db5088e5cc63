# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of the phone's settings file."""

from __future__ import annotations

import json

from callsheet.formats.settings import Settings
from callsheet.formats.settings_edit import Described, catalogue


def page() -> str:
    """The whole page."""
    parts: list[str] = []
    for section in Settings.__struct_fields__:
        parts += [f"## [{section}]", "", "| setting | type | default | what it is |", "| --- | --- | --- | --- |"]
        parts += [_row(one) for name, one in catalogue().items() if name.startswith(f"{section}.")]
        parts.append("")
    return "\n".join([
        "# Settings", "",
        "For admins. One TOML file, given by `callsheet phone --config FILE`. Made from the code",
        "(`python -m callsheet.docs`). Times are in seconds. An unknown name, a wrong type or a value out of range is",
        "refused with line, column and remedy. What a sheet or a task says goes before `[calls]`.", "", *parts,
    ])


def _row(one: Described) -> str:
    text = one.text.replace("|", "\\|")
    if one.secret:
        text = f"{text} Secret: never shown.".strip()
    return f"| `{one.name.partition('.')[2]}` | {one.kind} | `{json.dumps(one.default, ensure_ascii=False)}` | {text} |"
