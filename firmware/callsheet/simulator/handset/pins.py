# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole simulated handset: one object to drive, four adapters for the phone."""

from __future__ import annotations

from collections.abc import Callable

from callsheet.simulator.handset.glass import SimulatedDisplay
from callsheet.simulator.handset.headset import SimulatedHeadset
from callsheet.simulator.handset.keys import SimulatedKeys
from callsheet.simulator.handset.lamps import SimulatedLamps
from callsheet.simulator.handset.observers import Observer, Observers


class SimulatedHandset:
    """A handset without parts, safe to use from any thread.

    The phone is given `keys`, `display`, `lamps` and `headset`. Whoever plays the
    agent uses the methods here, and `subscribe` to see what the phone does.
    """

    def __init__(
        self,
        size: tuple[int, int] = (128, 64),
        layout: str = "4x4",
        *,
        bounce: bool = False,
        headset: bool = True,
        link_delay: float = 0.0,
    ) -> None:
        """Raises ValueError for an unknown display size or keypad layout.

        `bounce`: contacts chatter for some milliseconds. `headset`: one is plugged in.
        `link_delay`: seconds the headset takes to acknowledge Off-Hook.
        """
        self._observers = Observers()
        self.keys = SimulatedKeys(layout, bounce, self._observers)
        self.display = SimulatedDisplay(size, self._observers)
        self.lamps = SimulatedLamps(self._observers)
        self.headset = SimulatedHeadset(self._observers, headset, link_delay)

    def press(self, row: int, column: int, finger: object = None) -> None:
        """Push a key down. Raises ValueError if there is no such key."""
        self.keys.press(row, column, finger)

    def release(self, row: int, column: int, finger: object = None) -> None:
        """Let it go. Raises ValueError if there is no such key."""
        self.keys.release(row, column, finger)

    def release_all(self, finger: object = None) -> None:
        """Let go of every key that this finger holds."""
        self.keys.release_all(finger)

    def find(self, cap: str) -> tuple[int, int]:
        """Row and column of the key with this cap. Raises ValueError if the keypad has none."""
        for row, caps in enumerate(self.keys.caps):
            if len(cap) == 1 and cap in caps:
                return row, caps.index(cap)
        raise ValueError(f"no key {cap!r} on this keypad")

    def hook(self, off: bool) -> None:
        """Lift the handset off its hook, or put it back."""
        self.keys.hook(off)

    def plug(self, present: bool) -> None:
        """Plug the headset in, or pull it out."""
        self.headset.plug(present)

    def headset_button(self, button: str) -> None:
        """Press "hook", "mute", "volume-up" or "volume-down" on the headset. Raises ValueError for others."""
        self.headset.press(button)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """The observer is told what changed, on the changing thread; calling what is returned ends that."""
        return self._observers.subscribe(observer)
