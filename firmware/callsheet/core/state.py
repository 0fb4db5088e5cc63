# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the phone knows between two events. Only `core.processor` changes it.

All times are monotonic seconds unless they are datetimes. Screens and lamps are
functions of this state and of the present time.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from callsheet.core.keypad import Keypad
from callsheet.core.lease import Lease
from callsheet.core.ledger import AnyEntry, Intention, Snapshot
from callsheet.core.model import Attempt, Sheet, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.queue import Proposal, Queue
from callsheet.core.retry import Decision
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits


class Work(StrEnum):
    """The agent's work status (S12). The queue dials only while READY."""

    OFF = "off"
    SIGNING_IN = "signing-in"
    READY = "ready"
    PAUSED = "paused"
    SIGNING_OUT = "signing-out"


class Phase(StrEnum):
    """Where a call stands."""

    DIALLING = "dialling"
    RINGING = "ringing"
    EARLY_MEDIA = "early-media"
    TALKING = "talking"
    ENDING = "ending"
    INCOMING = "incoming"
    ANSWERING = "answering"


LIVE = frozenset({Phase.DIALLING, Phase.RINGING, Phase.EARLY_MEDIA, Phase.TALKING, Phase.ENDING, Phase.ANSWERING})
PLACING = frozenset({Phase.DIALLING, Phase.RINGING, Phase.EARLY_MEDIA})


class Call(Struct):
    """One call, in or out, for a task or dialled by hand."""

    number: int
    """The number that effects and events name it by."""
    remote: str
    phase: Phase
    started: float
    dialled: datetime
    name: str = ""
    task: Task | None = None
    attempt: str = ""
    deadline: float | None = None
    """When the present phase is given up."""
    heard: bool = False
    """Any provisional response has come: the far side is there."""
    ringing: datetime | None = None
    ringing_mono: float | None = None
    answered: datetime | None = None
    answered_mono: float | None = None
    cancelled: str = ""
    """"agent", "ring-timeout" or "no-response" once we asked for its end before an answer."""
    hung_up: bool = False
    held: bool = False
    held_by_far: bool = False
    muted: bool = False
    sent: str = ""
    """DTMF digits sent so far."""
    tones: tuple[str, ...] = ()
    codec: str = ""
    secure: bool = False
    media_failed: bool = False
    overrule: Outcome | None = None
    """The agent heard better than the network tells: "empty number" during the announcement."""
    transfer: int = 0
    """Last status of a transfer under way; 0: none asked for."""

    @property
    def incoming(self) -> bool:
        """It was not us who placed it."""
        return self.number < 0


class Preview(Struct):
    """A callee is shown and will be dialled."""

    task: Task
    shown: float
    dial_at: float | None
    """None: waits for the agent's key."""
    attempt: str = ""
    """Set once the intention is written or being written."""
    save: int = 0
    saved: bool = False
    headset: int = 0
    headset_ready: bool = False
    headset_deadline: float | None = None
    warned: bool = False
    go: bool = False
    """The agent's own word: dial now."""

    @property
    def manual(self) -> bool:
        """Dialled by hand, outside the queue."""
        return not self.task.id


class WrapUp(Struct):
    """An attempt is over and waits for the agent's word."""

    attempt: Attempt
    task: Task
    decision: Decision
    started: float
    until: float | None
    """None: the agent stretched it."""
    note: str = ""


class Unknown(Struct):
    """A call that may have gone out before the power failed; only the agent may decide."""

    intention: Intention
    task: Task


class OverlayKind(StrEnum):
    """What the agent is doing on top of the phone's own business."""

    AGENT = "agent"
    PIN = "pin"
    DIALPAD = "dialpad"
    MENU = "menu"
    PAUSE = "pause"
    LATER = "later"
    CLOCK = "clock"
    TRANSFER = "transfer"
    UPCOMING = "upcoming"
    NOTE = "note"
    CORRECT = "correct"
    TAKEN = "taken"
    ASKED = "asked"
    FORCE = "force"


