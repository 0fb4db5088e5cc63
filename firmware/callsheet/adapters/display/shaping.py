# SPDX-License-Identifier: GPL-3.0-or-later
"""From any text to what can be drawn from left to right, one cluster after another.

Logical order first (`prepare`), so that rows can be broken; then each row by
itself into the order of the glass (`visual`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from callsheet.adapters.display import unifont

LONGEST = 2000
"""Characters of one text that are looked at; what is beyond shows as an ellipsis."""
REPLACEMENT = "\ufffd"

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_VARIATION = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_FLAG_LETTER = 0x1F1E6
_ARABIC = re.compile("[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# A mark without a picture: it takes the direction of what it follows (UAX #9, W1 and N0).
_PROBE = "\u034f"
_MIRRORED = dict(
    pair
    for a, b in ("()", "[]", "{}", "<>", "«»", "‹›", "≤≥", "「」", "『』", "【】", "〈〉", "《》", "⟨⟩")
    for pair in ((a, b), (b, a))
)


class Cluster(NamedTuple):
    """A character and the marks drawn over it."""

    base: str
    marks: str


def prepare(text: str) -> str:
    """One row of text in logical order, normalised (NFC), Arabic letters joined.

    Controls become the replacement character, white space a blank. Format
    characters go: above all the bidi controls, for a sheet must not be able to
    show a number other than the one that is dialled.
    """
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    if text.isascii() and text.isprintable():
        return text
    text = _VARIATION.sub("", unicodedata.normalize("NFC", text))
    text = "".join(_cleaned(char) for char in _first_of_sequences(text))
    if _ARABIC.search(text):
        text = _reshaper().reshape(text)
    return text.replace(_ZWNJ, "").replace(_ZWJ, "")


def _first_of_sequences(text: str) -> str:
    """Of emoji glued by joiners, the first; skin tones go."""
    text = re.sub(f"([\U0001f000-\U0001ffff\u2600-\u27bf]){_SKIN_TONE.pattern}", r"\1", text)
    return re.sub(f"([\U0001f000-\U0001ffff\u2600-\u27bf])(?:{_ZWJ}[^ ]{_SKIN_TONE.pattern}?)+", r"\1", text)


def _cleaned(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") or char in "\t\n\r\v\f\x85":
        return "\u3000" if char == "\u3000" else " "
    if category in ("Cc", "Cs"):
        return REPLACEMENT
    if category == "Cf":
        return char if char in (_ZWNJ, _ZWJ) or _is_number_sign(char) else ""
    if ord(char) <= 0xFFFF:
        return char
    if _FLAG_LETTER <= ord(char) < _FLAG_LETTER + 26:
        return chr(ord("A") + ord(char) - _FLAG_LETTER)
    plain = unicodedata.normalize("NFKC", char)
    return plain if all(ord(part) <= 0xFFFF for part in plain) else char


def _is_number_sign(char: str) -> bool:
    """Arabic signs that are format characters and yet seen (U+0600 to U+0605, U+06DD …)."""
    return "\u0600" <= char <= "\u08e2" and char != "\u061c"


@lru_cache(maxsize=1)
def _reshaper():  # type: ignore[no-untyped-def]  # the library has no types
    """Imported late: most phones never show Arabic."""
    from arabic_reshaper import ArabicReshaper

    # Vowel points are dropped: at 16 pixels they blot the letters.
    return ArabicReshaper({"delete_harakat": True, "support_zwj": True})


def is_rtl(text: str) -> bool:
    """Whether the first character with a direction runs from right to left (UAX #9, P2)."""
    if not _RIGHT_TO_LEFT.search(text):
        return False
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def visual(text: str, rtl: bool) -> str:
    """A prepared row in the order of the glass, brackets mirrored (UAX #9, L2 and L4)."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    from bidi import get_display  # type: ignore[import-untyped]

    # The library reorders but does not mirror. A probe after each bracket comes
    # out before it exactly where the direction is right to left.
    probed = "".join(char + _PROBE if char in _MIRRORED else char for char in text.replace(_PROBE, ""))
    ordered = get_display(probed, base_dir="R" if rtl else "L")
    mirrored = re.sub(f"{_PROBE}(.)", lambda found: _MIRRORED.get(found[1], found[1]), _paired(ordered))
    return mirrored.replace(_PROBE, "")


def _paired(ordered: str) -> str:
    """Drop the probes that follow their bracket, so that those left precede theirs."""
    result, index = [], 0
    while index < len(ordered):
        char = ordered[index]
        result.append(char)
        index += 1
        if char == _PROBE:
            result.append(ordered[index : index + 1])
            index += 1
        elif char in _MIRRORED and ordered[index : index + 1] == _PROBE:
            index += 1
    return "".join(result)


def logical_clusters(prepared: str) -> list[Cluster]:
    """Bases with their marks in the order they are read: marks follow."""
    result: list[Cluster] = []
    for char in prepared:
        if result and _back(char) is not None:
            result[-1] = Cluster(result[-1].base, result[-1].marks + char)
        else:
            result.append(Cluster(char, ""))
    return result


def _back(char: str) -> int | None:
    """How far left of the pen a mark is drawn; None for what is drawn by itself."""
    if unicodedata.category(char)[0] != "M":
        return None
    drawn = unifont.glyph(char)
    return drawn.back if drawn else None


def clusters(ordered: str) -> list[Cluster]:
    """Bases with their marks, from left to right.

    Unifont draws marks of right-to-left scripts where the base is to come, as
    they precede it on its way from left to right; all others follow theirs.
    """
    result: list[Cluster] = []
    waiting = ""
    for char in ordered:
        back = _back(char)
        if back == 0:
            waiting += char
        elif back is not None and result:
            result[-1] = Cluster(result[-1].base, result[-1].marks + char)
        else:
            result.append(Cluster(char, waiting))
            waiting = ""
    if waiting:
        result.append(Cluster(" ", waiting))
    return result
