# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the texts are, nothing is cut, nothing overlaps, nothing leaves its place."""

from __future__ import annotations

from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from callsheet.adapters.display import frame
from callsheet.adapters.display.items import Box, Drawing, Fill, Item, Layout
from callsheet.adapters.display.layout import lay_out, page_count
from callsheet.adapters.display.render import needs_animation, render
from callsheet.core.screen import KeyHint, Screen

SIZES = st.sampled_from([(128, 64), (256, 64)])
ICONS = ("unregistered", "no-headset", "muted", "held", "upload", "fault", "secure", "clock", "message")
# Any characters at all, and scripts that are likely.
WORDS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="abcdefghij MWÄÖÜß.,-", max_size=60),
    st.text(alphabet="王小明金牌合同，。12 ab", max_size=40),
    st.text(alphabet="محمدالأشر()12 ab", max_size=40),
    st.text(alphabet="ЖжЩщЁё ab", max_size=40),
)
NUMBERS = st.one_of(st.text(alphabet="0123456789+*#_ ", max_size=40), WORDS)
HINTS = st.lists(st.builds(KeyHint, st.sampled_from(["A", "#", "*", "0–9", "C…"]), WORDS), max_size=6)
SCREENS = st.builds(
    Screen,
    mode=st.just("talking"),
    title=WORDS,
    badge=st.one_of(st.just(""), st.just("02:34"), WORDS),
    icons=st.lists(st.sampled_from(ICONS), max_size=9).map(tuple),
    headline=WORDS,
    number=NUMBERS,
    lines=st.lists(WORDS, max_size=6).map(tuple),
    page=st.integers(0, 9),
    alert=st.one_of(st.just(""), WORDS),
    progress=st.one_of(st.none(), st.floats(0, 1)),
    keys=HINTS.map(tuple),
    cursor=st.one_of(st.none(), st.integers(0, 6)),
)
LONG = Screen(
    "talking",
    "Talking",
    "02:34",
    headline="Katharina Schmidt-Müller",
    number="+4930123456",
    page=1,
    lines=("12 Oct, Mia: wants an offer for twenty licences; call after three in the afternoon",) * 3,
    keys=(KeyHint("D", "Hang up"), KeyHint("C", "Mute")),
)


def moments(layout: Layout) -> list[list[Item]]:
    """Everything that is on the glass at the same time, for each page of each turn."""
    shown = [list(layout.fixed)]
    for turns in layout.turns:
        shown = [[*before, *page] for before in shown for page in turns.pages]
    return shown[:64]


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


@given(SCREENS, SIZES)
@example(LONG, (128, 64))
def test_everything_is_on_the_glass(screen, size):
    layout = lay_out(screen, size)
    for items in moments(layout):
        for item in items:
            assert 0 <= item.box.x <= item.box.right <= size[0], item
            assert 0 <= item.box.y <= item.box.bottom <= size[1], item


@given(SCREENS, SIZES)
@example(LONG, (128, 64))
def test_texts_never_overlap(screen, size):
    for items in moments(lay_out(screen, size)):
        texts = [item for item in items if isinstance(item, Drawing)]
        for one, other in combinations(texts, 2):
            assert not overlap(one.box, other.box), (one, other)


@given(SCREENS, SIZES)
@example(LONG, (128, 64))
def test_no_row_of_a_text_is_cut(screen, size):
    for items in moments(lay_out(screen, size)):
        for item in items:
            if isinstance(item, Drawing):
                lit = 0
                for column in item.columns:
                    lit |= column
                rows = {row + item.y for row in range(lit.bit_length()) if lit >> row & 1}
                assert all(item.box.y <= row < item.box.bottom for row in rows), item


@given(SCREENS, SIZES)
def test_what_is_too_wide_scrolls(screen, size):
    chosen_only = screen.cursor is not None and screen.lines
    for items in moments(lay_out(screen, size)):
        for item in items:
            if isinstance(item, Drawing) and not chosen_only:
                assert len(item.columns) <= item.box.w or item.scrolls, item


