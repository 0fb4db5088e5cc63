# SPDX-License-Identifier: GPL-3.0-or-later
"""RAUC's D-Bus interface (RAUC manual, "D-Bus API") by way of busctl(1), and its complaints in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from callsheet.adapters.control import Refused

_NAME, _PATH, _INTERFACE = "de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer"
INSPECTS = 120.0
"""Seconds within which a bundle's head is there, also over a slow network."""
COMPATIBLE = "callsheet-arm64"
_BROKEN = ("it is broken, or was not copied or fetched whole", "copy or fetch it again, and compare its size")
_COMPLAINTS = (
    (r"[Cc]ompatible", "it is for another kind of machine", "take the .raucb whose name begins with callsheet- and ends in arm64"),
    (r"signature|[Vv]erify error|certificate|CMS|signer", "it is not signed by anybody this phone trusts",
     "take it from where the phone's image came from"),
    (r"magic|[Nn]ot a valid bundle|truncat|[Ss]quashfs|identifier|too short|exceeds|verity|nput/output|bundle size|manifest", *_BROKEN),
    (r"HTTP.* 40[13]|40[13] ", "the server refuses it", "publish it where no log-in is needed: it is signed"),
    (r"HTTP.* 404|404 ", "the server has no such file", "look at the link"),
    (r"[Rr]ange", "the server does not send parts of a file", "use another web server, or a USB stick"),
    (r"responding|[Rr]esolv|[Cc]onnect|[Tt]im(ed|e)[ -]?out|[Nn]etwork|nbd|NBD|curl|download|HTTP|SSL|TLS", "it could not be fetched to its end",
     "look at link and network and say it again: what is there already is not fetched anew"),
    (r"[Ss]lot.*(small|large)|too (small|large)|[Nn]o space", "it is too large for this card's slots",
     "write a new card with the new image; the old card's callsheet.toml goes on it"),
)

Run = Callable[[Sequence[str], float], str]


class Progress(Struct, frozen=True):
    """How far an installation is."""

    busy: bool
    percent: int
    doing: str
    error: str


class Bundle(Struct, frozen=True):
    """What a bundle says of itself, its signature having been checked."""

    version: str
    compatible: str


def explained(complaint: str) -> Refused:
    """RAUC's words as reason and remedy; its own end the reason where that helps whoever looks into it."""
    # A link may hold a token, and any word.
    complaint = re.sub(r"https?://\S+", "the link", complaint)
    complaint = " ".join(re.sub(r"GDBus\.Error:[\w.]+: ?|Call failed: ?|busctl: ?", "", complaint).split())
    for pattern, reason, remedy in _COMPLAINTS:
        if re.search(pattern, complaint):
            return Refused(f"{reason} ({complaint[-160:]})", remedy)
    return Refused(complaint[-200:] or "RAUC does not say why", "log shows more")


class Rauc:
    """The service, as far as we need it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def inspect(self, source: str) -> Bundle:
        """Look at a bundle without installing it. Raises Refused, explained."""
        found = self._call(INSPECTS, "InspectBundle", "sa{sv}", source, "0")[0]
        update = _plain(found.get("update"))
        bundle = Bundle(str(update.get("version", "")), str(update.get("compatible", "")))
        if bundle.compatible != COMPATIBLE:
            raise explained(f"compatible is {bundle.compatible!r}, not {COMPATIBLE!r}")
        return bundle

    def install(self, source: str) -> None:
        """Begin to install a bundle. Raises Refused."""
        # RAUC 1.13 cannot be told which one exactly; whatever is there by now is signed, too.
        self._call(INSPECTS, "InstallBundle", "sa{sv}", source, "0")

    def progress(self) -> Progress:
        """How far it is. Raises Refused if the service does not answer."""
        text = self._run(("busctl", "--json=short", "--timeout=60", "get-property", _NAME, _PATH, _INTERFACE, "Operation", "Progress", "LastError"), 70.0)
        operation, progress, error = (json.loads(line)["data"] for line in text.splitlines())
        return Progress(operation != "idle", int(progress[0]), str(progress[1]), str(error))

    def mark(self, state: str, slot: str) -> None:
        """Call a slot ("booted", "other") good, bad or active. Raises Refused."""
        self._call(60.0, "Mark", "ss", state, slot)

    def _call(self, patience: float, *words: str) -> list[Any]:
        command = ("busctl", "--json=short", f"--timeout={patience:.0f}", "call", _NAME, _PATH, _INTERFACE, *words)
        try:
            text = self._run(command, patience + 10.0)
        except Refused as refused:
            raise explained(refused.reason) from None
        data = json.loads(text)["data"] if text.strip() else []
        return data if isinstance(data, list) else [data]


def _plain(value: Any) -> Any:
    """busctl's {"type": …, "data": …} down to the data."""
    if isinstance(value, dict):
        if value.keys() == {"type", "data"}:
            return _plain(value["data"])
        return {key: _plain(one) for key, one in value.items()}
    return value
