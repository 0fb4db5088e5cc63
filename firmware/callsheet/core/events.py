# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the phone. Adapters post these; the processor consumes them one by one.

Events are plain values, so that a log of them replays a field problem exactly.
`call` and `id` fields carry the number that the processor put into the effect
the event answers; the processor ignores those it no longer waits for.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from callsheet.core.ledger import Snapshot
from callsheet.core.model import Instant, Progress, Sheet
from callsheet.core.outcomes import CallEnd


class Now(Struct, frozen=True):
    """The time at which an event is handled."""

    mono: float
    """Monotonic seconds; time-outs are measured with it, so that a clock step cannot end a call."""
    wall: float
    """POSIX seconds, UTC."""
    trusted: bool = True
    """The wall clock has been set by the network or a battery clock since power-on."""


class Event(Struct, frozen=True, tag=True):
    """Root of all events."""


class Tick(Event, frozen=True):
    """A deadline of the processor has come."""


class Restored(Event, frozen=True):
    """What the store held at power-on. Comes first, once."""

    snapshot: Snapshot


class KeyContact(Event, frozen=True):
    """A key connects its row and column, or no longer does. Raw: bouncing and ghosts included."""

    row: int
    column: int
    closed: bool
    at: float = 0.0
    """When it was seen, in monotonic seconds; 0: now. Set by the loop as it is posted."""


class HookChanged(Event, frozen=True):
    """The hook switch: `off` is true while the handset or headset is lifted."""

    off: bool


class HeadsetChanged(Event, frozen=True):
    """A headset was plugged in or pulled out."""

    present: bool
    name: str = ""


class HeadsetButton(Event, frozen=True):
    """A button on the headset was pressed."""

    button: Literal["hook", "mute", "volume-up", "volume-down"]


class HeadsetReady(Event, frozen=True):
    """Radio link and sound device are open (answers OpenHeadset)."""

    id: int


class HeadsetFailed(Event, frozen=True):
    """They could not be opened (answers OpenHeadset)."""

    id: int
    reason: str


class Saved(Event, frozen=True):
    """The entries are on disk (answers Save)."""

    id: int


class SaveFailed(Event, frozen=True):
    """They are not (answers Save): disk full, card broken."""

    id: int
    reason: str


class RegistrationChanged(Event, frozen=True):
    """State of the SIP account's registration."""

    registered: bool
    code: int = 0
    phrase: str = ""
    server: str = ""


class NetworkChanged(Event, frozen=True):
    """The default route came or went."""

    up: bool


class CallProgress(Event, frozen=True):
    """A provisional response: 180 rings; with `early_media` the network's own tones are heard."""

    call: int
    code: int
    phrase: str = ""
    early_media: bool = False


class CallAnswered(Event, frozen=True):
    """A 2xx to our INVITE, or the ACK to ours: the call is up."""

    call: int


class CallMedia(Event, frozen=True):
    """Media of a call changed."""

    call: int
    state: Literal["active", "local-hold", "remote-hold", "none", "failed"]
    codec: str = ""
    secure: bool = False


class ToneHeard(Event, frozen=True):
    """A tone was recognised in early media."""

    call: int
    tone: Literal["sit", "busy", "congestion", "ring-back"]


class CallEnded(Event, frozen=True):
    """The call is over, whoever ended it; also when it could not be placed at all."""

    call: int
    end: CallEnd


class CallIncoming(Event, frozen=True):
    """An INVITE came in. `call` is negative: numbers below zero belong to the stack."""

    call: int
    number: str
    name: str = ""


class TransferProgress(Event, frozen=True):
    """NOTIFY on a REFER (RFC 3515): status of the transfer."""

    call: int
    code: int
    final: bool


class SheetArrived(Event, frozen=True):
    """A sheet was fetched and read (answers Fetch)."""

    id: int
    sheet: Sheet
    skipped: tuple[str, ...] = ()
    """Rows left out because they were bad, one message each."""


class SheetUnchanged(Event, frozen=True):
    """The server has nothing newer (answers Fetch)."""

    id: int


class SheetFailed(Event, frozen=True):
    """It could not be fetched or read (answers Fetch)."""

    id: int
    kind: Literal["unreachable", "credentials", "missing", "format", "certificate", "too-large", "other"]
    reason: str


class FetchDue(Event, frozen=True):
    """The time to look for a revised sheet has come (timer with jitter, or an admin's command)."""

    manual: bool = False


class LeaseGranted(Event, frozen=True):
    """This phone may dial the agent's sheet (answers Lease)."""

    id: int
    since: Instant
    """Names the claim, together with the phone."""
    until: Instant
    """End of the lease. In the past: nothing is sure yet; ask again after `renew`."""
    renew: float = 60.0
    """Seconds after which to ask again."""
    asked_by: str = ""
    """This other phone wants to take over."""
    revision: int = 0
    """The latest revision of the sheet; 0: not told."""
    stop: str = ""
    """Not empty: the manager has stopped the campaign, and this is why."""
    progress: Progress | None = None
    """What another phone did; new since the last answer."""


class LeaseRefused(Event, frozen=True):
    """Another phone may (answers Lease)."""

    id: int
    holder: str
    until: Instant | None = None
    heard: Instant | None = None
    """When the holder last told the server that it is there."""
    renew: float = 60.0
    waiting: bool = False
    """The holder will find our wish to take over."""


class LeaseWaived(Event, frozen=True):
    """There are no leases here: the settings or the server want none (answers Lease)."""

    id: int


class LeaseFailed(Event, frozen=True):
    """Nothing was decided (answers Lease)."""

    id: int
    kind: Literal["unreachable", "credentials", "unsupported", "other"]
    reason: str


class OutboxChanged(Event, frozen=True):
    """How many uploads wait for the server."""

    pending: int
    error: str = ""


class FaultChanged(Event, frozen=True):
    """A part of the phone failed or recovered: "display", "keypad", "store" …"""

    part: str
    reason: str = ""
    """Empty: recovered."""


class NoticeChanged(Event, frozen=True):
    """Something to be read while nobody is signed in: `key` is a text key, `detail` goes into it."""

    key: str
    detail: str = ""
    """Empty: no longer."""


AnyEvent = (
    Tick | Restored | KeyContact | HookChanged | HeadsetChanged | HeadsetButton | HeadsetReady | HeadsetFailed
    | Saved | SaveFailed | RegistrationChanged | NetworkChanged | CallProgress | CallAnswered | CallMedia
    | ToneHeard | CallEnded | CallIncoming | TransferProgress | SheetArrived | SheetUnchanged | SheetFailed
    | FetchDue | LeaseGranted | LeaseRefused | LeaseWaived | LeaseFailed | OutboxChanged | FaultChanged | NoticeChanged
)
