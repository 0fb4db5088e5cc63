# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings one by one: what each is, its value from text as an admin types it, and a file with one of them changed.

A setting is named by its section and name ("sheet.url"). Comments and the order of
an admin's file stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError

from callsheet.formats.errors import Invalid, nearest, shown
from callsheet.formats.schema import schemas
from callsheet.formats.sections import MASK, SECRETS, masked
from callsheet.formats.settings import Settings
from callsheet.formats.toml_places import parsed

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


class Described(Struct, frozen=True):
    """One setting, as the schema has it."""

    name: str
    """section.key"""
    kind: str
    """In words: the choices, the range, or the type."""
    default: Any
    text: str
    """What it is, in English."""
    secret: bool
    choices: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """JSON types it may have: "string", "number" …"""
    items: tuple[str, ...] = ()
    """Those of a list's items."""


@cache
def catalogue() -> dict[str, Described]:
    """All settings by name, in the order of the code."""
    made = next(schema for name, schema in schemas().items() if name.startswith("settings"))
    defs = made["$defs"]
    found: dict[str, Described] = {}
    for section in Settings.__struct_fields__:
        struct = _target(defs["Settings"]["properties"][section])
        defaults = getattr(Settings(), section)
        for key, schema in defs[struct]["properties"].items():
            name = f"{section}.{key}"
            found[name] = Described(
                name, kind_in_words(schema, defs), msgspec.to_builtins(getattr(defaults, key)),
                " ".join(str(schema.get("description", "")).split()), key in SECRETS,
                tuple(map(str, _choices(schema, defs))), tuple(_types(schema, defs)),
                tuple(_types(schema["items"], defs)) if isinstance(schema.get("items"), dict) else (),
            )
    return found


def described(name: str) -> Described:
    """The setting of that name. Raises Invalid with the nearest known name."""
    found = catalogue().get(name)
    if found is None:
        inside = [one for one in catalogue() if one.startswith(f"{name}.")]
        if inside:
            raise Invalid(f"{shown(name)} is a section", remedy=f"name one of its settings, such as {inside[0]}")
        raise Invalid(f"unknown setting {shown(name)}", remedy=nearest(name, catalogue()))
    return found


def value_from(name: str, text: str) -> Any:
    """What an admin typed, as a plain value of the setting's type. Raises Invalid saying what was expected.

    Lists and tables are written as JSON, or a list of words parted by commas.
    """
    one = described(name)
    text = text.strip()
    if one.choices and text not in one.choices and one.types == ("string",):
        raise Invalid(f"{shown(text)} is none of the choices", remedy=f"expected {' or '.join(one.choices)}")
    if "boolean" in one.types and text.lower() in _YES | _NO:
        return text.lower() in _YES
    if "string" in one.types:
        return _unquoted(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if "array" in one.types and not isinstance(value, list):
        return _listed(text, one.items)
    if value is None or isinstance(value, bool) or not _fits(value, one.types):
        raise Invalid(f"{shown(text)} does not fit", remedy=f"expected {one.kind}")
    return value


def with_value(text: str, name: str, value: Any) -> str:
    """The TOML text with one setting changed or added. Raises FormatError, Invalid."""
    described(name)
    section, _, key = name.partition(".")
    document = _document(text)
    table = document.get(section)
    if table is None:
        table = tomlkit.table()
        document[section] = table
    table[key] = value
    return tomlkit.dumps(document)


def without_value(text: str, name: str) -> str:
    """The TOML text with one setting back at its default. Raises FormatError, Invalid."""
    described(name)
    section, _, key = name.partition(".")
    document = _document(text)
    table = document.get(section)
    if table is not None and key in table:
        del table[key]
        if not len(table):
            del document[section]
    return tomlkit.dumps(document)


def differences(old: Settings, new: Settings) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new value of each setting that differs; secrets only as dots."""
    for name in catalogue():
        before, after = value_of(old, name), value_of(new, name)
        if before != after:
            yield name, value_of(masked(old), name), value_of(masked(new), name)


def value_of(settings: Settings, name: str) -> Any:
    """The setting as a plain value."""
    section, _, key = name.partition(".")
    return msgspec.to_builtins(getattr(getattr(settings, section), key), str_keys=True)


def as_text(value: Any) -> str:
    """A plain value as an admin would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def exported(settings: Settings, *, secrets: bool) -> str:
    """All settings that are not at their defaults, as a TOML file; without `secrets` these are left out by name."""
    document = tomlkit.document()
    for name, one in catalogue().items():
        value = value_of(settings, name)
        if value == one.default:
            continue
        section, _, key = name.partition(".")
        if section not in document:
            document[section] = tomlkit.table()
        table: Any = document[section]
        if one.secret and not secrets:
            table.add(tomlkit.comment(f"{key} is set; export --secrets shows it"))
            continue
        plain = value if secrets else value_of(masked(settings), name)
        if isinstance(plain, str) and MASK in plain:
            table.add(tomlkit.comment(f"{key} holds a password; export --secrets shows it"))
        else:
            table[key] = plain
    return tomlkit.dumps(document)


def kind_in_words(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    """The choices, the range, or the type, for people."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return kind_in_words(defs[name], defs) if "enum" in defs.get(name, {}) else f"table ({name})"
    if "enum" in schema:
        return " / ".join(f"`{one}`" for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind_in_words(one, defs) for one in schema["anyOf"])
    kind = {"string": "text", "integer": "whole number", "boolean": "true / false", "object": "table",
            "array": "list"}.get(str(schema.get("type")), str(schema.get("type", "value")))
    if kind == "list" and isinstance(schema.get("items"), dict):
        kind += f" of {kind_in_words(schema['items'], defs)}"
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if low is not None or high is not None:
        kind += f", {'' if low is None else low} to {'' if high is None else high}".rstrip()
    return kind


def _document(text: str) -> tomlkit.TOMLDocument:
    parsed(text)  # for its errors, which say where
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise Invalid(f"the file cannot be changed line by line: {error}") from None


def _target(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    return next(_target(one) for one in schema.get("anyOf", schema.get("allOf", [])))


def _choices(schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[Any]:
    if "$ref" in schema:
        schema = defs[_target(schema)]
    yield from schema.get("enum", ())
    if isinstance(schema.get("items"), dict):
        yield from _choices(schema["items"], defs)


def _types(schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = defs[_target(schema)]
    if "enum" in schema and "type" not in schema:
        yield "string" if isinstance(schema["enum"][0], str) else "number"
    elif "type" in schema:
        yield str(schema["type"])
    for one in schema.get("anyOf", ()):
        yield from _types(one, defs)


def _fits(value: Any, types: tuple[str, ...]) -> bool:
    if isinstance(value, int | float):
        return "number" in types or (isinstance(value, int) and "integer" in types)
    return isinstance(value, list | dict) and ("array" if isinstance(value, list) else "object") in types


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _listed(text: str, items: tuple[str, ...]) -> list[Any]:
    words = [_unquoted(word.strip()) for word in text.split(",") if word.strip()]
    numbers = "integer" in items or "number" in items
    return [int(word) if numbers and word.isascii() and word.isdigit() else word for word in words]
