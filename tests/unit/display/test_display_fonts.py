# SPDX-License-Identifier: GPL-3.0-or-later
"""The fonts: Unifont as it came, our own letters complete and distinct."""

from __future__ import annotations

import hashlib
import string
from typing import get_args

import pytest

from callsheet.adapters.display import digits, icons, smallfont, tofu, unifont
from callsheet.adapters.display.pixels import bolden, overlay, parse, shift, thicken, trim
from callsheet.core.screen import Icon

# Debian's unifont 1:15.0.01-2, /usr/share/unifont/unifont.hex
UNIFONT_HEX_SHA256 = "fe93c0df9a69e71df0fcf9e71af3adab3c85a393b1a3cae1eb32f69880fc1841"
CYRILLIC = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ" + "абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + "ІЇЄҐіїєґ"
LATIN_1 = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
CENTRAL_EUROPE = "ĄąĆćČčĎďĐđĘęĚěŁłŃńŇňŐőŘřŚśŠšŞşŤťŮůŰűŹźŻżŽžĞğİıȘșȚțŒœ"


def hex_line(code: int, columns: tuple[int, ...]) -> str:
    """A glyph the way unifont.hex writes it: row after row, leftmost pixel first."""
    rows = []
    for y in range(16):
        row = 0
        for column in columns:
            row = row << 1 | column >> y & 1
        rows.append(f"{row:0{len(columns) // 4}X}")
    return f"{code:04X}:{''.join(rows)}\n"


def test_the_packed_font_is_unifont_to_the_last_pixel():
    digest = hashlib.sha256()
    for code in range(0x10000):
        glyph = unifont.glyph(chr(code))
        if glyph is not None:
            digest.update(hex_line(code, glyph.columns).encode("ascii"))
    assert digest.hexdigest() == UNIFONT_HEX_SHA256


def test_marks_know_where_they_go():
    assert unifont.glyph("\u0301").back == 8
    assert unifont.glyph("\u093f").back == 16
    assert unifont.glyph("\u05b8").back == 0
    assert unifont.glyph("A").back is None


def test_outside_the_plane_there_is_none():
    assert unifont.glyph("\U0001f600") is None
    assert unifont.glyph("\ue000") is None


def test_a_missing_or_damaged_font_is_named(monkeypatch, tmp_path):
    for content in (None, b"", b"not a font" * 500, unifont.PATH.read_bytes()[:2000] + bytes(800_000)):
        path = tmp_path / "unifont.hexpack"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(unifont, "PATH", path)
        for cache in (unifont._offsets, unifont._block, unifont.glyph):
            cache.cache_clear()
        with pytest.raises(unifont.FontError, match="scripts/make-font"):
            unifont.glyph("中")
    for cache in (unifont._offsets, unifont._block, unifont.glyph):
        cache.cache_clear()


@pytest.mark.parametrize(
    "chars", [string.printable[:94], LATIN_1, CENTRAL_EUROPE, CYRILLIC, "€£§°·•–—…„“”‘’«»№½×→←↑↓✓"]
)
def test_the_small_font_has_them_all_and_each_looks_different(chars):
    drawn = {char: smallfont.glyph(char) for char in chars}
    assert all(drawn.values())
    alike = {}
    for char, columns in drawn.items():
        alike.setdefault(columns, []).append(char)
    assert not [chars for chars in alike.values() if len(chars) > 1]


@pytest.mark.parametrize("char", string.printable[:94] + LATIN_1 + CENTRAL_EUROPE + CYRILLIC)
def test_small_letters_stay_in_their_rows(char):
    lit = 0
    for column in smallfont.glyph(char):
        lit |= column
    assert lit.bit_length() <= 16
    assert lit & -lit >= 1 << 3
    assert len(smallfont.glyph(char)) <= 7


def test_normal_forms_of_a_letter_look_the_same():
    assert smallfont.glyph("u\u0308") == smallfont.glyph("ü")


def test_what_the_small_font_lacks_it_says():
    for char in ("中", "ا", "ไ", "\U0001f600", "A\u0489"):
        assert smallfont.glyph(char) is None


@pytest.mark.parametrize("size", [digits.medium(), digits.large()])
def test_digits_are_equally_wide_and_distinct(size):
    drawn = [size.glyphs[char] for char in "0123456789*#+"]
    assert len({len(columns) for columns in drawn}) == 1
    assert len(set(drawn)) == len(drawn)
    assert all(column.bit_length() <= size.height for columns in drawn for column in columns)


def test_digits_fit_as_promised():
    assert digits.medium().length("+493012345678") <= 128
    assert digits.medium().length("1" * 14) <= 128
    assert digits.large().length("1" * 10) <= 128
    assert digits.large().length("sip:x") == 0


def test_every_icon_of_the_contract_is_drawn():
    pictures = [icons.picture(name) for name in get_args(Icon)]
    assert all(pictures)
    assert len(set(pictures)) == len(pictures)
    assert all(column.bit_length() <= icons.HEIGHT for picture in pictures for column in picture)
    assert icons.picture("no such") is None


def test_stand_ins_tell_faces_hearts_pictures_and_code_points_apart():
    drawn = [tofu.glyph(char) for char in ("😀", "💙", "🚀", "\U00020bb7", "\U00020bb8", "\ue000")]
    assert len(set(drawn)) == len(drawn)
    assert {len(columns) for columns in drawn} == {16}
    assert all(column.bit_length() <= 16 for columns in drawn for column in columns)
    assert tofu.glyph("😀") == tofu.glyph("😁")


def test_columns():
    bar = parse(["#.#", "#.#", "#.#"])
    assert bar == (7, 0, 7)
    assert shift(bar, 1) == (14, 0, 14)
    assert shift(bar, -1) == (3, 0, 3)
    assert trim((0, 0, *bar, 0)) == bar
    assert trim((0, 0)) == ()
    assert overlay((1, 0), (2, 2), 1) == (1, 2, 2)
    assert bolden(bar) == (7, 7, 0, 7, 7)
    assert thicken(bar) == bar
    assert thicken((7, 0, 0, 7)) == (7, 7, 0, 7)
