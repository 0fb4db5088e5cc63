# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's pins, simulated: keypad matrix, hook switch, display, lamps, buzzer and headset.

    handset = SimulatedHandset()
    handset.keys.start(post)             # the phone's side: ports.Keys, Display, Lamps, Headset
    handset.display.show(frame)
    handset.press(0, 0)                  # the agent's side
    handset.subscribe(lambda part: ...)  # what the agent sees and hears
"""

from callsheet.simulator.handset.matrix import closed_contacts
from callsheet.simulator.handset.observers import Observer, Part
from callsheet.simulator.handset.pins import SimulatedHandset

__all__ = ["Observer", "Part", "SimulatedHandset", "closed_contacts"]
