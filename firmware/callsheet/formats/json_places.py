# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a JSON text a value stands. msgspec tells the path of a fault; people want line and column.

The text is walked only along the path, and what lies beside it is skipped by
msgspec's own scanner (as `Raw`), so looking up a place in a sheet of 100,000
tasks takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw

from callsheet.formats.errors import FormatError, Path, dotted
from callsheet.formats.texts import line_and_column

_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_ARRAY = msgspec.json.Decoder(list[Raw])
_SPACE = re.compile(rb"[ \t\r\n,:]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)")
_LONE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u....)\\u[dD][c-fC-F]", re.DOTALL)


def objects_members(data: bytes) -> dict[str, Raw]:
    """Members of a JSON object, undecoded; raises FormatError where the text is not one JSON object."""
    try:
        return _OBJECT.decode(data)
    except msgspec.ValidationError:
        raise FormatError(1, 1, "not a JSON object", remedy="a call sheet begins with {") from None
    except RecursionError:
        raise FormatError(0, 0, "nested too deeply") from None
    except msgspec.DecodeError as error:
        raise _syntax_error(data, str(error)) from None


def _syntax_error(data: bytes, message: str) -> FormatError:
    if match := _BYTE.search(message):
        offset = _offset(message, match)
        reason = "not valid JSON: " + message.removeprefix("JSON is malformed: ")[: -len(match[0])].strip()
    elif lone := _LONE.search(data):
        offset, reason = lone.start(), "not valid JSON: half of a surrogate pair"
    else:
        offset, reason = len(data), "not valid JSON: the text ends too early"
    line, column = place_of(data, offset)
    return FormatError(line, column, reason)


def _offset(message: str, match: re.Match[str]) -> int:
    """The byte a message of msgspec means; of trailing characters it names the one after the first."""
    return int(match[1]) - ("trailing" in message)


def place_of(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte."""
    return line_and_column(data[:offset].decode("utf-8", errors="replace"))


def member_offsets(data: bytes, start: int, members: dict[str, Raw]) -> Iterator[tuple[str, int, int]]:
    """Of the object at `start`: each key as written, in order, repeated ones too, with offsets of key and value."""
    offset = start + 1
    while True:
        offset = _after_space(data, offset)
        match = _STRING.match(data, offset)
        if match is None:
            return
        key = msgspec.json.decode(match[0], type=str)
        value = _after_space(data, match.end())
        yield key, offset, value
        # Of a repeated key msgspec kept the last value, so an earlier one must be measured by itself.
        known = memoryview(members[key])
        offset = value + (len(known) if _stands_at(data, value, known) else _length(data, value))


def _stands_at(data: bytes, offset: int, value: memoryview) -> bool:
    """Whether this very value is at `offset`; of a big one only both ends are compared, to save a copy."""
    end = offset + len(value)
    tail = max(offset, end - 64)
    return (
        data[offset: offset + 64][: len(value)] == value[:64]
        and data[tail:end] == value[tail - offset:]
        and data[end: end + 1] in (b",", b"}", b" ", b"\n", b"\r", b"\t")
    )


def _length(data: bytes, offset: int) -> int:
    """Bytes of the value at `offset`: up to the first character that msgspec will not have behind it."""
    try:
        msgspec.json.decode(data[offset:], type=Raw)
    except msgspec.DecodeError as error:
        match = _BYTE.search(str(error))
        if match:
            return len(data[offset: offset + _offset(str(error), match)].rstrip())
    return len(data) - offset


def item_offsets(data: bytes, start: int, items: list[Raw]) -> Iterator[int]:
    """Offset of each item of the array at `start`."""
    offset = start + 1
    for item in items:
        offset = _after_space(data, offset)
        yield offset
        offset += len(memoryview(item))


def _after_space(data: bytes, offset: int) -> int:
    match = _SPACE.match(data, offset)
    return match.end() if match else offset


def offset_of(data: bytes, path: Path, start: int = 0) -> int:
    """Offset of the value at `path`, of its key if the last step is a key, or of the nearest parent that is there."""
    offset = _after_space(data, start)
    raw: bytes | Raw = data[offset:] if start == 0 else _value_at(data, offset)
    for position, step in enumerate(path):
        found = _member(data, offset, raw, step) if isinstance(step, str) else _item(data, offset, raw, step)
        if found is None:
            return offset
        key, value, raw = found
        offset = key if position == len(path) - 1 and isinstance(step, str) else value
    return offset


def _value_at(data: bytes, offset: int) -> bytes:
    return data[offset: offset + _length(data, offset)]


def _member(data: bytes, start: int, raw: bytes | Raw, step: str) -> tuple[int, int, Raw] | None:
    try:
        members = _OBJECT.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    # The last one, if there are several: it is the one that was read.
    found = [(key, value) for name, key, value in member_offsets(data, start, members) if name == step]
    return (*found[-1], members[step]) if found else None


def _item(data: bytes, start: int, raw: bytes | Raw, step: int) -> tuple[int, int, Raw] | None:
    try:
        items = _ARRAY.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    for index, offset in enumerate(item_offsets(data, start, items)):
        if index == step:
            return offset, offset, items[index]
    return None


def error_at(data: bytes, path: Path, reason: str, remedy: str = "") -> FormatError:
    """The error for a fault at `path`, with its line and column."""
    line, column = place_of(data, offset_of(data, path))
    return FormatError(line, column, reason, dotted(path), remedy)
