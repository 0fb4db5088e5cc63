# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of the phone's settings file."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from callsheet.formats.schema import schemas
from callsheet.formats.settings import SECRETS, Settings


def page() -> str:
    """The whole page."""
    made = next(s for name, s in schemas().items() if name.startswith("settings"))
    sections = made["$defs"]["Settings"]["properties"]
    parts: list[str] = []
    for name in Settings.__struct_fields__:
        struct = _target(sections[name])
        parts += [f"## [{name}]", "", "| setting | type | default | what it is |", "| --- | --- | --- | --- |"]
        defaults = getattr(Settings(), name)
        for key, described in made["$defs"][struct]["properties"].items():
            parts.append(_row(key, described, getattr(defaults, key), made["$defs"]))
        parts.append("")
    return "\n".join([
        "# Settings", "",
        "For admins. One TOML file, given by `callsheet phone --config FILE`. Made from the code",
        "(`python -m callsheet.docs`). Times are in seconds. An unknown name, a wrong type or a value out of range is",
        "refused with line, column and remedy. What a sheet or a task says goes before `[calls]`.", "", *parts,
    ])


def _row(key: str, described: dict[str, Any], default: Any, defs: dict[str, Any]) -> str:
    text = " ".join(str(described.get("description", "")).split()).replace("|", "\\|")
    if key in SECRETS:
        text = f"{text} Secret: never shown.".strip()
    shown = json.dumps(msgspec.to_builtins(default), ensure_ascii=False)
    return f"| `{key}` | {_type(described, defs)} | `{shown}` | {text} |"


def _target(described: dict[str, Any]) -> str:
    if "$ref" in described:
        return str(described["$ref"]).rsplit("/", 1)[-1]
    return next(_target(one) for one in described.get("anyOf", described.get("allOf", [])))


def _type(described: dict[str, Any], defs: dict[str, Any]) -> str:
    """In words: the choices, the range, or the kind."""
    if "$ref" in described:
        name = str(described["$ref"]).rsplit("/", 1)[-1]
        return _type(defs[name], defs) if "enum" in defs.get(name, {}) else f"table ({name})"
    if "enum" in described:
        return " / ".join(f"`{one}`" for one in described["enum"])
    if "anyOf" in described:
        return " or ".join(_type(one, defs) for one in described["anyOf"])
    kind = {"string": "text", "integer": "whole number", "boolean": "true / false", "object": "table",
            "array": "list"}.get(str(described.get("type")), str(described.get("type", "value")))
    if kind == "list" and isinstance(described.get("items"), dict):
        kind += f" of {_type(described['items'], defs)}"
    low, high = described.get("minimum", described.get("exclusiveMinimum")), described.get("maximum")
    if low is not None or high is not None:
        kind += f", {'' if low is None else low} to {'' if high is None else high}".rstrip()
    return kind
