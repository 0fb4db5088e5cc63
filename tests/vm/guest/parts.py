# SPDX-License-Identifier: GPL-3.0-or-later
"""In the guest: the firmware's drivers alone, told by lines of JSON and telling what they post.

    python3 parts.py keys lamps display headset=Loopback

An order is {"part", "call", "words"}; an answer {"event", "at", …} with the guest's monotonic seconds.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import Any

import msgspec
from PIL import Image

from callsheet.adapters.board import board
from callsheet.adapters.faults import Faults
from callsheet.formats.settings import HardwareSettings


def tell(event: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, "at": time.monotonic(), **fields}) + "\n")
    sys.stdout.flush()


def post(event: Any) -> None:
    tell(type(event).__name__, **msgspec.to_builtins(event))


def make(word: str, faults: Faults) -> Any:
    name, _, option = word.partition("=")
    if name == "keys":
        from callsheet.adapters.gpio import GpioKeys
        return GpioKeys(board(), option or "4x4", faults)
    if name == "lamps":
        from callsheet.adapters.gpio import GpioLamps
        from callsheet.adapters.gpio.lamps import devices
        return GpioLamps(lambda: devices(board()), faults)
    if name == "display":
        from callsheet.adapters.oled import OledDisplay, opener
        settings = HardwareSettings(display=option or "ssd1306")
        pins = board().displays[settings.display]
        return OledDisplay((pins.width, pins.height), opener(settings, board()), faults)
    from callsheet.adapters.headset import UsbHeadset
    return UsbHeadset(option, faults)


def argument(word: Any) -> Any:
    """{"frame": base64} stands for a picture."""
    if isinstance(word, dict):
        return Image.frombytes("1", (128, 64), base64.b64decode(word["frame"]))
    return word


def main(words: list[str]) -> None:
    faults = Faults()
    parts = {word.partition("=")[0]: make(word, faults) for word in words}
    for part in parts.values():
        if hasattr(part, "start"):
            part.start(post)
    faults.connect(post)
    tell("Ready")
    for line in sys.stdin:
        order = json.loads(line)
        getattr(parts[order["part"]], order["call"])(*map(argument, order["words"]))
    for part in parts.values():
        part.close()
    tell("Closed")


if __name__ == "__main__":
    main(sys.argv[1:])
