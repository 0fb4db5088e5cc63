# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phone does. The processor returns these in order; the main loop carries them out in that order.

Screen, lamps and buzzer are not here: they are functions of the state.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from callsheet.core.ledger import AnyEntry

Sound = Literal["placed", "answered", "warning", "error", "end-of-sheet", "key", "ringing"]
"""placed: zip tone as the INVITE leaves; warning: beep before autodial; ringing: incoming call in the ear piece."""


class Effect(Struct, frozen=True, tag=True):
    """Root of all effects."""


class Save(Effect, frozen=True):
    """Write the entries in one transaction; answered by Saved or SaveFailed."""

    id: int
    entries: tuple[AnyEntry, ...]


class OpenHeadset(Effect, frozen=True):
    """Off-Hook to the headset and open the sound device; answered by HeadsetReady or HeadsetFailed."""

    id: int


class CloseHeadset(Effect, frozen=True):
    """On-hook, and close the sound device."""


class Dial(Effect, frozen=True):
    """Send an INVITE; answered by CallProgress, CallAnswered, CallEnded of that `call`."""

    call: int
    number: str
    caller_id: str = ""


class HangUp(Effect, frozen=True):
    """BYE, CANCEL or a refusal, as the call's state demands."""

    call: int
    code: int = 0
    """For an incoming call not yet answered: the status to refuse with (486 busy, 603 decline)."""


class Ring(Effect, frozen=True):
    """Answer an incoming INVITE with 180."""

    call: int


class Answer(Effect, frozen=True):
    """Answer an incoming call with 200."""

    call: int


class Hold(Effect, frozen=True):
    """Put a call on hold, or take it back, by re-INVITE (RFC 3264 §8.4)."""

    call: int
    on: bool


class Mute(Effect, frozen=True):
    """Close or open the microphone, on the headset too."""

    on: bool


class Dtmf(Effect, frozen=True):
    """Send digits as RFC 4733 events."""

    call: int
    digits: str


class Transfer(Effect, frozen=True):
    """Blind transfer by REFER (RFC 3515)."""

    call: int
    number: str


class Volume(Effect, frozen=True):
    """One step louder (+1) or softer (-1)."""

    step: int


class Play(Effect, frozen=True):
    """A tone in the agent's ear; `loop` until Silence."""

    sound: Sound
    loop: bool = False


class Silence(Effect, frozen=True):
    """End a looping tone."""


class SignIn(Effect, frozen=True):
    """Credentials for the file server from here on. Never logged."""

    agent: str
    pin: str


class SignOut(Effect, frozen=True):
    """Forget the credentials once the outbox is empty."""


class Fetch(Effect, frozen=True):
    """Look for a sheet; answered by SheetArrived, SheetUnchanged or SheetFailed."""

    id: int
    agent: str
    force: bool = False
    """Also if the server says it is unchanged."""


class Lease(Effect, frozen=True):
    """Ask which phone may dial the agent's sheet; answered by LeaseGranted, LeaseRefused, LeaseWaived or LeaseFailed.

    claim, renew, take-over, force as in `formats.lease`. release: a claim or a wish that
    nothing was done with is given back; not answered. A phone that has worked gives its
    lease back by the ledger's `Upload` of kind "release".
    """

    id: int
    action: Literal["claim", "renew", "take-over", "force", "release"]
    agent: str
    sheet: str
    revision: int
    url: str = ""
    """The sheet's `lease`."""
    folder: str = ""
    """The sheet's `upload`."""


class Flush(Effect, frozen=True):
    """Try the outbox now instead of at its next retry."""


AnyEffect = (
    Save | OpenHeadset | CloseHeadset | Dial | HangUp | Ring | Answer | Hold | Mute | Dtmf | Transfer | Volume
    | Play | Silence | SignIn | SignOut | Fetch | Lease | Flush
)
