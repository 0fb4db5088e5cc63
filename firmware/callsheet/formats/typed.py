# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain objects (as JSON and TOML give them) to the core's types, with errors people understand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from callsheet.formats.errors import Invalid, Path, nearest, shown

T = TypeVar("T")

MAX_SECONDS = 10 * 366 * 86400.0
"""No duration is longer than ten years; more would overflow a date somewhere later."""
MAX_WHOLE = 2**53 - 1
"""RFC 8259 §6: whole numbers beyond it are not read alike everywhere."""

_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at (?:`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[0-9]+)\]|\[(?P<any>\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_ENUM = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "nothing", "datetime": "a time such as 2026-11-24T09:00:00+01:00",
}


def typed(obj: Any, kind: type[T], strict: bool = True) -> T:
    """`obj` as a value of type `kind`; raises Invalid naming the path, and the nearest known name for an unknown one.

    Not strict: texts may stand for numbers and truth values, as in CSV.
    """
    try:
        return msgspec.convert(obj, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise explained(error, obj, kind, strict) from None
    except RecursionError:
        raise Invalid("nested too deeply") from None


def explained(error: msgspec.ValidationError, obj: Any, kind: Any, strict: bool = True) -> Invalid:
    """What msgspec found wrong when it turned `obj` into a `kind`."""
    message = str(error)
    match = _MESSAGE.fullmatch(message)
    text = match["text"] if match else message
    path, at, value = _follow(match["path"] or "" if match else "", obj, kind, strict)
    if "- at `key` in" in message and isinstance(value, dict):
        return _bad_key(path, at, value, strict)
    if unknown := _UNKNOWN.fullmatch(text):
        return Invalid(f"unknown field {shown(unknown[1])}", (*path, unknown[1]), nearest(unknown[1], _names(at)))
    if missing := _MISSING.fullmatch(text):
        return Invalid(f"field {shown(missing[1])} is missing", path)
    if enum := _ENUM.fullmatch(text):
        word = enum[1].strip("'")
        return Invalid(f"unknown value {shown(word)}", path, nearest(word, _choices(at)))
    plain = re.sub(r"`([^`]*)`", lambda m: " or ".join(_WORDS.get(w, w) for w in m[1].split(" | ")), text)
    return Invalid(plain[:1].lower() + plain[1:], path)


def _follow(path: str, obj: Any, kind: Any, strict: bool) -> tuple[Path, Any, Any]:
    """The path's steps with the key of every "[...]" found out, the type there, and the value there."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        step: str | int
        if match["index"]:
            step = int(match["index"])
        elif match["name"]:
            step = match["name"]
        else:
            step = _culprit(obj, _below(kind, ""), strict)
        steps.append(step)
        kind = _below(kind, step)
        try:
            obj = obj[step]
        except (LookupError, TypeError):
            obj = None
    return tuple(steps), kind, obj


def _culprit(members: dict[str, Any], kind: Any, strict: bool) -> str:
    """Which member of a dict of equal members does not fit: msgspec does not tell."""
    for key, value in members.items():
        try:
            msgspec.convert(value, kind, strict=strict)
        except msgspec.ValidationError:
            return key
    return ""


def _bad_key(path: Path, kind: Any, members: dict[str, Any], strict: bool) -> Invalid:
    keys = next((get_args(option)[0] for option in _options(kind) if get_origin(option) is dict), str)
    for key in members:
        try:
            msgspec.convert(key, keys, strict=strict)
        except msgspec.ValidationError:
            return Invalid(f"unknown key {shown(key)}", (*path, key), nearest(key, _choices(keys)))
    return Invalid("unknown key", path)


def _options(kind: Any) -> Iterator[Any]:
    """The plain types behind Annotated and unions."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _options(get_args(kind)[0])
    elif origin is Union or origin is UnionType:
        for option in get_args(kind):
            yield from _options(option)
    else:
        yield kind


def _below(kind: Any, step: str | int) -> Any:
    """The type of a member."""
    for option in _options(kind):
        origin, args = get_origin(option), get_args(option)
        if origin is dict and isinstance(step, str):
            return args[1]
        if origin in (list, tuple) and isinstance(step, int):
            return args[0]
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            for field in msgspec.structs.fields(option):
                if field.encode_name == step:
                    return field.type
    return Any


def _names(kind: Any) -> list[str]:
    """Field names of the structs a value may be."""
    structs = [o for o in _options(kind) if isinstance(o, type) and issubclass(o, msgspec.Struct)]
    return [field.encode_name for struct in structs for field in msgspec.structs.fields(struct)]


def _choices(kind: Any) -> list[str]:
    """The words a value may be."""
    found: list[str] = []
    for option in _options(kind):
        if get_origin(option) is Literal:
            found += [str(value) for value in get_args(option)]
        elif isinstance(option, type) and issubclass(option, Enum):
            found += [str(member.value) for member in option]
    return found


def check_leaves(obj: Any, path: Path = (), texts: bool = True) -> None:
    """Raises Invalid for a number that is no number or out of all proportion, and (`texts`) for control characters."""
    if isinstance(obj, dict):
        for key, value in obj.items():
            check_leaves(key, (*path, key), texts)
            check_leaves(value, (*path, key), texts)
    elif isinstance(obj, list | tuple):
        for index, value in enumerate(obj):
            check_leaves(value, (*path, index), texts)
    elif isinstance(obj, float | int):
        # A revision may be a time stamp; all other figures are durations and limits.
        most = MAX_WHOLE if path[-1:] == ("revision",) else MAX_SECONDS
        if not abs(obj) <= most:
            raise Invalid("not a reasonable number", path)
    elif isinstance(obj, str) and texts:
        _check_text(obj, path)


def _check_text(text: str, path: Path) -> None:
    if len(text) > 10_000:
        raise Invalid("longer than 10000 characters", path)
    for character in text:
        if character < " " or "\x7f" <= character <= "\x9f":
            raise Invalid(f"contains a control character ({ascii(character)[1:-1]})", path, "remove it")
