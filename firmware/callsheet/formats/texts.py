# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to text, and from any text to one that is safe to show."""

from __future__ import annotations

import codecs
import re

from callsheet.formats.errors import FormatError, Invalid

MAX_LINE = 500
"""Characters in a text of one line, such as a name."""
MAX_NAME = 128
"""Characters in what names something, such as a task's id."""
MAX_TEXT = 10_000
"""Characters in a text that may have several lines, such as an entry of the call history."""

_PIECE = 1 << 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NEWLINE = re.compile(r"\r\n?|\u2028|\u2029|\x85")
_BAD_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def utf8(data: bytes) -> bytes:
    """A file's text as UTF-8: from UTF-8, with or without byte order mark, or from UTF-16 with one.

    Raises FormatError naming the line and column of the first byte that does not fit.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16", "UTF-16").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    # Piece by piece: as a whole, a large sheet would take four times its size for a moment.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(data[start: start + _PIECE], start + _PIECE >= len(data))
    except UnicodeDecodeError:
        _decoded(data, "utf-8", "UTF-8")
    return data


def plain_text(data: bytes) -> str:
    """A file's text; see `utf8`."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16", "UTF-16")
    return _decoded(data.removeprefix(codecs.BOM_UTF8), "utf-8", "UTF-8")


def _decoded(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line, column = line_and_column(data[: error.start].decode(codec, errors="replace"))
        raise FormatError(
            line, column, f"not valid {name}", remedy='save the file as UTF-8, in a spreadsheet as "CSV UTF-8"'
        ) from None


def line_and_column(before: str) -> tuple[int, int]:
    """Line and column, both from 1, of what follows the text `before`; \\n, \\r\\n and \\r end a line."""
    if "\r" in before:
        before = re.sub(r"\r\n?", "\n", before)
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def visible_line(text: str) -> str:
    """A text of one line: every control character becomes a visible sign, so none reaches a terminal or a screen.

    Raises Invalid if it is too long.
    """
    if len(text) > MAX_LINE:
        raise Invalid(f"longer than {MAX_LINE} characters")
    return text if text.isprintable() else _CONTROL.sub(_picture, text)


def visible_text(text: str) -> str:
    """A text of several lines: newlines (as \\n) and tabs stay, other control characters become visible signs.

    Raises Invalid if it is too long.
    """
    if len(text) > MAX_TEXT:
        raise Invalid(f"longer than {MAX_TEXT} characters")
    return text if text.isprintable() else _BAD_IN_LINES.sub(_picture, _NEWLINE.sub("\n", text))


def _picture(match: re.Match[str]) -> str:
    """Unicode has a picture for each C0 control (U+2400…); those without one become U+FFFD."""
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def check_name(text: str, limit: int = MAX_NAME) -> str:
    """A text that names something: not empty, of one line, without control characters or space at the ends.

    Returns it; raises Invalid.
    """
    if not text:
        raise Invalid("is empty")
    if len(text) > limit:
        raise Invalid(f"longer than {limit} characters")
    if _CONTROL.search(text):
        raise Invalid("contains a control character", remedy="remove it")
    if text != text.strip():
        raise Invalid("has space at its beginning or end", remedy="remove it")
    return text
