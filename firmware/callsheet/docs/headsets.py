# SPDX-License-Identifier: GPL-3.0-or-later
"""Which headsets work, and what is known of their makers."""

from __future__ import annotations

from callsheet.adapters.headset.controls import BUTTONS, LIGHTS
from callsheet.adapters.headset.conversation import LIMIT, MUTE_ECHO, REFUSE
from callsheet.adapters.headset.quirks import Quirk, table


def page() -> str:
    """The whole page."""
    buttons = ", ".join(f"{name} (`{usage >> 16:02X}:{usage & 0xFFFF:02X}`)" for usage, name in BUTTONS.items())
    lights = ", ".join(f"{name} (`{usage >> 16:02X}:{usage & 0xFFFF:02X}`)" for usage, name in LIGHTS.items())
    return "\n".join([
        "# Headsets", "",
        "For admins and technicians. Made from the code (`python -m callsheet.docs`).", "",
        "**Sound.** Any USB headset that Linux drives with `snd-usb-audio` and that can speak and listen; a webcam is",
        "none. `audio.device` chooses it: `auto` takes the first, or write a part of its name. Volume goes to the",
        "headset's own mixer as far as it has one, the rest is done in the phone; `audio.sidetone` sets how much agents",
        "hear of themselves. The sound device is open only for calls and tones.", "",
        "**Buttons and lights.** HID telephony, found in the device's report descriptor and not by model. Buttons, by",
        f"usage page and usage: {buttons}. Lights: {lights}. A headset without them is a headset all the same.", "",
        "**Plugging.** In and out at any time. In a call that is unplugged the call stays, the display says so, and sound,",
        "off-hook and mute come back with the headset, or with another one.", "",
        "## The conversation", "",
        "| what happens | phone to headset | headset to phone |", "| --- | --- | --- |",
        f"| a call is about to be placed | Off-Hook on; the INVITE waits for the answer, {LIMIT} s at most | hook switch on "
        "|",
        "| a call comes in | Ring and Ringer on | |",
        "| the agent presses the call button | Off-Hook on, Ring off | hook switch on |",
        "| the agent presses the call button in a call | Off-Hook off once the call is over | hook switch off |",
        "| the agent mutes at the keypad | Mute on | maybe an echo of it, which is not heard for "
        f"{MUTE_ECHO} s |",
        "| the agent mutes at the headset | Mute on | Phone Mute |",
        f"| the call button leads to nothing | Off-Hook off after {REFUSE:.0f} s, so that both agree again | hook switch on |",
        "| the phone closes | everything off, the busy light too | |", "",
        "A headset that must answer and does not fails the call, and the display says so. One that never did since it",
        "was plugged in is not insisted on a second time. A hook switch or mute “state” that springs back within 0.6 s is taken for the button it is.", "",
        "## Makers", "",
        "| maker | USB id | waits for the hook switch | what is known | source |", "| --- | --- | --- | --- | --- |",
        *(_row(one) for one in sorted(table(), key=lambda one: (one.vendor == 0, one.maker, bool(one.products)))), "",
    ])


def _row(one: Quirk) -> str:
    products = " ".join(f"{product:04x}" for product in one.products)
    usb = "any" if not one.vendor else f"{one.vendor:04x}:{products or '*'}"
    wait = f"{one.wait:g} s" + (", must come" if one.must else ", then goes on")
    name = f"**{one.maker}** {one.model}".strip()
    return f"| {name} | `{usb}` | {wait} | {one.notes} | {one.source} |"
