# SPDX-License-Identifier: GPL-3.0-or-later
"""Who tells whom what, on devices whose descriptors are real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callsheet.adapters.headset import conversation
from callsheet.adapters.headset.controls import Controls
from callsheet.adapters.headset.conversation import Conversation, Host
from callsheet.adapters.headset.quirks import Quirk, quirk, table
from callsheet.core.events import HeadsetButton, HeadsetFailed, HeadsetReady
from tests.support.hid import descriptor

HOOK, MUTE = HeadsetButton("hook"), HeadsetButton("mute")
JABRA = quirk(0x0B0E, 1)
POLY = quirk(0x047F, 0xC056)
ANY = quirk(0x9999, 1)


class Line:
    """A conversation under a clock of its own."""

    def __init__(self, device="uc-dongle", maker: Quirk = JABRA, host: Host | None = None) -> None:
        self.host = host or Host()
        self.controls = Controls(descriptor(device))
        self.talk = Conversation(self.controls, maker, self.host)
        self.now = 100.0
        self.sent: list[bytes] = []
        self.posted: list[object] = []
        self._take(self.talk.begin(self.now))

    def do(self, name, *values):
        """One order to the headset; what came of it."""
        return self._take(getattr(self.talk, name)(*values, *(() if name in ("end", "lost") else (self.now,))))

    def says(self, *data: int):
        return self._take(self.talk.report(bytes(data), self.now))

    def wait(self, seconds: float):
        out = []
        until = self.now + seconds
        while (due := self.talk.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            out += self._take(self.talk.tick(self.now))
        self.now = until
        return out

    def _take(self, out):
        self.sent += [one for one in out if isinstance(one, bytes)]
        self.posted += [one for one in out if not isinstance(one, bytes)]
        return out

    def lit(self) -> int:
        """Lights of a device with one report."""
        return self.sent[-1][1]


def test_all_is_dark_at_the_beginning_and_at_the_end():
    line = Line()
    assert line.sent == [bytes([2, 0, 0])]
    line.do("off_hook", 1)
    line.do("ring", True)
    line.do("end")
    assert line.sent[-1] == bytes([2, 0, 0])


def test_the_link_is_open_when_the_hook_switch_follows_the_light():
    line = Line()
    assert line.do("off_hook", 7) == [bytes([2, 1, 0])]
    line.wait(1.7)
    assert line.says(2, 1, 0) == [HeadsetReady(7)]
    line.do("on_hook")
    assert line.lit() == 0
    assert line.says(2, 0, 0) == [], "its answer is no button"


def test_a_base_whose_headset_is_out_of_reach_fails_and_is_put_on_the_hook():
    line = Line()
    line.do("off_hook", 7)
    out = line.wait(5)
    assert out == [bytes([2, 0, 0]), HeadsetFailed(7, "no answer from the headset")]


def test_a_model_that_ought_to_answer_and_never_does_fails_once_only():
    line = Line()
    line.do("off_hook", 1)
    assert HeadsetFailed(1, "no answer from the headset") in line.wait(5)
    line.do("off_hook", 2)
    assert line.wait(conversation.SECOND) == [HeadsetReady(2)]
    line.do("on_hook")
    line.do("off_hook", 3)
    assert line.says(2, 1, 0) == [HeadsetReady(3)]
    line.do("on_hook")
    line.says(2, 0, 0)
    line.do("off_hook", 4)
    assert line.wait(4.0) == [], "it can answer, so it must"


def test_who_need_not_answer_is_waited_for_once_only():
    line = Line("dell-sp325", ANY)
    line.do("off_hook", 1)
    assert line.wait(ANY.wait) == [HeadsetReady(1)]
    line.do("on_hook")
    assert line.do("off_hook", 2)[-1] == HeadsetReady(2)


def test_who_answered_once_is_waited_for_from_then_on():
    line = Line("dell-sp325", ANY)
    line.do("off_hook", 1)
    line.wait(1.0)
    assert line.says(5, 1) == [], "late, but an answer"
    line.do("on_hook")
    line.says(5, 0)
    line.do("off_hook", 2)
    assert line.wait(4.0) == []
    assert line.says(5, 1) == [HeadsetReady(2)]


def test_without_a_hook_switch_or_a_light_there_is_nothing_to_wait_for():
    assert Line("razer-seiren", ANY).do("off_hook", 1) == [HeadsetReady(1)]
    assert Line("logitech-mx-brio", ANY).do("off_hook", 1) == [HeadsetReady(1)]


def test_the_button_answers_a_call_and_ends_it():
    line = Line()
    line.do("ring", True)
    assert line.lit() == 0b100100, "ring light and ringer"
    assert line.says(2, 1, 0) == [HOOK]
    assert line.do("off_hook", 3) == [bytes([2, 1, 0]), HeadsetReady(3)], "off-hook on and ring off in one report"
    assert line.do("ring", False) == []
    line.wait(30)
    assert line.says(2, 0, 0) == [HOOK]
    assert line.do("on_hook") == [bytes([2, 0, 0])]


def test_the_button_starts_a_call_that_we_then_acknowledge():
    line = Line()
    assert line.says(2, 1, 0) == [HOOK]
    line.wait(0.4)
    assert line.do("off_hook", 3) == [bytes([2, 1, 0]), HeadsetReady(3)]
    assert line.wait(10) == []


def test_a_button_that_leads_to_nothing_is_answered_by_on_hook():
    line = Line()
    line.says(2, 1, 0)
    assert line.wait(conversation.REFUSE) == [bytes([2, 0, 0])]
    assert line.says(2, 0, 0) == []


def test_a_button_that_the_headset_takes_back_itself_needs_no_answer():
    line = Line()
    line.says(2, 1, 0)
    line.wait(1.0)
    line.says(2, 0, 0)
    assert line.wait(5) == []


def test_a_hook_switch_that_springs_back_ends_no_call_by_being_released():
    """Declared as a switch, built as a button."""
    line = Line("dell-sp325", ANY)
    assert line.says(5, 1) == [HOOK]
    line.do("off_hook", 1)
    line.wait(0.2)
    assert line.says(5, 0) == []
    line.wait(20)
    assert line.says(5, 1) == [HOOK]
    line.do("on_hook")
    assert line.says(5, 0) == []


def test_a_hook_switch_that_never_followed_is_a_button_later():
    line = Line("dell-sp325", ANY)
    line.do("off_hook", 1)
    line.wait(20)
    assert line.says(5, 1) == [HOOK]
    assert line.says(5, 0) == []


def test_drop_ends_a_call():
    data = bytes.fromhex("050b0905a1011500250175019502092009268102950681010508091795019122950791 01c0".replace(" ", ""))
    talk = Conversation(Controls(data), ANY, Host())
    talk.off_hook(1, 10.0)
    assert talk.report(bytes([2]), 30.0) == [HOOK]
    talk.on_hook(30.1)
    assert talk.report(bytes([0]), 30.2) == [] and talk.report(bytes([2]), 30.4) == []


class Muting(Line):
    """In a call."""

    def __init__(self, device="uc-dongle", maker=JABRA, hook=(2, 1, 0)) -> None:
        super().__init__(device, maker)
        self.do("off_hook", 1)
        self.says(*hook)
        self.wait(10)

    def core_mutes(self, on: bool):
        return self.do("mute", on)


def test_the_mute_button_asks_and_we_answer_with_the_light():
    line = Muting()
    for on in (True, False, True):
        assert line.says(2, 0b1001, 0) == [MUTE]
        line.core_mutes(on)
        assert line.lit() == (0b11 if on else 0b01)
        assert line.says(2, 0b0001, 0) == []
        line.wait(1)


def test_our_own_mute_comes_back_as_an_echo_and_is_not_heard():
    line = Muting()
    line.core_mutes(True)
    line.wait(0.05)
    assert line.says(2, 0b1001, 0) == []
    assert line.says(2, 0b0001, 0) == []
    line.wait(1)
    assert line.says(2, 0b1001, 0) == [MUTE]


def test_a_doubled_mute_press_is_one():
    """WICG/webhid issue 61: two reports within 50 ms."""
    line = Muting("plantronics-blackwire-3220", POLY, (8, 2))
    assert line.says(8, 3) == [MUTE]
    line.core_mutes(True)
    line.says(8, 2)
    line.wait(0.05)
    assert line.says(8, 3) == []


def test_mute_is_not_heard_on_the_hook_and_not_shown():
    line = Line()
    assert line.says(2, 0b1000, 0) == []
    assert line.do("mute", True) == []
    assert line.do("off_hook", 1) == [bytes([2, 0b11, 0])], "a call that begins muted"


def test_a_mute_switch_that_keeps_its_state_is_followed_not_toggled():
    data = bytes.fromhex("050b0905a101150025017501950209200 92f8122950681010508091709099502 91229506 9101c0".replace(" ", ""))
    host = Host()
    talk = Conversation(Controls(data), ANY, host)
    talk.off_hook(1, 10.0)
    talk.report(bytes([1]), 10.1)
    assert talk.report(bytes([3]), 20.0) == [MUTE]
    talk.mute(True, 20.0)
    assert talk.report(bytes([1]), 25.0) == [MUTE]
    talk.mute(False, 25.0)
    assert talk.mute(True, 30.0) == [bytes([0, 3])]
    assert talk.report(bytes([3]), 30.5) == [], "it follows our light"


def test_a_mute_state_that_is_over_at_once_was_a_button():
    data = bytes.fromhex("050b0905a1011500250175019502092009 2f8122950681010508091709099502 91229506 9101c0".replace(" ", ""))
    talk = Conversation(Controls(data), ANY, Host())
    talk.off_hook(1, 10.0)
    talk.report(bytes([1]), 10.1)
    muted = False
    for at in (20.0, 25.0, 30.0):
        assert talk.report(bytes([3]), at) == [MUTE]
        muted = not muted
        talk.mute(muted, at + 0.01)
        assert talk.report(bytes([1]), at + 0.3) == []


def test_volume_keys_and_their_doubles():
    """Linux hid-plantronics: Blackwire 32xx report each volume key twice within 5 ms."""
    line = Line("plantronics-blackwire-3220", POLY)
    assert line.says(1, 1) == [HeadsetButton("volume-up")]
    assert line.says(1, 0) == []
    line.wait(0.004)
    assert line.says(1, 1) == []
    line.says(1, 0)
    line.wait(0.3)
    assert line.says(1, 2) == [HeadsetButton("volume-down")]


@pytest.mark.parametrize(("light", "lit"), [("mute", 0b000011), ("microphone", 0b010001), ("both", 0b010011)])
def test_which_light_means_muted_is_the_makers_choice(light, lit):
    line = Line(maker=replace(JABRA, mute_light=light))
    line.do("mute", True)
    line.do("off_hook", 1)
    assert line.lit() == lit


def test_another_headset_takes_over_where_the_first_was_pulled_out():
    first = Muting()
    first.core_mutes(True)
    first.do("lost")
    second = Line("dell-sp325", ANY, first.host)
    assert second.sent == [bytes([5, 0b11])], "off-hook and muted, as the call is"
    assert second.says(5, 1) == [], "it acknowledges"


def test_pulled_out_while_the_link_opens():
    line = Line()
    line.do("off_hook", 9)
    assert line.do("lost") == [HeadsetFailed(9, "pulled out")]
    assert line.wait(10) == []


def test_the_makers_table_is_sound():
    assert [one.vendor for one in table()].count(0) == 1
    assert quirk(0x047F, 0xC056).model and not quirk(0x047F, 1).model
    assert quirk(0x1234, 1).vendor == 0
    assert all(one.source for one in table()), "every fact names its source"


ORDERS = st.one_of(
    st.just(("on_hook",)), st.tuples(st.just("off_hook"), st.integers(1, 9)),
    st.tuples(st.just("mute"), st.booleans()), st.tuples(st.just("ring"), st.booleans()))
REPORTS = st.integers(0, 15).map(lambda bits: (2, bits, 0))


@given(st.lists(st.tuples(st.one_of(ORDERS, REPORTS), st.floats(0, 3)), max_size=40))
def test_whatever_happens_every_request_is_answered_once_and_the_lights_tell_the_truth(steps):
    line = Line()
    asked = 0
    for step, pause in steps:
        if isinstance(step[0], int):
            line.says(*step)
        else:
            asked += step[0] == "off_hook"
            line.do(*step)
        line.wait(pause)
    line.wait(10)
    answers = [one for one in line.posted if isinstance(one, HeadsetReady | HeadsetFailed)]
    assert len(answers) == asked
    bits = line.lit()
    assert bool(bits & 1) == line.host.off_hook
    assert bool(bits & 4) == line.host.ring
    assert bool(bits & 2) == (line.host.muted and line.host.off_hook)
