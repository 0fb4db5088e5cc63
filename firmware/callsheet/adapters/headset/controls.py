# SPDX-License-Identifier: GPL-3.0-or-later
"""What a headset's descriptor offers for telephony, by the names of HID Usage Tables 1.5."""

from __future__ import annotations

from typing import Literal

from callsheet.adapters.headset.descriptor import Field, parse

Button = Literal["hook", "mute", "volume-up", "volume-down", "drop"]
Light = Literal["off-hook", "ring", "mute", "microphone", "ringer"]

BUTTONS: dict[int, Button] = {
    0x000B_0020: "hook", 0x000B_002F: "mute", 0x000B_0026: "drop", 0x000C_00E9: "volume-up",
    0x000C_00EA: "volume-down",
}
"""Telephony page (0x0B, HUT §14): Hook Switch, Phone Mute, Drop; consumer page (0x0C, HUT §15)."""
LIGHTS: dict[int, Light] = {
    0x0008_0017: "off-hook", 0x0008_0018: "ring", 0x0008_0009: "mute", 0x0008_0021: "microphone",
    0x000B_009E: "ringer",
}
"""LED page (0x08, HUT §11): Off-Hook, Ring, Mute, Microphone; telephony page: Ringer."""


class Controls:
    """One device's buttons and lights."""

    def __init__(self, descriptor: bytes) -> None:
        """Raises DescriptorError."""
        described = parse(descriptor)
        self._numbered = described.numbered
        self._lengths = described.lengths
        self._inputs: dict[int, list[Field]] = {}
        self._lights: dict[Light, Field] = {}
        self.kinds: dict[Button, Field] = {}
        """How each button behaves."""
        for field in described.fields:
            if field.kind == "input" and any(usage in BUTTONS for usage in field.usages):
                self._inputs.setdefault(field.report, []).append(field)
                for usage in field.usages:
                    if usage in BUTTONS:
                        self.kinds.setdefault(BUTTONS[usage], field)
            elif field.kind == "output" and field.usages[0] in LIGHTS and field.variable:
                self._lights.setdefault(LIGHTS[field.usages[0]], field)

    @property
    def telephone(self) -> bool:
        """It can be taken off the hook, by its user or by us."""
        return "hook" in self.kinds or "off-hook" in self._lights

    @property
    def lights(self) -> frozenset[Light]:
        """What can be shown on it."""
        return frozenset(self._lights)

    def pressed(self, report: bytes) -> dict[Button, bool]:
        """What an input report says of the buttons it contains; {} if it is about other things."""
        number, payload = (report[0], report[1:]) if self._numbered and report else (0, report)
        found: dict[Button, bool] = {}
        for field in self._inputs.get(number, []):
            value = field.value(payload)
            if field.variable:
                found[BUTTONS[field.usages[0]]] = value != 0
                continue
            for index, usage in enumerate(field.usages):
                if usage in BUTTONS:
                    found[BUTTONS[usage]] = found.get(BUTTONS[usage], False) or value == field.first + index
        return found

    def reports(self, lit: dict[Light, bool], changed: set[Light]) -> list[bytes]:
        """The output reports that show `lit`, as far as they contain a light of `changed`; off-hook goes first.

        Each begins with its number, 0 where the device numbers none (Documentation/hid/hidraw.rst, write()).
        """
        order: list[int] = []
        for light in sorted(changed & self.lights, key=lambda one: one != "off-hook"):
            if self._lights[light].report not in order:
                order.append(self._lights[light].report)
        return [self._report(number, lit) for number in order]

    def _report(self, number: int, lit: dict[Light, bool]) -> bytes:
        bits = 0
        for light, field in self._lights.items():
            if field.report == number and lit.get(light):
                bits |= 1 << field.offset
        return bytes([number]) + bits.to_bytes(self._lengths["output", number], "little")
