# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's driver against controllers that keep their own memory."""

from __future__ import annotations

import time

import pytest
from PIL import Image, ImageChops, ImageDraw

from callsheet.adapters.board import board
from callsheet.adapters.faults import Faults
from callsheet.adapters.oled import OledDisplay, opener
from callsheet.adapters.oled import display as driver
from callsheet.adapters.oled.find import DisplayNotFound, adapter
from callsheet.adapters.oled.glass import BRIGHT, DIM
from callsheet.adapters.oled.shift import PERIOD, PLACES, shifted
from callsheet.core.events import FaultChanged
from callsheet.formats.settings import HardwareSettings
from tests.support.eventually import eventually
from tests.support.oled import I2cBus, Sh1106Model, Ssd1306Model, Ssd1322Model

KINDS = {"ssd1306": Ssd1306Model, "sh1106": Sh1106Model, "ssd1322": Ssd1322Model}


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """No picture moves and nothing is renewed unless a test says so."""
    # One second later the picture is in its first place again.
    monkeypatch.setattr(driver, "RENEW", PERIOD * len(PLACES) - 1)
    monkeypatch.setattr(driver, "PROBE", 3600.0)
    monkeypatch.setattr(driver, "RETRY", 0.02)


class Bench:
    """A display at work. Time stands still, so that the picture does not move."""

    def __init__(self, kind="ssd1306", **settings) -> None:
        self.chip = KINDS[kind]()
        self.faults = Faults()
        self.told: list[FaultChanged] = []
        self.faults.connect(self.told.append)
        self.now = 0.0
        pins = board().displays[kind]
        bus = (lambda: self.chip) if kind == "ssd1322" else (lambda: I2cBus(self.chip))
        start = opener(HardwareSettings(display=kind, **settings), board(), bus)
        self.display = OledDisplay((pins.width, pins.height), start, self.faults, lambda: self.now)

    def show(self, frame) -> None:
        self.display.show(frame)
        eventually(lambda: same(self.chip.shows, frame))

    def __enter__(self) -> Bench:
        eventually(lambda: self.chip.on)
        return self

    def __exit__(self, *_: object) -> None:
        self.display.close()
        assert not self.chip.on, "dark at the end"


def same(one, other) -> bool:
    return ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is None


def frame(text, size=(128, 64)):
    image = Image.new("1", size)
    ImageDraw.Draw(image).text((3, 9), text, fill=1)
    return image


@pytest.mark.parametrize("kind", KINDS)
def test_the_glass_shows_the_frame_pixel_by_pixel(kind):
    size = (board().displays[kind].width, 64)
    with Bench(kind) as bench:
        assert same(bench.chip.shows, Image.new("1", size)), "what chance left in the memory was never seen"
        for text in ("Callee 0", "Callee 1", "", "00:17"):
            bench.show(frame(text, size))
        edges = Image.new("1", size)
        ImageDraw.Draw(edges).rectangle((0, 0, size[0] - 1, 63), outline=1)
        bench.show(edges)


@pytest.mark.parametrize("kind", KINDS)
def test_upside_down(kind):
    size = (board().displays[kind].width, 64)
    with Bench(kind, upside_down=True) as bench:
        bench.display.show(frame("Up", size))
        eventually(lambda: same(bench.chip.shows, frame("Up", size).transpose(Image.Transpose.ROTATE_180)))


@pytest.mark.parametrize(("kind", "limit"), [("ssd1306", 30), ("sh1106", 30), ("ssd1322", 160)])
def test_only_what_changed_is_sent(kind, limit):
    """The seconds of a call timer: two digits of 16 by 6 pixels, in two pages."""
    size = (board().displays[kind].width, 64)
    before, after = Image.new("1", size), Image.new("1", size)
    for image, lit in ((before, 0), (after, 1)):
        ImageDraw.Draw(image).rectangle((8, 8, 8, 55), fill=1)
        ImageDraw.Draw(image).rectangle((100, 20, 105, 22), fill=lit)
    with Bench(kind) as bench:
        bench.show(before)
        count = bench.chip.bytes
        bench.show(after)
        assert 0 < bench.chip.bytes - count <= limit
        count = bench.chip.bytes
        bench.display.show(after)
        time.sleep(0.1)
        assert bench.chip.bytes - count <= 3, "the same frame again is at most a question whether it is there"


def test_a_burst_of_frames_ends_with_the_newest_and_skips_what_nobody_would_see():
    with Bench() as bench:
        count = bench.chip.bytes
        for number in range(400):
            bench.display.show(frame(f"{number:05}"))
        eventually(lambda: same(bench.chip.shows, frame("00399")))
        assert bench.chip.bytes - count < 400 * 60