@given(SCREENS, SIZES)
def test_the_middle_leaves_the_edges_alone(screen, size):
    bare = replace(screen, headline="", number="", lines=(), alert="", cursor=None)
    layout = lay_out(screen, size)
    top = frame.status(screen, size[0]).height
    bottom = size[1] - frame.hints(screen.keys, size[0], size[1]).height
    for clock in (0.0, 4.0):
        full, empty = render(screen, size, clock), render(bare, size, clock)
        for area in ((0, 0, size[0], top), (0, bottom, size[0], size[1])):
            assert full.crop(area).tobytes() == empty.crop(area).tobytes()
    assert layout.pages >= 1


@given(SCREENS, SIZES, st.floats(0, 60))
def test_nothing_moves_before_it_is_due(screen, size, clock):
    wait = needs_animation(screen, size, clock)
    assert wait is None or wait > 0
    now = render(screen, size, clock).tobytes()
    for share in (0.3, 0.9):
        later = clock + (30.0 if wait is None else wait) * share
        assert render(screen, size, later).tobytes() == now


@given(SCREENS, SIZES)
@example(LONG, (128, 64))
def test_pages_are_counted_round(screen, size):
    pages = page_count(screen, size)
    again = replace(screen, page=screen.page + pages)
    assert render(again, size).tobytes() == render(screen, size).tobytes()


def test_every_page_shows_something_else():
    frames = {
        render(replace(LONG, page=page), (128, 64)).tobytes() for page in range(page_count(LONG, (128, 64)))
    }
    assert len(frames) == page_count(LONG, (128, 64)) > 3


def test_empty_fields_leave_their_room_to_the_others():
    few = Screen("x", "Ready", number="200")
    many = replace(few, headline="Anna", lines=("a", "b", "c"), alert="Stop")

    def digits_height(screen):
        return max(
            item.box.h
            for items in moments(lay_out(screen, (128, 64)))
            for item in items
            if isinstance(item, Drawing) and item.box.y > 10 and len(item.columns) > 20
        )

    assert digits_height(few) > digits_height(many)


def test_a_countdown_shrinks():
    def light(progress):
        screen = Screen("x", "Next", progress=progress)
        fixed = lay_out(screen, (128, 64)).fixed
        bars = (item.box for item in fixed if isinstance(item, Fill) and item.style == "solid")
        return max((box.right for box in bars), default=0)

    assert [light(share) for share in (1.0, 0.5, 0.0)] == [128, 64, 0]


def test_the_chosen_line_of_a_menu_is_always_seen():
    lines = tuple(f"Entry {number}" for number in range(12))
    for cursor in range(12):
        layout = lay_out(Screen("menu", "Menu", lines=lines, cursor=cursor), (128, 64))
        assert sum(isinstance(item, Drawing) and item.inverse for item in layout.fixed) == 1


def test_the_first_key_hint_stays_while_the_others_take_turns():
    keys = tuple(KeyHint(key, "Long word") for key in "DABC")
    screen = Screen("x", "x", keys=keys)
    frames = [render(screen, (128, 64), clock) for clock in (0.0, 3.0, 6.0)]
    first = (0, 53, 9, 64)
    assert len({frame.crop(first).tobytes() for frame in frames}) == 1
    assert len({frame.tobytes() for frame in frames}) == 3


def test_a_number_being_typed_shows_its_end():
    typed = [Screen("dialpad", "Dial", headline="号码", number="1" * 30 + last + "_") for last in "27"]
    assert render(typed[0], (128, 64)).tobytes() != render(typed[1], (128, 64)).tobytes()
    assert needs_animation(typed[0], (128, 64)) is None


def test_an_alert_stays_on_every_page():
    screen = replace(LONG, alert="Muted")
    for page in range(page_count(screen, (128, 64))):
        layout = lay_out(replace(screen, page=page), (128, 64))
        assert any(isinstance(item, Drawing) and item.inverse and item.box.y < 50 for item in layout.fixed)
