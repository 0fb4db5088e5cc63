# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk: callees, file server, and an agent with hands and eyes at a phone that boots the image."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Self

from callsheet.simulator.fileserver import FileServer
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.config import build_config
from tests.image.eyes import Eyes, Sight
from tests.image.machine import Phone
from tests.support.running import toml
from tests.support.workplace import AGENT, PIN, Workplace
from tests.vm.channel import GuestError
from tests.vm.handset import Handset
from tests.vm.headset import CARD, Buttons, Sound
from tests.vm.network import Cable

SIP_PASSWORD, CONSOLE_PASSWORD = "secret-101", "correct horse"
OPEN, CLOSE, LIFTED, LYING = b"\x05\x01", b"\x05\x00", b"\x05\x01", b"\x05\x00"
"""Reports of the Dell SP325: the phone opens and closes its link, its hook switch follows."""
START = 600.0
"""Seconds from power to a phone that can be used, on a machine that has more to do."""
SHIFT = 1500.0
CHANGES = 10.0
"""Seconds within which a key changes what the glass says."""


class Desk:
    """Everything around one phone. Use as a context manager."""

    def __init__(self, cable: Cable, folder: Path) -> None:
        """`folder`: for sheets, results, the callees' log and pictures of the glass."""
        self.folder = folder
        (folder / "files").mkdir(parents=True)
        config = build_config({"registrar": {"users": {AGENT: SIP_PASSWORD}}, "timers": {"rtp_silence": 20.0}})
        self.town = TownServer(config, (cable.host, 0), log=folder / "town.jsonl")
        self.files = FileServer(folder / "files", {AGENT: PIN}, (cable.host, 0))
        self.office = Workplace(folder, files=self.files.url)
        self.phone: Phone
        self.handset: Handset
        self.eyes: Eyes
        self.headset: Buttons
        self.sound: Sound

    def __enter__(self) -> Self:
        self.files.start()
        self.town.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.town.stop()
        self.files.close()

    def sit_down(self, phone: Phone) -> None:
        """In front of a phone that has just got power: solder in the handset's parts, plug in the headset."""
        self.phone = phone
        self.handset = Handset(phone)
        self.eyes = Eyes(self.handset.glass, self.folder / "glass")
        self.sound = Sound(phone)
        self.headset = Buttons.of(phone, "dell-sp325", 0x413C, 0x8223).plug()
        threading.Thread(target=_follow, args=(self.headset,), daemon=True).start()

    # What an agent does

    def sign_in(self) -> None:
        """With number and PIN; with the PIN alone where the phone knows whose work it has."""
        end = time.monotonic() + START
        while not (sight := self.eyes.look()).reads(f"PIN of {AGENT}"):
            assert time.monotonic() < end, f"nobody can sign in: see {self.eyes.keep(sight, 'instead')}"
            if sight.reads("PIN of"):  # a phone that was starting anew has missed a digit
                self.handset.press("*")
                self.eyes.gone("PIN of", CHANGES)
            elif sight.reads("Callsheet") and sight.reads("Dial"):
                self.handset.press(f"{AGENT}#")
                self.eyes.gone("Dial", CHANGES)
            time.sleep(0.1)
        self.handset.press(f"{PIN}#")

    def work(self, done: str, keys: Mapping[str, str], *, on_sight: Callable[[Sight], object] = lambda sight: None,
             timeout: float = SHIFT) -> Sight:
        """Press the key that goes with what the glass says, until it says `done`; each key once for each saying."""
        end = time.monotonic() + timeout
        while not (sight := self.eyes.look()).reads(done):
            assert time.monotonic() < end, f"never {done!r}: see {self.eyes.keep(sight, 'instead')}"
            on_sight(sight)
            said = next((words for words in keys if sight.reads(words)), "")
            if said:
                self.handset.press(keys[said])
                self.eyes.gone(said, CHANGES)
            time.sleep(0.1)
        return sight

    def hang_up_on(self, names: Collection[str]) -> Callable[[Sight], None]:
        """For `work`: end the call with each of these once it talks; once, for the glass is a little behind."""
        done: set[str] = set()

        def look(sight: Sight) -> None:
            name = next((name for name in names if sight.reads(name)), "") if sight.reads("Talking") else ""
            if name and name not in done:
                done.add(name)
                self.handset.press("D")

        return look


def provisioning(desk: Desk) -> str:
    """The file a technician puts on the card."""
    host, port = desk.town.address
    url = desk.files.url
    return toml({
        "phone": {"id": "vm", "zone": "Europe/London"},
        "sheet": {"url": f"{url}sheets/{{agent}}.json", "upload": f"{url}results/", "auth": "agent-pin", "retry_min": 0.5,
                  "retry_max": 2.0},
        "calls": {"wrap_up_failed": 0.0},
        "sip": {"server": f"{host}:{port}", "user": AGENT, "password": SIP_PASSWORD, "codecs": ["PCMU"], "rtp_port": 0,
                "retry_min": 1.0, "retry_max": 4.0},
        "audio": {"device": CARD},
        "console": {"password": CONSOLE_PASSWORD},
    })


def _follow(headset: Buttons) -> None:
    """Let the headset's hook switch follow its link, as this model does."""
    seen = 0
    while True:
        try:
            for report in headset.reports[seen:]:
                seen += 1
                if report.data in (OPEN, CLOSE):
                    headset.send(LIFTED if report.data == OPEN else LYING)
        except GuestError:
            return
        time.sleep(0.02)
