# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sound cards and HID devices are there, and which of them are the headset.

Read from /proc/asound and sysfs: no library is asked, and a test can make its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

ASOUND = Path("/proc/asound")
HIDRAW = Path("/sys/class/hidraw")
ALSA_CONFIGS = (Path("/etc/asound.conf"), Path("~/.asoundrc"))
ALWAYS = frozenset({"null", "file"})
"""Sound devices that are no headset and cannot be pulled out."""

_ENTRY = re.compile(r"^\s*(\d+)\s*\[(.{15})\]:\s*(.*?)\s*$")
_TELEPHONY = b"\x05\x0b"
"""Usage Page (Telephony) in a report descriptor."""


class Card(Struct, frozen=True):
    """A sound card."""

    index: int
    id: str
    """As in "hw:CARD=…"."""
    name: str
    usb: str = ""
    """Bus and device number, "001/004"; empty: not on USB."""
    vendor: int = 0
    product: int = 0
    duplex: bool = False
    """It can speak and listen."""


class HidNode(Struct, frozen=True):
    """A HID device with a telephony page."""

    node: str
    """Name under /dev."""
    name: str
    vendor: int
    product: int
    usb: str
    descriptor: bytes


def cards(folder: Path = ASOUND) -> tuple[Card, ...]:
    """The sound cards, in the kernel's order."""
    try:
        lines = (folder / "cards").read_text(errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(_card(folder, *match.groups()) for match in map(_ENTRY.match, lines) if match)


def _card(folder: Path, index: str, id: str, text: str) -> Card:
    place = folder / f"card{index}"
    vendor, _, product = _read(place / "usbid").partition(":")
    _, _, name = text.partition(" - ")
    return Card(int(index), id.strip(), name or text, _read(place / "usbbus"), _hex(vendor), _hex(product),
                any(place.glob("pcm*p")) and any(place.glob("pcm*c")))


def hid_nodes(folder: Path = HIDRAW) -> tuple[HidNode, ...]:
    """The HID devices that may be telephones, by name."""
    return tuple(_nodes(folder))


def _nodes(folder: Path) -> Iterator[HidNode]:
    for entry in sorted(folder.glob("hidraw*"), key=lambda path: (len(path.name), path.name)):
        with suppress(OSError):
            device = (entry / "device").resolve()
            descriptor = (device / "report_descriptor").read_bytes()
            if _TELEPHONY not in descriptor:
                continue
            about = dict(line.partition("=")[::2] for line in _read(device / "uevent").splitlines())
            _, vendor, product = (*about.get("HID_ID", "").split(":"), "", "", "")[:3]
            yield HidNode(entry.name, about.get("HID_NAME", entry.name), _hex(vendor), _hex(product),
                          _usb_of(device), descriptor)


def choose(wanted: str, there: tuple[Card, ...]) -> Card | None:
    """The headset: the first USB card that can speak and listen, or the one named (any part of its name)."""
    if wanted == "auto":
        return next((card for card in there if card.usb and card.duplex), None)
    text = wanted.lower()
    return next((card for card in there if text == card.id.lower()), None) or next(
        (card for card in there if text in f"{card.id} {card.name}".lower() or f"card={card.id.lower()}," in f"{text},"),
        None)


def partner(card: Card, nodes: tuple[HidNode, ...]) -> HidNode | None:
    """The HID device in the same housing; for a card that is not on USB any telephone there is."""
    if not card.usb:
        return next(iter(nodes), None)
    return next((node for node in nodes if node.usb == card.usb), None) or next(
        (node for node in nodes if not node.usb and (node.vendor, node.product) == (card.vendor, card.product)), None)


def always_there(wanted: str, configs: tuple[Path, ...] = ALSA_CONFIGS) -> bool:
    """Whether it is no card at all: "null", "file", or a PCM that somebody defined in ALSA's configuration."""
    if wanted in ALWAYS:
        return True
    defined = re.compile(rf"^\s*pcm\.!?\"?{re.escape(wanted)}\"?[\s{{]", re.MULTILINE)
    return wanted != "auto" and any(defined.search(_read(path.expanduser())) for path in configs)


def _usb_of(device: Path) -> str:
    """Bus and device number of the USB device above a HID device, as ALSA writes them."""
    for parent in device.parents:
        bus, number = _read(parent / "busnum"), _read(parent / "devnum")
        if bus.isdigit() and number.isdigit():
            return f"{int(bus):03}/{int(number):03}"
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _hex(text: str) -> int:
    try:
        return int(text, 16) & 0xFFFF
    except ValueError:
        return 0
