# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's thread: choosing, plugging, pulling, and who is told."""

from __future__ import annotations

import socket

import pytest

from callsheet.adapters.faults import Faults
from callsheet.adapters.headset import cards, driver
from callsheet.adapters.headset.driver import UsbHeadset
from callsheet.adapters.headset.uevents import concerns_headsets
from callsheet.core.events import HeadsetButton, HeadsetChanged, HeadsetFailed, HeadsetReady
from tests.support.eventually import eventually
from tests.support.hid import Machine


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "SETTLE", 0.02)
    made = Machine(tmp_path)
    yield made
    made.close()


class Desk:
    """A phone's headset adapter on a machine."""

    def __init__(self, machine: Machine, wanted="auto", events=True) -> None:
        self.seen: list[object] = []
        self.faults = Faults()
        self.headset = UsbHeadset(wanted, self.faults, asound=machine.asound, hidraw=machine.hidraw, dev=machine.dev,
                                  events=machine.events if events else lambda: None, open_node=machine.open_node)

    def __enter__(self) -> Desk:
        self.headset.start(self.seen.append)
        eventually(lambda: self.seen)
        return self

    def __exit__(self, *_: object) -> None:
        self.headset.close()

    def presence(self) -> HeadsetChanged:
        return next(event for event in reversed(self.seen) if isinstance(event, HeadsetChanged))


def test_a_headset_that_is_there_is_told_and_its_lights_are_put_out(machine):
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with Desk(machine) as desk:
        assert desk.seen == [HeadsetChanged(True, "Jabra EVOLVE 65")]
        assert hid.hears() == bytes([2, 0, 0])
    assert hid.heard() == []


def test_off_hook_waits_for_the_headset_and_all_goes_dark_when_the_phone_closes(machine):
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with Desk(machine) as desk:
        hid.hears()
        desk.headset.off_hook(5)
        assert hid.hears() == bytes([2, 1, 0])
        assert HeadsetReady(5) not in desk.seen
        hid.says(2, 1, 0)
        eventually(lambda: HeadsetReady(5) in desk.seen)
        hid.says(1, 2)
        eventually(lambda: HeadsetButton("volume-up") in desk.seen)
    assert hid.hears() == bytes([2, 0, 0]), "the busy light too"


