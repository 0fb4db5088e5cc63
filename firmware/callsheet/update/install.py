# SPDX-License-Identifier: GPL-3.0-or-later
"""An update from a link, a file or a stick: looked at, held against the rules, installed, followed to its end."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from callsheet.adapters.control import Refused
from callsheet.adapters.release import image_version
from callsheet.adapters.settings_files import boot_id
from callsheet.update import record
from callsheet.update.rauc import Rauc, explained
from callsheet.update.record import Record
from callsheet.update.slots import Slots, slots

log = logging.getLogger("callsheet.update")

STICKS = Path("/run/media")
STEP = 1.0
"""Seconds between looks at how far it is."""
_CHECK = re.compile(r"[a-z-]{1,20}")
_BEFORE = ("dev", "a", "b", "rc")
"""Before a release, in this order (Python's version specifiers, "Pre-releases")."""
_LASTS = ("installed", "trial", "good", "taken-back")
"""States that are worth a file on the card."""


class Updates:
    """The updates of this machine; one at a time."""

    def __init__(self, rauc: Rauc, data: Path, told: Path, *, state: Callable[[], Slots] = slots,
                 version: Callable[[], str] = image_version, sticks: Path = STICKS, boot: Callable[[], str] = boot_id) -> None:
        """`data`: where the record outlives a restart; `told`: where everybody can read it."""
        self._rauc, self._kept, self._told = rauc, data / record.NAME, told / record.NAME
        self._slots, self._version, self._sticks, self._boot = state, version, sticks, boot
        self._lock = threading.Lock()
        self.follower: threading.Thread | None = None

    def start(self) -> None:
        """What was written down before the restart, and what came of it since. Raises OSError."""
        last, now = record.read(self._kept), self._slots()
        if last.state in ("installed", "trial") and last.boot != self._boot():
            if now.running == last.slot:
                last = replace(last, state="trial" if now.on_trial else "good")
            elif now.state(last.slot) == "bad":
                last = replace(last, state="taken-back", reason="it did not start", remedy="ask its maker")
        self._say(last)

    def install(self, source: str, *, older: bool = False, failing: tuple[str, ...] = ()) -> dict[str, Any]:
        """Begin to install; how far it is is in the record. Raises Refused."""
        place = self._place(source)
        with self._lock:
            now = self._slots()
            if self.follower is not None and self.follower.is_alive():
                raise Refused("an update is being installed already", "update status shows how far it is")
            if now.on_trial:
                raise Refused("the running version is still on trial, and the other slot is the way back",
                              "wait until update status calls it good")
            bundle = self._rauc.inspect(place)
            self._allow(bundle.version, older)
            begun = Record("installing", bundle.version, source=_without_password(place), slot=now.other, boot=self._boot(),
                           failing=tuple(one for one in failing if _CHECK.fullmatch(one)))
            self._rauc.install(place)
            self._say(begun)
            self.follower = threading.Thread(target=self._follow, args=(begun,), name="update", daemon=True)
            self.follower.start()
        return {"version": bundle.version, "slot": begun.slot}

    def offer(self, folder: str) -> dict[str, Any]:
        """A stick was plugged in: say what is on it. A stick without a bundle is somebody's own business."""
        found = self._on_stick(folder)
        if found is None:
            return {"found": False}
        if record.read(self._told).state == "installing":
            return {"found": True}
        try:
            bundle = self._rauc.inspect(str(found))
        except Refused as refused:
            self._say(Record("refused", reason=refused.reason, remedy=refused.remedy, source=str(found)))
            return {"found": True, "error": refused.reason}
        self._say(Record("offered", bundle.version, source=str(found)))
        return {"found": True, "version": bundle.version}

    def withdraw(self) -> None:
        """The stick was pulled out."""
        if record.read(self._told).state in ("offered", "refused"):
            self._say(record.read(self._kept))

    def settle(self, good: bool, reason: str) -> dict[str, Any]:
        """The first start went well, or not: then the other slot starts next. Raises Refused."""
        now, last = self._slots(), record.read(self._told)
        if not now.on_trial:
            raise Refused("nothing is on trial")
        self._rauc.mark("good" if good else "bad", "booted")
        version = self._version() or last.version
        self._say(replace(last, state="good", version=version) if good else
                  replace(last, state="taken-back", version=version, reason=reason[:200], remedy="mend that, or ask its maker; then update again"))
        return {"settled": "good" if good else "taken-back"}

    def back(self) -> dict[str, Any]:
        """Have the other slot start from now on. Raises Refused."""
        now = self._slots()
        if now.state(now.other) != "good":
            raise Refused("the other slot has no version that ever worked", "update installs one")
        self._rauc.mark("active", "other")
        self._say(Record("taken-back", self._version(), reason="as you said", slot=now.running))
        return {"slot": now.other}

    def status(self) -> dict[str, Any]:
        """The slots, and what became of the last update."""
        now, last = self._slots(), record.read(self._told)
        return {"running": now.running, "version": self._version(), "states": {one: now.state(one) for one in "AB"} if now.running else {},
                "order": list(now.order), "update": {name: getattr(last, name) for name in last.__struct_fields__}}

    def _allow(self, version: str, older: bool) -> None:
        mine = self._version()
        if not older and mine and ordered(version) < ordered(mine):
            raise Refused(f"version {version} is older than the running {mine}", "add the word older if that is what you want")

    def _place(self, source: str) -> str:
        if source == "stick":
            found = self._on_stick(str(self._sticks))
            if found is None:
                raise Refused("no stick with a .raucb on it is plugged in", "copy it into the stick's top folder, FAT or ext4")
            return str(found)
        parts = urlsplit(source)
        if parts.scheme in ("http", "https") and parts.hostname:
            if parts.username or parts.password:
                raise Refused("a link with a password", "publish it where no log-in is needed: it is signed")
            return source
        path = Path(source)
        if not path.is_absolute() or ".." in path.parts or self._sticks not in path.parents:
            raise Refused("an update comes from http, https or a USB stick", "write https://… or the word stick")
        return source

    def _on_stick(self, folder: str) -> Path | None:
        """The bundle with the highest version in its name."""
        place = Path(folder)
        if place != self._sticks and self._sticks not in place.parents:
            raise Refused("not a stick's folder", f"such as {self._sticks}/sda1")
        found = [path for pattern in ("*.raucb", "*/*.raucb") for path in place.glob(pattern) if not path.name.startswith(".")]
        return max(found, key=lambda path: ordered(path.name.removesuffix(".raucb")), default=None)

    def _follow(self, begun: Record) -> None:
        last, trouble = begun, 0
        while True:
            time.sleep(STEP)
            try:
                now = self._rauc.progress()
                trouble = 0
            except (Refused, ValueError, KeyError) as error:
                trouble += 1
                if trouble < 30:
                    continue
                self._say(replace(begun, state="failed", reason=str(error), remedy="restart the phone and try again"))
                return
            if not now.busy:
                break
            if (now.percent, now.doing) != (last.percent, last.doing):
                last = replace(begun, percent=now.percent, doing=now.doing)
                self._say(last)
        if now.error:
            refused = explained(now.error)
            log.warning("the update failed: %s", now.error)
            self._say(replace(begun, state="failed", reason=refused.reason, remedy=refused.remedy))
        else:
            self._say(replace(begun, state="installed", percent=100))

    def _say(self, last: Record) -> None:
        if last.state in _LASTS:
            record.write(self._kept, last)
        record.write(self._told, last)


def ordered(version: str) -> tuple[tuple[int, ...], int, int]:
    """Sorts versions: by their numbers, a pre-release (1.0.dev2, 1.0rc1) before the release."""
    match = re.search(r"\d+(?:\.\d+)*", version)
    numbers = tuple(int(one) for one in match[0].split(".")) if match else ()
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    before = re.match(r"[.-]?(dev|a|b|rc)(\d*)", version[match.end():] if match else version)
    if before is None:
        return numbers, len(_BEFORE), 0
    return numbers, _BEFORE.index(before[1]), int(before[2] or 0)


def _without_password(place: str) -> str:
    """A link's query may be a token."""
    return place.partition("?")[0]
