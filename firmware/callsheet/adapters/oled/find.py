# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the display is: which I²C adapter, which address, or which SPI device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from luma.core.error import Error as LumaError
from luma.core.interface import serial
from luma.oled import device as devices

from callsheet.adapters.board import Board, DisplayPins
from callsheet.adapters.oled.glass import Glass, Sender, Sh1106, Ssd1306, Ssd1322
from callsheet.adapters.oled.link import NOP, Link
from callsheet.formats.settings import HardwareSettings

ADAPTERS = Path("/sys/bus/i2c/devices")
HEADER_ADAPTER = "i2c@7e804000"
"""In the name of the adapter on header pins 3 and 5 of every Raspberry Pi with a BCM283x or BCM2711 (BSC1)."""

_SENDERS: dict[str, Callable[[Any], Sender]] = {"ssd1306": Ssd1306, "sh1106": Sh1106, "ssd1322": Ssd1322}


class DisplayNotFound(OSError):
    """No display answers where one should be."""


def opener(settings: HardwareSettings, board: Board, bus: Callable[[], Any] | None = None) -> Callable[[], Glass]:
    """What starts the display up; it raises DisplayNotFound, OSError or luma's errors while that cannot be done.

    `bus` makes a luma serial interface in place of the real one. Raises KeyError for a display the board has not.
    """
    pins = board.displays[settings.display]
    link = Link()
    # SSD1322: one bit a pixel is all we have, and luma then needs no framebuffer of its own.
    device = getattr(devices, settings.display)(link, width=pins.width, height=pins.height, mode="1")
    sender = _SENDERS[settings.display](device)

    def start() -> Glass:
        link.detach()
        made = bus() if bus is not None else _bus(settings, pins)
        try:
            link.attach(made)
        except Exception:
            link.detach()
            raise
        return Glass(link, device, sender, upside_down=settings.upside_down)

    return start


def _bus(settings: HardwareSettings, pins: DisplayPins) -> Any:
    if pins.bus == "spi":
        return serial.spi(port=pins.port, device=pins.device, bus_speed_hz=pins.hertz, gpio_DC=pins.dc,
                          gpio_RST=pins.reset)
    port = adapter(settings.display_bus or HEADER_ADAPTER, pins.port, must_exist=bool(settings.display_bus))
    addresses = (settings.display_address,) if settings.display_address else pins.addresses
    for address in addresses:
        made = serial.i2c(port=port, address=address)
        try:
            made.command(NOP)
        except (OSError, LumaError):
            with suppress(OSError):
                made.cleanup()
        else:
            return made
    raise DisplayNotFound(f"nobody answers on /dev/i2c-{port} at {' or '.join(f'0x{a:02x}' for a in addresses)}; "
                          "check its four wires, see [hardware] display_address")


def adapter(name: str, otherwise: int, *, must_exist: bool, folder: Path = ADAPTERS) -> int:
    """Number of the I²C adapter whose name contains `name`: numbers depend on the kernel's mood, names do not.

    Where there is none: `otherwise`, or DisplayNotFound with the names that are there.
    """
    found: dict[int, str] = {}
    for entry in folder.glob("i2c-*"):
        with suppress(OSError, ValueError):
            found[int(entry.name.removeprefix("i2c-"))] = (entry / "name").read_text().strip()
    for number, called in sorted(found.items()):
        if name in called:
            return number
    if must_exist:
        there = ", ".join(called for _, called in sorted(found.items())) or "none"
        raise DisplayNotFound(f"no I²C adapter is called {name!r}; there are: {there}; see [hardware] display_bus")
    return otherwise
