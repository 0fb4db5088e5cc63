# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phone shows on the simulated handset: glass, lamps, buzzer; and who is told of it."""

import pytest
from PIL import Image

from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.handset.lamps import SimulatedLamps
from callsheet.simulator.handset.observers import Observers


@pytest.fixture
def handset():
    return SimulatedHandset()


@pytest.fixture
def told(handset):
    parts = []
    handset.subscribe(parts.append)
    return parts


def picture(size=(128, 64), *lit):
    frame = Image.new("1", size)
    for place in lit:
        frame.putpixel(place, 1)
    return frame


def test_the_glass_keeps_the_frame_bit_by_bit(handset):
    handset.display.show(picture((128, 64), (0, 0), (9, 1), (127, 63)))
    bits = handset.display.bits
    assert len(bits) == 1024
    assert {at: byte for at, byte in enumerate(bits) if byte} == {0: 0x80, 17: 0x40, 1023: 0x01}
    assert handset.display.frame.tobytes() == bits


def test_only_a_new_frame_is_told(handset, told):
    for _ in range(2):
        handset.display.show(picture((128, 64), (3, 3)))
    assert told == ["frame"]


def test_a_frame_may_be_drawn_on_after_it_was_shown(handset):
    frame = picture((128, 64), (3, 3))
    handset.display.show(frame)
    frame.putpixel((5, 5), 1)
    assert handset.display.frame.getpixel((5, 5)) == 0


@pytest.mark.parametrize("frame", [Image.new("L", (128, 64)), Image.new("1", (256, 64))])
def test_a_frame_that_does_not_fit(handset, frame):
    with pytest.raises(ValueError, match="expected mode"):
        handset.display.show(frame)


def test_sizes():
    assert SimulatedHandset((256, 64)).display.size == (256, 64)
    with pytest.raises(ValueError, match="expected one of"):
        SimulatedHandset((128, 32))


def test_contrast(handset, told):
    for level in (2, 1, 1, 0):
        handset.display.contrast(level)
    assert told == ["contrast", "contrast"]
    assert handset.display.level == 0
    with pytest.raises(ValueError, match="expected 0, 1 or 2"):
        handset.display.contrast(3)


def test_a_closed_display_is_blank(handset):
    handset.display.show(picture((128, 64), (3, 3)))
    handset.display.close()
    assert not any(handset.display.bits)


def test_the_buzzer_begins_when_its_pattern_does():
    time = [10.0]
    lamps = SimulatedLamps(Observers(), lambda: time[0])
    time[0] = 12.5
    lamps.buzz("ring")
    time[0] = 13.0
    lamps.buzz("ring")
    assert lamps.buzzing.since == 2.5
    assert lamps.clock() == 3.0


def test_lamps_and_buzzer_tell_changes_only(handset, told):
    for _ in range(2):
        handset.lamps.show("on", "off", "fast")
        handset.lamps.buzz("ring")
    assert told == ["lamps", "buzzer"]
    handset.lamps.close()
    assert set(handset.lamps.patterns) == {"off"}
    assert handset.lamps.buzzing.pattern == "off"


def test_unknown_patterns(handset):
    with pytest.raises(ValueError, match="work: pattern 'blink', expected one of off, on, slow, fast"):
        handset.lamps.show("on", "blink", "off")
    with pytest.raises(ValueError, match="buzzer"):
        handset.lamps.buzz("slow")


def test_an_observer_that_fails_harms_nobody(handset, told, caplog):
    def fails(part):
        raise RuntimeError(part)

    handset.subscribe(fails)
    later = []
    handset.subscribe(later.append)
    handset.lamps.buzz("warn")
    assert told == later == ["buzzer"]
    assert "an observer of the simulated handset failed" in caplog.text


def test_who_unsubscribes_is_told_nothing(handset, told):
    parts = []
    leave = handset.subscribe(parts.append)
    leave()
    leave()
    handset.hook(True)
    assert parts == []
    assert told == ["hook"]
