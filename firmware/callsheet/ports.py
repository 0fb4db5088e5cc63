# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core needs from outside, as interfaces. `adapters` and `simulator` implement them.

Threads: the main loop owns the core and the SIP stack. `Sip` is called on that
thread only (but `wake`). The other adapters may keep a thread of their own; they
tell the loop what happened through the `Post` they are given, which is safe from
any thread, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from callsheet.core.effects import Sound
from callsheet.core.events import AnyEvent, Now
from callsheet.core.ledger import AnyEntry, Snapshot

if TYPE_CHECKING:
    from PIL.Image import Image

Post = Callable[[AnyEvent], None]
"""Hands an event to the main loop; callable from any thread."""


class Clock(Protocol):
    """Time."""

    def now(self) -> Now:
        """Monotonic and wall time, and whether the latter can be trusted."""


class Sip(Protocol):
    """The SIP stack, its media, and the tones in the agent's ear."""

    def start(self, post: Post) -> None:
        """Bring the stack up and begin to register. Raises SipError if it cannot start at all."""

    def poll(self, timeout: float) -> None:
        """Run the stack for at most `timeout` seconds, or until something happens or `wake` is called."""

    def wake(self) -> None:
        """Make `poll` return at once. Safe from any thread."""

    def network_changed(self) -> None:
        """The network came back: register now, not at the next retry."""

    def dial(self, call: int, number: str, caller_id: str) -> None:
        """Send an INVITE; a failure to do so is a CallEnded with a local end, not an exception."""

    def hang_up(self, call: int, code: int) -> None:
        """End a call in whatever state it is; a call that is gone is ignored."""

    def ring(self, call: int) -> None:
        """180 to an incoming call."""

    def answer(self, call: int) -> None:
        """200 to an incoming call."""

    def hold(self, call: int, on: bool) -> None:
        """Hold or take back."""

    def dtmf(self, call: int, digits: str) -> None:
        """RFC 4733 digits."""

    def transfer(self, call: int, number: str) -> None:
        """REFER."""

    def mute(self, on: bool) -> None:
        """Microphone off or on."""

    def volume(self, step: int) -> None:
        """Ear piece louder or softer."""

    def open_sound(self) -> None:
        """Open the sound device. Raises SoundError."""

    def close_sound(self) -> None:
        """Close it; nothing happens if it is closed."""

    def play(self, sound: Sound, loop: bool) -> None:
        """A tone in the agent's ear; waits for the sound device to be open, never opens it."""

    def silence(self) -> None:
        """End a looping tone."""

    def close(self) -> None:
        """Hang up, unregister, free the stack."""


class Headset(Protocol):
    """The headset as a telephony device: off-hook, mute, ring, buttons (USB HID usage page 0x0B)."""

    def start(self, post: Post) -> None:
        """Begin to watch for headsets; posts HeadsetChanged with what is there now."""

    def off_hook(self, id: int) -> None:
        """Open the radio link; posts HeadsetReady(id) once acknowledged, or HeadsetFailed(id)."""

    def on_hook(self) -> None:
        """Close it."""

    def show_mute(self, on: bool) -> None:
        """Mute lamp of the headset."""

    def show_ring(self, on: bool) -> None:
        """Ring indication of the headset."""

    def close(self) -> None:
        """Let go of the device."""


class Keys(Protocol):
    """Keypad and hook switch: posts KeyContact and HookChanged."""

    def start(self, post: Post) -> None:
        """Begin to watch."""

    def close(self) -> None:
        """End."""


class Display(Protocol):
    """A monochrome screen."""

    size: tuple[int, int]

    def show(self, frame: Image) -> None:
        """Make the glass show the frame (mode "1"); returns at once, sends only what changed."""

    def contrast(self, level: int) -> None:
        """0 sleeps, 1 dims, 2 is normal."""

    def close(self) -> None:
        """Blank and let go."""


class Lamps(Protocol):
    """Three lamps and the buzzer."""

    def show(self, line: str, work: str, attention: str) -> None:
        """Patterns by name: "off", "on", "slow", "fast" (green, amber, red)."""

    def buzz(self, pattern: str) -> None:
        """"off", "ring" or "warn"."""

    def close(self) -> None:
        """All off."""


class Store(Protocol):
    """The ledger on disk."""

    def load(self) -> Snapshot:
        """Everything of the present session. Raises StoreError."""

    def save(self, id: int, entries: tuple[AnyEntry, ...]) -> None:
        """Write in one transaction on the store's own thread; posts Saved(id) or SaveFailed(id)."""

    def close(self) -> None:
        """Finish what is being written and close."""


class Transport(Protocol):
    """Fetches sheets and empties the outbox, on threads of its own."""

    def start(self, post: Post) -> None:
        """Begin to empty the outbox and to look for revisions."""

    def sign_in(self, agent: str, pin: str) -> None:
        """Credentials from here on."""

    def sign_out(self) -> None:
        """Forget them when the outbox is empty."""

    def fetch(self, id: int, agent: str, force: bool) -> None:
        """Posts SheetArrived, SheetUnchanged or SheetFailed with this id."""

    def flush(self) -> None:
        """Try the outbox now."""

    def close(self) -> None:
        """End the threads."""


class PortError(Exception):
    """Root of what adapters raise."""


class SipError(PortError, RuntimeError):
    """The SIP stack could not start."""


class SoundError(PortError, OSError):
    """The sound device could not be opened."""


class StoreError(PortError, OSError):
    """The ledger could not be read."""
