# SPDX-License-Identifier: GPL-3.0-or-later
"""Report descriptors: real ones, odd ones and nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.adapters.headset.controls import Controls
from callsheet.adapters.headset.descriptor import DescriptorError, parse
from tests.support.hid import DEVICES, descriptor

ALL = {"off-hook", "ring", "mute", "microphone"}


@pytest.mark.parametrize(("name", "hook", "mute", "lights"), [
    ("dell-sp325", (5, 0), (5, 1), ALL),
    ("anker-powerconf", (2, 0), (2, 2), ALL),
    ("plantronics-blackwire-3220", (8, 1), (8, 0), {"off-hook", "ring", "mute"}),
    ("logitech-mx-brio", (8, 1), (8, 0), {"mute"}),
    ("uc-dongle", (2, 0), (2, 3), ALL | {"ringer"}),
])
def test_real_devices(name, hook, mute, lights):
    """Report and bit of the buttons, as their finders documented them."""
    controls = Controls(descriptor(name))
    assert controls.telephone
    for button, place in (("hook", hook), ("mute", mute)):
        field = controls.kinds[button]
        assert (field.report, field.offset, field.size) == (*place, 1)
    assert controls.kinds["hook"].keeps_state and controls.kinds["mute"].relative
    assert controls.lights == lights


@pytest.mark.parametrize("name", DEVICES)
def test_every_device_ends_on_whole_bytes_and_tells_buttons_apart(name):
    described = parse(descriptor(name))
    assert described.numbered
    for (kind, report), length in described.lengths.items():
        used = [field for field in described.fields if (field.kind, field.report) == (kind, report)]
        assert all(field.offset + field.size <= length * 8 for field in used)
    controls = Controls(descriptor(name))
    for button, field in controls.kinds.items():
        bit = 1 << field.offset
        report = bytes([field.report]) + bit.to_bytes(8, "little")
        assert [b for b, down in controls.pressed(report).items() if down] == [button]


def test_lights_in_one_report_keep_each_other_and_lights_apart_do_not_meet():
    together = Controls(descriptor("dell-sp325"))
    assert together.reports({"off-hook": True, "mute": True}, {"mute"}) == [bytes([5, 0b11])]
    assert together.reports({"off-hook": True, "ring": True}, {"off-hook", "ring"}) == [bytes([5, 0b101])]
    apart = Controls(descriptor("plantronics-blackwire-3220"))
    assert apart.reports({"off-hook": True, "mute": True}, {"mute", "off-hook"}) == [bytes([0x17, 1]), bytes([9, 1])]
    padded = Controls(descriptor("uc-dongle"))
    assert padded.reports({"ring": True, "ringer": True}, {"ring", "ringer"}) == [bytes([2, 0b100100, 0])], \
        "the padding belongs to the report"


def test_a_report_that_is_too_short_or_about_something_else_says_nothing():
    controls = Controls(descriptor("dell-sp325"))
    assert controls.pressed(b"") == {}
    assert controls.pressed(bytes([7, 255, 255])) == {}
    assert not any(controls.pressed(bytes([5])).values())


def telephony(*middle: int) -> bytes:
    return bytes([0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, *middle, 0xC0])


def test_without_report_ids_the_first_byte_is_data_and_output_begins_with_zero():
    controls = Controls(telephony(0x95, 1, 0x09, 0x20, 0x81, 0x22, 0x95, 7, 0x81, 1,
                                  0x05, 0x08, 0x09, 0x17, 0x95, 1, 0x91, 0x22, 0x95, 7, 0x91, 1))
    assert controls.pressed(bytes([1])) == {"hook": True}
    assert controls.reports({"off-hook": True}, {"off-hook"}) == [bytes([0, 1])]


def test_an_array_names_what_is_down():
    """Two of the buttons as numbers in a slot, §6.2.2.5."""
    controls = Controls(telephony(0x15, 1, 0x25, 2, 0x75, 8, 0x95, 1, 0x09, 0x20, 0x09, 0x2F, 0x81, 0x00))
    assert controls.pressed(bytes([1])) == {"hook": True, "mute": False}
    assert controls.pressed(bytes([2])) == {"hook": False, "mute": True}
    assert controls.pressed(bytes([0])) == {"hook": False, "mute": False}


def test_ranges_wide_usages_push_and_nested_applications():
    described = parse(bytes([
        0x05, 0x0B, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x05, 0xA1, 0x01, 0xA4,
        0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x75, 1, 0x95, 3, 0x81, 2,
        0xB4, 0x0B, 0x17, 0x00, 0x08, 0x00, 0x75, 1, 0x95, 1, 0x91, 2, 0x09, 0x20, 0x81, 0x22, 0xC0, 0xC0]))
    assert [(field.kind, field.offset, *field.usages) for field in described.fields] == [
        ("input", 0, 0x90001), ("input", 1, 0x90002), ("input", 2, 0x90003), ("output", 0, 0x80017),
        ("input", 3, 0xB0020)]


def test_a_page_that_comes_after_its_usages_is_theirs():
    described = parse(bytes([0x09, 0x20, 0x09, 0x2F, 0x05, 0x0B, 0x75, 1, 0x95, 2, 0x81, 2]))
    assert [field.usages for field in described.fields] == [(0xB0020,), (0xB002F,)]


@pytest.mark.parametrize(("data", "reason"), [
    ("05", "cut off"), ("a101", "not closed"), ("c0", "never opened"), ("b4", "pop without push"),
    ("8500", "report id 0"), ("050b 7540 96ffff 0920 8102", "report of"), ("29ff", "without a beginning"),
    ("00" * 5000, "more than"),
])
def test_nonsense_is_named(data, reason):
    with pytest.raises(DescriptorError, match=reason):
        parse(bytes.fromhex(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_descriptor_or_an_error(data):
    try:
        controls = Controls(data)
    except DescriptorError:
        return
    controls.pressed(data)
    controls.reports(dict.fromkeys(controls.lights, True), set(controls.lights))
