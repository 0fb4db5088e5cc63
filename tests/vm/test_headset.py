# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's driver against real report descriptors in the kernel's own HID stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.vm.headset import CARD, Buttons, Sound
from tests.vm.machine import Machine
from tests.vm.parts import Parts


@dataclass(frozen=True)
class Model:
    """A headset: what it is told to open its link, to close it, to ring; what it says of its hook switch."""

    file: str
    vendor: int
    product: int
    open: bytes
    close: bytes
    ring: bytes
    hook: bytes
    rest: bytes


MODELS = (
    Model("plantronics-blackwire-3220", 0x047F, 0xC056, b"\x17\x01", b"\x17\x00", b"\x18\x01", b"\x08\x02", b"\x08\x00"),
    Model("dell-sp325", 0x413C, 0x8223, b"\x05\x01", b"\x05\x00", b"\x05\x04", b"\x05\x01", b"\x05\x00"),
    Model("anker-powerconf", 0x291A, 0x3301, b"\x02\x01", b"\x02\x00", b"\x02\x04", b"\x02\x01", b"\x02\x00"),
    # Its telephony page has a ringer of its own beside the lamp.
    Model("uc-dongle", 0x0B0E, 0x0305, b"\x02\x01\x00", b"\x02\x00\x00", b"\x02\x24\x00", b"\x02\x01\x00", b"\x02\x00\x00"),
)


@pytest.fixture(scope="module")
def sound(guest: Machine) -> Sound:
    return Sound(guest)


@pytest.fixture(params=MODELS, ids=lambda model: model.file)
def model(request: pytest.FixtureRequest) -> Model:
    return request.param


@pytest.fixture
def buttons(guest: Machine, model: Model) -> Iterator[Buttons]:
    with Buttons.of(guest, model.file, model.vendor, model.product) as made:
        yield made


@pytest.fixture
def parts(guest: Machine, sound: Sound, buttons: Buttons) -> Iterator[Parts]:
    with Parts(guest, f"headset={CARD}") as made:
        made.wait(0, "HeadsetChanged")
        yield made


def test_its_link_is_open_before_the_phone_hears_that_it_is(model: Model, buttons: Buttons, parts: Parts) -> None:
    since, seen = parts.mark(), len(buttons.reports)
    parts.headset("off_hook", 7)
    buttons.wait(model.open, seen)
    buttons.send(model.hook)
    (ready,) = [one for one in parts.wait(since, "HeadsetReady") if one["event"] == "HeadsetReady"]
    assert ready["id"] == 7
    parts.headset("on_hook")
    buttons.wait(model.close, seen + 1)


def test_its_button_answers_a_ring(model: Model, buttons: Buttons, parts: Parts) -> None:
    since, seen = parts.mark(), len(buttons.reports)
    parts.headset("show_ring", True)
    buttons.wait(model.ring, seen)
    buttons.send(model.hook)
    (pressed,) = [one for one in parts.wait(since, "HeadsetButton") if one["event"] == "HeadsetButton"]
    assert pressed["button"] == "hook"


def test_pulled_out_while_its_link_opens(guest: Machine, sound: Sound, model: Model) -> None:
    """The card stays, so the phone has a headset still, and must not wait for ever."""
    with Parts(guest, f"headset={CARD}") as parts:
        with Buttons.of(guest, model.file, model.vendor, model.product) as buttons:
            parts.wait(0, "HeadsetChanged")
            since = parts.mark()
            parts.headset("on_hook")
            parts.headset("show_ring", True)
            buttons.wait(model.ring)
            parts.headset("off_hook", 9)
            buttons.wait(model.open)
        events = parts.events(since)
        ended = parts.wait(since, *(() if any(one["event"] == "HeadsetReady" for one in events) else ("HeadsetFailed",)))
        assert {"HeadsetReady", "HeadsetFailed"} & {one["event"] for one in ended}
        since = parts.mark()
        parts.headset("off_hook", 10)
        parts.wait(since, "HeadsetReady")
