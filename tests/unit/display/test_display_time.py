# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves, blinks and changes: marquee, lamps, buzzer, pages sent to the glass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from callsheet.adapters.display import lamps, marquee
from callsheet.adapters.display.changes import ADDRESSING, diff_pages, pages_of
from callsheet.adapters.display.items import Box, Drawing, Layout
from callsheet.adapters.display.render import needs_animation, paint, render
from callsheet.core.screen import Screen


def test_a_long_text_stands_runs_through_once_and_stands_again():
    length = 200
    steps = [marquee.offset(length, tick * marquee.TICK) for tick in range(2000)]
    hold = round(marquee.HOLD / marquee.TICK)
    assert set(steps[:hold]) == {0}
    lap = steps.index(0, hold + 2)
    assert steps[hold + 1 : lap] == list(range(marquee.STEP, length + marquee.GAP, marquee.STEP))
    assert set(steps[lap : lap + hold]) == {0}


@given(st.integers(1, 3000), st.floats(0, 1000))
def test_the_next_move_is_announced(length, clock):
    wait = marquee.until_move(length, clock)
    assert 0 < wait <= marquee.HOLD + 2 * marquee.TICK
    assert marquee.offset(length, clock + wait * 0.95) == marquee.offset(length, clock)


def test_every_column_of_a_long_name_comes_by():
    screen = Screen(
        "x", "", headline="Katharina Schmidt-Müller von der Heide", number="1", lines=("a", "b", "c")
    )
    frames = {render(screen, (128, 64), tick * marquee.TICK).tobytes() for tick in range(400)}
    assert len(frames) > 100


def test_right_to_left_begins_at_its_right_end():
    columns = tuple(range(1, 65))
    layout = Layout((32, 16), (Drawing(Box(0, 0, 32, 16), columns, 0, "right", rtl=True),), (), 1)
    assert paint(layout, 0.0) == list(columns[-32:])
    assert paint(layout, marquee.HOLD + marquee.TICK) == list(columns[-32 - marquee.STEP : -marquee.STEP])


def test_an_idle_screen_never_asks_to_be_drawn():
    assert needs_animation(Screen("x", "Ready", "09:02", headline="Anna", number="200"), (128, 64)) is None


@pytest.mark.parametrize(
    ("pattern", "t", "lit"),
    [
        ("off", 0.0, False),
        ("off", 0.7, False),
        ("on", 0.0, True),
        ("on", 1234.5, True),
        ("slow", 0.0, True),
        ("slow", 0.49, True),
        ("slow", 0.5, False),
        ("slow", 0.99, False),
        ("slow", 7.0, True),
        ("fast", 0.0, True),
        ("fast", 0.09, True),
        ("fast", 0.1, False),
        ("fast", 0.2, True),
        ("fast", 9.3, False),
    ],
)
def test_lamps(pattern, t, lit):
    assert lamps.level(pattern, t) is lit


@pytest.mark.parametrize(("pattern", "beeps"), [("off", 0), ("ring", 2), ("warn", 2)])
def test_buzzer(pattern, beeps):
    levels = [lamps.buzzer_level(pattern, tick / 1000) for tick in range(2900)]
    rising = sum(now and not before for before, now in zip([False, *levels], levels, strict=False))
    assert rising == beeps


def test_no_such_pattern():
    with pytest.raises(KeyError):
        lamps.level("ring", 0)


@given(st.sampled_from([*lamps.LAMPS.values(), *lamps.BUZZER.values()]), st.floats(0, 100))
def test_the_next_edge_is_announced(phases, t):
    wait = lamps.until_change(phases, t)
    if len(phases) == 1:
        assert wait is None
    else:
        assert 0 < wait <= max(seconds for _, seconds in phases)


FRAMES = st.binary(min_size=128, max_size=128).map(lambda data: Image.frombytes("1", (64, 16), data))


@st.composite
def altered(draw):
    """Two frames that differ in few places."""
    before = draw(FRAMES)
    after = before.copy()
    for x, y in draw(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 15)), max_size=6)):
        after.putpixel((x, y), 0 if after.getpixel((x, y)) else 255)
    return before, after


@given(altered())
def test_the_runs_turn_one_frame_into_the_other(frames):
    before, after = frames
    pages = [bytearray(page) for page in pages_of(before)]
    for run in diff_pages(before, after):
        assert len(run.data) == run.last - run.first + 1
        assert pages[run.page][run.first] != run.data[0]
        assert pages[run.page][run.last] != run.data[-1]
        pages[run.page][run.first : run.last + 1] = run.data
    assert [bytes(page) for page in pages] == pages_of(after)


def test_what_lies_close_is_sent_at_once():
    before = Image.new("1", (128, 64))
    after = before.copy()
    for x in (10, 10 + ADDRESSING, 60):
        after.putpixel((x, 9), 1)
    runs = diff_pages(before, after)
    assert [(run.page, run.first, run.last) for run in runs] == [(1, 10, 10 + ADDRESSING), (1, 60, 60)]
    assert runs[1].data == b"\x02"


def test_a_new_glass_gets_everything():
    frame = Image.new("1", (128, 64), 1)
    for old in (None, Image.new("1", (256, 64))):
        assert [run.data for run in diff_pages(old, frame)] == [b"\xff" * 128] * 8
    assert diff_pages(frame, frame) == []


def test_only_frames_of_whole_pages_are_taken():
    with pytest.raises(ValueError, match="whole pages"):
        pages_of(Image.new("1", (128, 60)))
    with pytest.raises(ValueError, match="mode 1"):
        pages_of(Image.new("L", (128, 64)))


def test_a_running_timer_sends_little():
    talking = [
        Screen("x", "Talking", f"02:3{second}", headline="Anna", number="+4930123456") for second in "45"
    ]
    runs = diff_pages(*(render(screen, (128, 64)) for screen in talking))
    assert 0 < sum(len(run.data) for run in runs) <= 16