def test_pulled_out_and_plugged_in_again_in_a_call(machine):
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with Desk(machine) as desk:
        hid.hears()
        desk.headset.off_hook(5)
        hid.hears()
        hid.says(2, 1, 0)
        eventually(lambda: HeadsetReady(5) in desk.seen)
        machine.pull(1)
        eventually(lambda: desk.presence() == HeadsetChanged(False, ""))
        desk.headset.show_mute(True)
        again = machine.plug(2, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
        eventually(lambda: desk.presence().present)
        assert again.hears() == bytes([2, 0b11, 0]), "off-hook and muted, as the call is"
        assert not [event for event in desk.seen if isinstance(event, HeadsetFailed)]


def test_pulled_out_while_the_link_opens(machine):
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with Desk(machine) as desk:
        hid.hears()
        desk.headset.off_hook(5)
        hid.hears()
        machine.pull(1)
        eventually(lambda: HeadsetFailed(5, "pulled out") in desk.seen)
        eventually(lambda: not desk.presence().present)
        desk.headset.off_hook(6)
        eventually(lambda: HeadsetFailed(6, "no headset") in desk.seen)


def test_a_headset_that_comes_later(machine):
    with Desk(machine) as desk:
        assert desk.seen == [HeadsetChanged(False, "")]
        machine.plug(0, "PCH", "HDA Intel PCH", usb=False)
        machine.plug(3, "C920", "HD Webcam C920", duplex=False)
        hid = machine.plug(1, "SP325", "Dell SP325", hid="dell-sp325", vendor=0x413C, product=0x8223)
        eventually(lambda: desk.presence() == HeadsetChanged(True, "Dell SP325"))
        assert hid.hears() == bytes([5, 0])


def test_a_headset_without_buttons_is_one_all_the_same(machine):
    machine.plug(1, "Plain", "Plain USB Headset")
    with Desk(machine) as desk:
        assert desk.presence() == HeadsetChanged(True, "Plain USB Headset")
        desk.headset.show_ring(True)
        desk.headset.off_hook(1)
        eventually(lambda: HeadsetReady(1) in desk.seen)
        desk.headset.on_hook()


def test_chosen_by_name_and_the_buttons_are_those_of_the_same_housing(machine):
    machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    hid = machine.plug(2, "SP325", "Dell SP325", hid="dell-sp325", vendor=0x413C, product=0x8223)
    with Desk(machine, "sp325") as desk:
        assert desk.presence() == HeadsetChanged(True, "Dell SP325")
        assert hid.hears() == bytes([5, 0])
        desk.headset.off_hook(1)
        assert hid.hears() == bytes([5, 1])


def test_buttons_that_may_not_be_used_are_a_fault_and_the_sound_stays(machine, monkeypatch):
    monkeypatch.setattr(driver, "RETRY", 0.02)
    machine.denied = True
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with Desk(machine) as desk:
        assert desk.presence().present
        eventually(lambda: "Permission denied" in desk.faults.standing.get("headset", ""))
        desk.headset.off_hook(1)
        eventually(lambda: HeadsetReady(1) in desk.seen)
        machine.denied = False
        assert hid.hears() == bytes([2, 1, 0])
        eventually(lambda: not desk.faults.standing)


def test_whatever_goes_wrong_the_thread_goes_on(machine, monkeypatch):
    monkeypatch.setattr(driver, "RETRY", 0.02)
    hid = machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    broken = [True]
    chosen = cards.choose
    monkeypatch.setattr(cards, "choose", lambda *words: chosen(*words) if not broken else 1 / 0)
    desk = Desk(machine)
    desk.headset.start(desk.seen.append)
    eventually(lambda: "division" in desk.faults.standing.get("headset", ""))
    broken.clear()
    assert hid.hears() == bytes([2, 0, 0])
    eventually(lambda: not desk.faults.standing)
    desk.headset.close()


def test_a_descriptor_without_sense_is_a_fault(machine):
    machine.plug(1, "H65", "Odd one", hid="uc-dongle")
    (path,) = machine.hidraw.glob("*/device/report_descriptor")
    path.write_bytes(bytes.fromhex("050b a101"))
    with Desk(machine) as desk:
        eventually(lambda: "not closed" in desk.faults.standing.get("headset", ""))
        machine.pull(1)
        eventually(lambda: not desk.faults.standing)


def test_where_the_kernel_tells_nothing_it_is_looked_for(machine, monkeypatch):
    monkeypatch.setattr(driver, "RETRY", 0.02)
    with Desk(machine, events=False) as desk:
        machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
        eventually(lambda: desk.presence().present)


def test_no_sound_at_all_is_always_there(machine):
    with Desk(machine, "null") as desk:
        assert desk.presence() == HeadsetChanged(True, "null")


@pytest.mark.parametrize(("wanted", "found"), [
    ("auto", "H65"), ("jabra", "H65"), ("H65", "H65"), ("plughw:CARD=Second,DEV=0", "Second"), ("second", "Second"),
    ("nothing like it", None),
])
def test_choosing(machine, wanted, found):
    machine.plug(0, "PCH", "HDA Intel PCH", usb=False)
    machine.plug(1, "Cam", "Webcam", duplex=False)
    machine.plug(2, "H65", "Jabra EVOLVE 65")
    machine.plug(3, "Second", "Another headset")
    chosen = cards.choose(wanted, cards.cards(machine.asound))
    assert (chosen.id if chosen else None) == found


def test_a_pcm_of_alsas_configuration_cannot_be_pulled_out(tmp_path):
    config = tmp_path / "asound.conf"
    config.write_text('pcm.mine { type null }\npcm."yours" {\n}\n')
    assert cards.always_there("mine", (config,)) and cards.always_there("yours", (config,))
    assert not cards.always_there("other", (config,)) and not cards.always_there("auto", (config,))


@pytest.mark.parametrize(("message", "concerns"), [
    (b"add@/x\0ACTION=add\0SUBSYSTEM=sound\0", True), (b"remove@/x\0ACTION=remove\0SUBSYSTEM=hidraw\0", True),
    (b"change@/x\0ACTION=change\0SUBSYSTEM=sound\0", False), (b"add@/x\0ACTION=add\0SUBSYSTEM=block\0", False),
    (b"nonsense", False), (b"libudev\0\xfe\xed\xca\xfe", False),
])
def test_which_messages_of_the_kernel_matter(message, concerns):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.setblocking(False)
    with ours, theirs:
        ours.send(message)
        assert concerns_headsets(theirs) is concerns
        assert concerns_headsets(theirs) is False