def test_dim_sleep_and_back_with_the_newest_frame():
    with Bench() as bench:
        bench.show(frame("at work"))
        assert bench.chip.contrast == BRIGHT
        bench.display.contrast(1)
        eventually(lambda: bench.chip.contrast == DIM)
        bench.display.contrast(0)
        eventually(lambda: not bench.chip.on)
        count = bench.chip.bytes
        bench.display.show(frame("while asleep"))
        time.sleep(0.1)
        assert bench.chip.bytes - count <= 3, "nothing is drawn that nobody sees"
        bench.display.contrast(2)
        eventually(lambda: bench.chip.on and same(bench.chip.shows, frame("while asleep")))
        assert bench.chip.contrast == BRIGHT


def test_unplugged_and_back(monkeypatch):
    with Bench() as bench:
        bench.show(frame("before"))
        bench.chip.plugged = False
        bench.display.show(frame("nobody sees this"))
        eventually(lambda: bench.told)
        assert bench.told[-1].part == "display" and bench.told[-1].reason
        bench.display.show(frame("after"))
        bench.chip.power_cycle()
        bench.chip.plugged = True
        eventually(lambda: bench.told[-1] == FaultChanged("display"))
        eventually(lambda: same(bench.chip.shows, frame("after")))
        assert len(bench.told) == 2, "told once when it went, once when it was back"


def test_missing_at_power_on_and_plugged_in_later():
    chip = Ssd1306Model()
    chip.plugged = False
    faults = Faults()
    display = OledDisplay((128, 64), opener(HardwareSettings(), board(), lambda: I2cBus(chip)), faults, lambda: 0.0)
    display.show(frame("hello"))
    eventually(lambda: "display" in faults.standing)
    chip.plugged = True
    eventually(lambda: chip.on and same(chip.shows, frame("hello")) and not faults.standing)
    display.close()


def test_its_absence_is_noticed_also_while_nothing_is_to_be_shown(monkeypatch):
    monkeypatch.setattr(driver, "PROBE", 0.02)
    with Bench() as bench:
        bench.show(frame("still"))
        bench.chip.plugged = False
        eventually(lambda: bench.told)
        bench.chip.power_cycle()
        bench.chip.plugged = True
        eventually(lambda: same(bench.chip.shows, frame("still")))


def test_a_display_that_lost_its_power_for_a_moment_is_set_up_again(monkeypatch):
    monkeypatch.setattr(driver, "PROBE", 0.02)
    with Bench() as bench:
        bench.show(frame("still"))
        bench.chip.power_cycle()
        bench.now = driver.RENEW + 1
        eventually(lambda: same(bench.chip.shows, frame("still")))
        assert not bench.told


def test_renewing_never_turns_it_off():
    with Bench() as bench:
        bench.show(frame("steady"))
        seen = []
        execute = bench.chip.execute
        bench.chip.execute = lambda code, values: (execute(code, values), seen.append(bench.chip.on))
        bench.now = driver.RENEW + 1
        bench.display.show(frame("steadier"))
        eventually(lambda: same(bench.chip.shows, frame("steadier")))
        assert seen and all(seen)


@pytest.mark.parametrize("wrong", [
    lambda display: display.show(Image.new("1", (64, 64))), lambda display: display.show(Image.new("L", (128, 64))),
    lambda display: display.contrast(3),
])
def test_what_cannot_be_shown_is_refused(wrong):
    with Bench() as bench, pytest.raises(ValueError, match="expected"):
        wrong(bench.display)


def test_the_picture_wanders_and_loses_nothing():
    still_life = frame("Callee")
    seen = {shifted(still_life, PERIOD * turn).getbbox() for turn in range(len(PLACES))}
    assert len(seen) == len(PLACES), "a place for each"
    assert {box[2] - box[0] for box in seen} == {still_life.getbbox()[2] - still_life.getbbox()[0]}
    full = Image.new("1", (128, 64))
    ImageDraw.Draw(full).rectangle((0, 0, 127, 63), outline=1)
    assert all(same(shifted(full, PERIOD * turn), full) for turn in range(len(PLACES)))
    assert shifted(Image.new("1", (128, 64)), PERIOD).getbbox() is None


def test_the_adapter_is_found_by_name(tmp_path):
    for number, name in ((0, "bcm2835 (i2c@7e205000)"), (3, "bcm2835 (i2c@7e804000)"), (20, "fef04500.i2c")):
        (tmp_path / f"i2c-{number}").mkdir()
        (tmp_path / f"i2c-{number}" / "name").write_text(name + "\n")
    (tmp_path / "1-0068").mkdir()
    assert adapter("i2c@7e804000", 1, must_exist=False, folder=tmp_path) == 3
    assert adapter("missing", 1, must_exist=False, folder=tmp_path) == 1
    with pytest.raises(DisplayNotFound, match="fef04500"):
        adapter("missing", 1, must_exist=True, folder=tmp_path)


def test_a_machine_without_such_a_bus_says_so():
    with pytest.raises(DisplayNotFound, match="display_bus"):
        opener(HardwareSettings(display_bus="no such adapter"), board())()
