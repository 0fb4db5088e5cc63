# SPDX-License-Identifier: GPL-3.0-or-later
"""What must survive a power cut: the entries of the ledger.

The store keeps them in order; the queue is rebuilt by applying them again. An
`Intention` without an `Attempt` of the same id is a call that may have gone out.
"""

from __future__ import annotations

from msgspec import Struct

from callsheet.core.model import Action, Attempt, Instant, Progress, Sheet
from callsheet.core.outcomes import Outcome


class Entry(Struct, frozen=True, tag=True, omit_defaults=True):
    """Root of all entries."""


class SignedIn(Entry, frozen=True, omit_defaults=True):
    """An agent took the phone."""

    agent: str
    at: Instant


class PinFailed(Entry, frozen=True, omit_defaults=True):
    """A wrong PIN: counted until the next SignedIn, also over a restart."""

    at: Instant


class SignedOut(Entry, frozen=True, omit_defaults=True):
    """The agent has left; when all uploads are confirmed, the store forgets the sheet and the attempts."""

    at: Instant


class Adopted(Entry, frozen=True, omit_defaults=True):
    """A sheet, or a higher revision of it, is now the one being worked."""

    sheet: Sheet
    at: Instant


class Intention(Entry, frozen=True, omit_defaults=True):
    """From here on an INVITE may leave."""

    attempt: str
    task: str
    number: str
    at: Instant


class Withdrawn(Entry, frozen=True, omit_defaults=True):
    """The intention was given up before any INVITE left (the agent skipped or paused in the gap)."""

    attempt: str


class Ended(Entry, frozen=True, omit_defaults=True):
    """The call is over. `attempt.action` is empty as long as the agent has not decided."""

    attempt: Attempt


class Decided(Entry, frozen=True, omit_defaults=True):
    """The agent's (or the policy's) word on an attempt; a later one corrects an earlier one."""

    attempt: str
    task: str
    disposition: str = ""
    note: str = ""
    action: Action | str = "done"
    until: Instant | None = None
    callback: bool = False
    outcome: Outcome | None = None
    """Set where the agent overrules the classification (the "empty number" key)."""


class Postponed(Entry, frozen=True, omit_defaults=True):
    """The agent put a task off without calling."""

    task: str
    until: Instant
    at: Instant
    callback: bool = False


class Closed(Entry, frozen=True, omit_defaults=True):
    """A task became final without a call: window missed, do-not-call, dropped by the agent."""

    task: str
    outcome: str
    at: Instant


class Leased(Entry, frozen=True, omit_defaults=True):
    """The phone may dial the sheet. After a restart the lease must be confirmed before anything is dialled."""

    at: Instant
    since: Instant | None = None
    """Names the claim; None: there are no leases here."""


class Carried(Entry, frozen=True, omit_defaults=True):
    """What other phones did to the sheet, as far as this one has heard."""

    progress: Progress


class Standing(Struct, frozen=True, omit_defaults=True):
    """The agent's work status, from the moment it changed."""

    work: str
    at: Instant
    since: Instant
    """Since when: another reason for the same pause does not begin it anew."""
    reason: str = ""
    """Of a pause: a text key, or the sheet's own words."""


class Upload(Entry, frozen=True, omit_defaults=True):
    """Something to be put on the server: durable, in order, idempotent by name.

    kind: "result" (one attempt), "complete" (the finished sheet), "remaining" (what is unfinished),
    "status" (a change of the agent's work status), "release" (the lease is given back).
    """

    kind: str
    attempt: str = ""
    since: Instant | None = None
    """Of kind "release": which claim."""
    standing: Standing | None = None
    """Of kind "status": it is stored later than it happened while the disk fails."""


AnyEntry = (
    SignedIn | PinFailed | SignedOut | Adopted | Intention | Withdrawn | Ended | Decided | Postponed | Closed | Leased
    | Carried | Upload
)


class Snapshot(Struct, frozen=True):
    """What the store held at power-on."""

    agent: str = ""
    sheet: Sheet | None = None
    entries: tuple[AnyEntry, ...] = ()
    """Since the sheet was adopted first, in order, without SignedIn, Adopted and Upload."""
    next_attempt: int = 1
    """Attempt ids end in a number that only grows, over sheets and agents."""
    pending_uploads: int = 0
    pin_failures: int = 0
    """Wrong PINs since the last one that was right."""
    lost_sheet: str = ""
    """Id of the sheet that the entries are about, if it is stored but cannot be read."""
    installation: int = 0
    """Drawn when the store was made: a new card in a phone of the same name begins to count anew."""
