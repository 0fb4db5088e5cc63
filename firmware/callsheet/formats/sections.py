# SPDX-License-Identifier: GPL-3.0-or-later
"""What all sections of a settings file have in common: no secret of theirs is ever shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.texts import plain_text
from callsheet.formats.toml_places import error_at, parsed
from callsheet.formats.typed import check_leaves

S = TypeVar("S", bound=Struct)

SECRETS = frozenset({"password", "token", "pin", "wifi_password"})
"""Names of settings, in whatever section, that are never shown."""
MASK = "••••"
_PASSWORD_IN_LINK = re.compile(r"(://[^/@:\s]*:)[^/@\s]*@")


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Root of the sections; printing one shows no secret."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(masked(self), f.name)!r}" for f in fields(self))
        return f"{type(self).__name__}({shown})"


def masked(settings: S) -> S:
    """The same settings, or section of settings, with every secret that is set replaced by dots: fit to be shown.

    A password in a link is a secret too.
    """
    changes: dict[str, Any] = {}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name in SECRETS and value:
            changes[one.name] = MASK
        elif isinstance(value, str) and "://" in value:
            changes[one.name] = _PASSWORD_IN_LINK.sub(rf"\1{MASK}@", value)
        elif isinstance(value, Struct):
            changes[one.name] = masked(value)
    return replace(settings, **changes)


def read_sections(data: bytes, name: str, made: Callable[[dict[str, Any]], S]) -> S:
    """The settings in a TOML file called `name`; `made` turns its plain objects into them, or raises Invalid.

    Raises FormatError with line, column and remedy, and never a value that is secret.
    """
    try:
        text = plain_text(data)
        objects = parsed(text)
        try:
            check_leaves(objects)
            return made(objects)
        except Invalid as fault:
            raise error_at(text, fault.path, fault.reason, fault.remedy) from None
    except FormatError as error:
        error.file = name
        raise
