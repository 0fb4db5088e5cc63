# SPDX-License-Identifier: GPL-3.0-or-later
"""A JSON file that is one value of one type, such as results, status records and lease requests."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from callsheet.formats.errors import Invalid
from callsheet.formats.json_places import error_at, objects_members
from callsheet.formats.texts import utf8
from callsheet.formats.typed import typed

T = TypeVar("T")


def read_document(data: bytes, kind: type[T]) -> T:
    """The file as a `kind`; raises FormatError with line, column and path."""
    text = utf8(data)
    objects_members(text)
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        pass
    except RecursionError:
        raise error_at(text, (), "nested too deeply") from None
    try:
        return typed(msgspec.json.decode(text), kind)
    except Invalid as fault:
        raise error_at(text, fault.path, fault.reason, fault.remedy) from None
    except msgspec.DecodeError as error:
        raise error_at(text, (), f"not a value that can be read: {error}") from None


def write_document(value: object) -> bytes:
    """The file; the same value gives the same bytes."""
    return msgspec.json.encode(value) + b"\n"
