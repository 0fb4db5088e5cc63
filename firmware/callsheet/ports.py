# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core needs from outside, as interfaces. `adapters` and `simulator` implement them.

Threads: the main loop owns the core and the SIP stack. `Sip` is called on that
thread only (but `wake`). The other adapters may keep a thread of their own; they
tell the loop what happened through the `Post` they are given, which is safe from
any thread, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from callsheet.core.effects import Sound
from callsheet.core.events import AnyEvent, Now
from callsheet.core.ledger import AnyEntry, Snapshot
from callsheet.core.model import Sheet
from callsheet.formats.lease import LeaseRequest

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


class Document(Struct, frozen=True):
    """The file that an `Upload` entry stands for, built by the main loop before it calls `Store.save`."""

    name: str
    """File name without a folder: agent, sheet, revision, phone, sequence; never a callee's name or number."""
    body: bytes
    agent: str
    upload: str = ""
    """URL of the folder named by the sheet; empty: found by the transport's settings when it is sent."""
    content_type: str = "application/json"


class Store(Protocol):
    """The ledger, the outbox and the memory of rolling caps, on disk."""

    def start(self, post: Post) -> None:
        """Open the data directory. Raises StoreError; posts FaultChanged("store") if something had to be repaired."""

    def load(self) -> Snapshot:
        """Everything of the present session; call after `start`. Raises StoreError."""

    def save(self, id: int, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...] = ()) -> None:
        """Write in one transaction on the store's own thread; posts Saved(id) or SaveFailed(id).

        `documents` has one file per `Upload` among the entries, in their order: ledger and
        outbox change together or not at all. Raises ValueError if the numbers differ.
        After a failure every save fails until one begins with the entry that failed: what is
        on disk is always a beginning of what happened.
        """

    def recent(self, numbers: Iterable[str]) -> dict[str, tuple[float, ...]]:
        """POSIX times of earlier calls that count towards rolling caps, over all sheets and agents.

        `numbers` are canonical (core's form for caps and do-not-call); those without calls are left out.
        """

    def close(self) -> None:
        """Finish what is being written and close."""


class Waiting(Struct, frozen=True):
    """An upload the server has not confirmed."""

    id: int
    name: str
    agent: str
    upload: str
    content_type: str
    sha256: str
    size: int
    attempts: int = 0
    """Failed tries so far, over restarts."""
    error: str = ""
    """Of the last one."""


class Origin(Struct, frozen=True):
    """What tells, at the next look, whether the sheet on the server is still the one being worked."""

    url: str
    etag: str = ""
    modified: str = ""
    """Last-Modified, or the file's time as its server gives it."""
    sha256: str = ""
    """Of the file's bytes."""


class Outbox(Protocol):
    """What the transport needs of the store. Safe from any thread; all raise StoreError."""

    def listen(self, woken: Callable[[], None]) -> None:
        """`woken` is called, on the store's thread, when something was added."""

    def waiting(self) -> tuple[Waiting, ...]:
        """What waits, oldest first."""

    def body(self, id: int) -> bytes:
        """The bytes to be sent."""

    def confirmed(self, id: int) -> None:
        """The server has it: forget the bytes, keep name and hash."""

    def failed(self, id: int, error: str) -> None:
        """It could not be sent; counts a try."""

    def rename(self, id: int) -> str:
        """Give it the next free name, because the server holds another file under this one."""

    def origin(self, agent: str, url: str) -> Origin | None:
        """Of the sheet that `agent` works on, if it came from this URL."""

    def remember(self, sheet: Sheet, origin: Origin) -> None:
        """Where this sheet came from; kept with it from the moment it is adopted."""

    def renew(self, agent: str, origin: Origin) -> None:
        """The same bytes as the sheet in work came under another ETag or time."""


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

    def lease(self, id: int, request: LeaseRequest, url: str, folder: str) -> None:
        """Post LeaseGranted, LeaseRefused, LeaseWaived or LeaseFailed with this id; nothing after "release".

        `url` is where the sheet wants to be asked; empty: by lease files in `folder`, the one for results (empty: as
        settings say). A claim that comes with progress is one that this phone goes on with.
        """

    def flush(self) -> None:
        """Try the outbox now."""

    def close(self) -> None:
        """End the threads."""


class Ports(Struct):
    """All that the phone is connected to."""

    clock: Clock
    sip: Sip
    store: Store
    transport: Transport
    keys: Keys
    display: Display
    lamps: Lamps
    headset: Headset


class PortError(Exception):
    """Root of what adapters raise."""


class SipError(PortError, RuntimeError):
    """The SIP stack could not start."""


class SoundError(PortError, OSError):
    """The sound device could not be opened."""


class StoreError(PortError, OSError):
    """The ledger could not be read."""
