# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture gallery of the documentation."""

from __future__ import annotations

import pytest
from PIL import Image

from callsheet.adapters.display import gallery
from callsheet.core.screen import Screen


def screens():
    return {"en": [("ready", Screen("ready", "Ready")), ("off", Screen("off", "Off", headline="王小明"))]}


def test_a_sheet_per_language_and_size(tmp_path):
    written = gallery.write(tmp_path / "new", screens())
    assert [path.name for path in written] == ["en-128x64.png", "en-256x64.png"]
    for path, (width, height) in zip(written, gallery.SIZES, strict=True):
        with Image.open(path) as image:
            assert image.width > width * 4
            assert image.height > height * 4


def test_lit_pixels_shine_and_dark_ones_do_not():
    frame = Image.new("1", (8, 8))
    frame.putpixel((2, 3), 1)
    module = gallery.glass(frame, 4)
    lit = [module.getpixel((x, y)) for x in range(module.width) for y in range(module.height)]
    assert lit.count((170, 215, 255)) == 9


def test_no_screens_is_an_error():
    with pytest.raises(ValueError, match="no screens"):
        gallery.sheet([], (128, 64), 4)


def test_command_line(tmp_path, capsys):
    assert gallery.main([str(tmp_path), "--screens", f"{__name__}:screens"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("wrong", ["no.such.module:x", "json:nothing", "json", ""])
def test_a_wrong_source_is_named(tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as stopped:
        gallery.main([str(tmp_path), "--screens", wrong])
    assert stopped.value.code == 2
    assert "--screens" in capsys.readouterr().err
