# SPDX-License-Identifier: GPL-3.0-or-later
"""Which encoding a text file has, guessed from what its bytes make in each, and from where the file comes.

Excel's plain "CSV" is in the code page of the computer's language, which says
nothing of itself. A wrong one shows: letters of two scripts within a word, currency
signs between letters, Chinese characters that hardly anybody uses.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from callsheet.manager.errors import Refused

SAMPLE = 256 * 1024
"""Bytes that are looked at, beside those that decide whether it is valid UTF-8: all."""
PAGES = {
    "windows-1252": "", "gb18030": "CN SG", "windows-1251": "RU UA BY BG RS MK KZ KG MN",
    "windows-1250": "CZ SK PL HU SI HR BA RO AL", "windows-1253": "GR CY", "windows-1254": "TR AZ",
    "windows-1255": "IL", "windows-1256": "EG SA AE JO LB SY IQ IR MA DZ TN LY YE KW QA OM BH PK",
    "windows-1257": "LV LT EE", "windows-1258": "VN",
}
"""Code pages, and the countries whose computers use them."""
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"(?<=[^\W\d_])[\u00a1-\u00bf\u00d7\u00f7\u2018-\u203a\u20ac\u2122](?=[^\W\d_])|"
                  r"(?<=[a-zà-öø-ÿ])[À-ÖØ-Þ]|(?<=[а-яё])[А-ЯЁ]")
_MOSTLY = 0.6


def guess(data: bytes, country: str = "") -> str:
    """Python's name of the encoding; `country` (ISO code) tips the balance. Raises Refused for what is no text."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return _surely(data, name)
    if b"\0" in data[:SAMPLE]:
        return _wide(data)
    if _decodes(data, "utf-8"):
        return "utf-8"
    # ISO 8859-1 has something for every byte.
    return next(name for name in (*_pages(_telling(data), country.upper()), "latin-1") if _decodes(data, name))


def checked(data: bytes, name: str) -> str:
    """The name of an encoding that somebody gave; raises Refused if there is none, or if the file is not in it."""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        raise Refused(f"{name}: no such encoding", "write utf-8, utf-16, gb18030 or windows-1252") from None
    if not getattr(codec, "_is_text_encoding", True):
        raise Refused(f"{name} is no encoding of text", "write utf-8, utf-16, gb18030 or windows-1252")
    if not _decodes(data, codec.name):
        raise Refused(f"the file is not in {name}", "leave --encoding out: it is guessed")
    return codec.name


def _surely(data: bytes, name: str) -> str:
    if not _decodes(data, name):
        raise Refused(f"the file begins as {name.removesuffix('-sig')}, but does not go on so", "it is damaged: save it again")
    return name


def _decodes(data: bytes, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for start in range(0, len(data), 1 << 20):
            decoder.decode(data[start: start + (1 << 20)])
        decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def _wide(data: bytes) -> str:
    """UTF-16 without a mark has its zeros on one side."""
    sample = data[:SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 20 > max(even, odd) or not _decodes(data, name):
        raise Refused("this is no text file", "save it as CSV or XLSX")
    return name


def _telling(data: bytes) -> bytes:
    """The lines that are not plain ASCII; they may begin anywhere in a large file."""
    lines = [line for line in re.split(rb"[\r\n]+", data) if not line.isascii()]
    return b"\n".join(lines)[:SAMPLE].rpartition(b"\n")[0] or b"\n".join(lines)[:SAMPLE]


def _pages(sample: bytes, country: str) -> list[str]:
    """The most probable first."""
    faults: dict[str, float] = {}
    for position, (name, countries) in enumerate(PAGES.items()):
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        wrong = _chinese(text) if name == "gb18030" else _western(text)
        # One odd word in five may be a name; where the file comes from is worth as much.
        faults[name] = wrong - (0.2 if country in countries.split() else 0.0) + position * 1e-6
    return sorted(faults, key=lambda name: faults[name])


def _western(text: str) -> float:
    """Share of the words with anything but ASCII that cannot be right."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if not words:
        return 1.0 if _ODD.search(text) else 0.5
    odd = sum(map(_is_odd, words)) + len(_ODD.findall(text))
    return odd / len(words)


def _is_odd(word: str) -> bool:
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in word}
    if len(scripts - {"FEMININE", "MASCULINE"}) > 1:
        return True
    foreign = sum(not char.isascii() for char in word)
    return "LATIN" in scripts and len(word) > 2 and foreign / len(word) > _MOSTLY


def _chinese(text: str) -> float:
    """Share of characters that are not among the 3,755 usual ones (GB 2312-80, level 1) or stand beside a letter."""
    wide = [char for char in text if ord(char) > 0x7F]
    usual = sum(_is_usual(char) for char in wide)
    glued = len(re.findall(r"[a-z][\u4e00-\u9fff]|[\u4e00-\u9fff][a-z]", text))
    return 1.0 - (usual - glued) / len(wide) if wide else 1.0


def _is_usual(char: str) -> bool:
    code = char.encode("gb18030")
    # Rows 16 to 55 are level 1, rows 1 to 9 punctuation and full-width signs.
    return len(code) == 2 and code[1] >= 0xA1 and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA9)
