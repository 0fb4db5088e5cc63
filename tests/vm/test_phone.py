# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole phone on its own processor: signed in, dialled, talked and hung up through the handset alone."""

from __future__ import annotations

import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callsheet.core.model import Task
from callsheet.simulator.fileserver import FileServer
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from callsheet.simulator.town.config import build_config
from tests.sip.peers import sounds
from tests.support.workplace import AGENT, PIN, Workplace, number, sheet_of
from tests.vm.handset import Handset
from tests.vm.headset import CARD, RATE, Buttons, Sound
from tests.vm.machine import Machine
from tests.vm.network import Cable
from tests.vm.phone import Phone

AGENT_HZ, CALLEE_HZ = 700, 1300
OPEN, CLOSE, LIFTED, LYING = b"\x05\x01", b"\x05\x00", b"\x05\x01", b"\x05\x00"
"""Reports of the Dell SP325: the phone opens and closes its link, its hook switch follows."""
TRIES = 5
ADA = Task("ada", number(1), name="Ada")


@pytest.fixture
def town(cable: Cable, tmp_path: Path) -> Iterator[TownServer]:
    config = build_config({"registrar": {"users": {AGENT: "secret-101"}}})
    with TownServer(config, (cable.host, 0), log=tmp_path / "town.jsonl") as made:
        yield made


@pytest.fixture
def office(cable: Cable, tmp_path: Path) -> Iterator[Workplace]:
    root = tmp_path / "office"
    (root / "files").mkdir(parents=True)
    server = FileServer(root / "files", {AGENT: PIN}, (cable.host, 0)).start()
    with Workplace(root, files=server.url) as made:
        yield made
    server.close()


@pytest.fixture
def headset(guest: Machine) -> Iterator[Buttons]:
    with Buttons.of(guest, "dell-sp325", 0x413C, 0x8223) as made:
        yield made


@pytest.fixture(scope="module")
def sound(guest: Machine) -> Sound:
    return Sound(guest)


@pytest.fixture
def phone(handset: Handset, sound: Sound, headset: Buttons, town: TownServer, office: Workplace,
          cable: Cable) -> Iterator[Phone]:
    handset.glass.fit("ssd1306")
    handset.guest.run("sh", "-c", "rm -rf /data/*")
    with Phone(handset, settings(town, office, cable)) as made:
        yield made


def settings(town: TownServer, office: Workplace, cable: Cable) -> dict[str, dict[str, Any]]:
    host, port = town.address
    return {
        "phone": {"id": "vm", "zone": "Europe/London"},
        "sheet": {"url": f"{office.files}sheets/{{agent}}.json", "upload": f"{office.files}results/", "auth": "agent-pin",
                  "retry_min": 0.5, "retry_max": 2.0},
        "sip": {"server": f"{host}:{port}", "user": AGENT, "password": "secret-101", "codecs": ["PCMU"],
                "local_address": cable.guest, "rtp_port": 0},
        "audio": {"device": CARD},
    }


def sign_in(phone: Phone) -> None:
    phone.until("off", true=lambda screen: not screen.alert)
    phone.shows("off")
    phone.press(f"{AGENT}#{PIN}#")


def dial(phone: Phone, headset: Buttons) -> float:
    """Call whom the display shows; when the headset's link was opened, in seconds of this machine's clock.

    The core gives headset and sound card 5 s. On a busy machine the emulated card may need more: then
    the phone says so, no INVITE has left, and the agent tries again.
    """
    for _ in range(TRIES):
        sent = len(headset.reports)
        phone.press("D")
        opened = headset.wait(OPEN, sent)
        headset.send(LIFTED)
        if phone.until("talking", "paused").mode == "talking":
            return opened.at
        headset.wait(CLOSE, sent)
        headset.send(LYING)
        phone.press("A")
        phone.until("preview")
    raise AssertionError(f"no call in {TRIES} tries:\n{phone.story()}")


def loudness(samples: array.array[int], hz: int) -> float:
    """Amplitude of a frequency in the loudest second of what was heard."""
    heard = np.asarray(samples)
    return max(sounds.amplitude(heard[at : at + RATE], RATE, hz) for at in range(0, len(heard) - RATE + 1, RATE // 2))


def test_a_call_through_the_handset_alone(phone: Phone, headset: Buttons, sound: Sound, town: TownServer,
                                          office: Workplace) -> None:
    handset = phone.handset
    town.assign(ADA.number, Behaviour(ring=1.5, voice="tone", hz=CALLEE_HZ))
    office.publish(sheet_of(ADA, mode="preview", preview=0.0))
    sign_in(phone)
    phone.until("paused", "signed-in", "ready", "preview", "finished", "waiting")
    phone.press("A")
    phone.shows("preview")
    handset.wait_lit(work=True)

    opened = dial(phone, headset)
    phone.shows("talking")
    handset.wait_lit(line=True)
    (invite,) = town.wait("invite", timeout=60)
    assert opened < invite["clock"], "the headset's link is open before the callee's phone rings"

    hum = sounds.tone((AGENT_HZ,), 8.0)
    mouth = sound.begin(array.array("h", hum.tolist()))
    heard = sound.hear(4.0)
    assert loudness(heard, CALLEE_HZ) > 1000 > loudness(heard, AGENT_HZ)
    mouth.wait()

    sent = len(headset.reports)
    headset.send(LYING)
    phone.shows("wrap-up")
    headset.wait(CLOSE, sent)
    handset.wait_lit(line=False)
    town.wait("end", timeout=60)
    (call,) = town.calls
    assert call.ended_by == "phone"
    assert call.rtp is not None and call.rtp.dominant_hz == pytest.approx(AGENT_HZ, abs=10)

    phone.press("1")
    phone.until("finished", "off", "waiting")
    assert office.wait_attempt(ADA.id).number == ADA.number
    assert handset.lines.shorts() == 0