LEASE_OVERLAYS = frozenset({OverlayKind.TAKEN, OverlayKind.ASKED, OverlayKind.FORCE})
"""At sign-in, while another phone has the lease on the sheet."""


class Overlay(Struct):
    """An input field or a menu."""

    kind: OverlayKind
    text: str = ""
    cursor: int = 0
    items: tuple[str, ...] = ()
    """Menu: actions, or indices of choices, as the kind says."""
    error: str = ""
    """A text key: why the input was not taken."""
    target: str = ""
    """LATER, CLOCK: the task; CORRECT: the attempt."""
    multitap: tuple[str, int, float] | None = None
    """NOTE: the key tapped last, how often, and when."""


class Problem(Struct, frozen=True):
    """Something the agent or the technician should know; `key` is a text key."""

    key: str
    detail: str = ""


class State(Struct):
    """The phone."""

    traits: PhoneTraits
    settings: CallSettings
    numbers: NumberSettings
    keypad: Keypad
    work: Work = Work.OFF
    pause_reason: str = ""
    """A text key ("pause.lunch") or the sheet's own words."""
    work_since: float = 0.0
    agent: str = ""
    queue: Queue | None = None
    registered: bool = False
    registration: str = ""
    headset: bool = False
    headset_name: str = ""
    network: bool = True
    hook_off: bool = False
    hook_seen: bool = False
    """A hook switch is fitted: it has moved at least once."""
    faults: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    """Details by text key."""
    outbox: int = 0
    outbox_error: str = ""
    fetch: int = 0
    """The Fetch under way; 0: none."""
    fetch_manual: bool = False
    sheet_note: Problem | None = None
    """The last word about the sheet: up to date, refused, unreachable."""
    note_until: float = 0.0
    skipped_rows: tuple[str, ...] = ()
    preview: Preview | None = None
    call: Call | None = None
    parked: Call | None = None
    incoming: Call | None = None
    answering: int = 0
    """The OpenHeadset under way for an incoming call; 0: none."""
    answering_until: float = 0.0
    """When it is given up."""
    wrap_up: WrapUp | None = None
    unknown: tuple[Unknown, ...] = ()
    overlay: Overlay | None = None
    pause_after: str = ""
    """The agent asked to pause when the present call is done."""
    gap_until: float = 0.0
    refused: tuple[str, ...] = ()
    """Callees in a row at whom the network refused our account."""
    attempts: dict[str, Attempt] = field(default_factory=dict)
    """Made here for the present sheet, by id, each with the last word on it."""
    last_attempt: Attempt | None = None
    last_dialled: str = ""
    finished: bool = False
    complete_sent: bool = False
    page: int = 0
    touched: float = 0.0
    """When the agent last did something."""
    keys_waiting: frozenset[str] = frozenset()
    """Keys that are down and mean one thing if held, another if not."""
    headset_open: bool = False
    next_id: int = 1
    next_attempt: int = 1
    installation: int = 0
    pending: dict[int, tuple[AnyEntry, ...]] = field(default_factory=dict)
    """Saves not yet confirmed."""
    backlog: tuple[AnyEntry, ...] = ()
    """Entries that could not be written; tried again in order before anything else."""
    untried: bool = False
    """Something in the backlog has not been handed to the store yet."""
    retry_save_at: float | None = None
    lost: Snapshot | None = None
    """What happened to a stored sheet that cannot be read: it counts again when the sheet is fetched anew."""
    proposal: Proposal | None = None
    """What the queue said last."""
    pin: str = ""
    """Kept from the entry of the PIN until the sheet has confirmed it; never stored."""
    pin_given: bool = False
    """A PIN was given since power-on; without one the file server may refuse what is still to be sent."""
    pin_wanted: bool = False
    """The server wants it; it is asked for when no call is under way."""
    pin_failures: int = 0
    pin_locked_until: float = 0.0
    leases: bool = False
    """Whether a lease is asked for at all."""
    lease: Lease = field(default_factory=Lease)
    arrived: Sheet | None = None
    """Fetched at sign-in, not adopted before it is known which phone may dial it."""
    successor: str = ""
    """The phone that has taken over from this one, for the agent to read until the next sign-in."""
