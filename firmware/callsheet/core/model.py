# SPDX-License-Identifier: GPL-3.0-or-later
"""The nouns of the product: tasks, sheets, rules, attempts.

Everything here is an immutable value. `formats` reads and writes these very
types, `core` computes with them, adapters carry them about. Durations are in
seconds, instants are timezone-aware datetimes, unless a docstring says
otherwise.

The types a sheet holds by the hundred thousand are kept out of Python's cycle
collector (`gc=False`): they cannot be part of a cycle, and looking at each of
them again and again took more than half the time of loading a sheet.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal

from msgspec import Meta, Struct

from callsheet.core.outcomes import CallEnd, Outcome

Instant = Annotated[datetime, Meta(tz=True)]
"""A point in time with its UTC offset (RFC 3339)."""
Seconds = Annotated[float, Meta(ge=0)]
Digit = Annotated[str, Meta(pattern=r"^[0-9]$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Text = str | dict[str, str]
"""One text for all, or one per language code ("en", "zh")."""
Scalar = str | int | float | bool | None

Mode = Literal["preview", "progressive", "manual"]
WindowPolicy = Literal["prefer", "strict"]
Action = Literal["retry", "drop", "hold", "pause", "stop", "dnc", "ask"]
"""What becomes of a task after an attempt.

retry: dial again after `after`; drop: final; hold: keep, but do not dial until
a new revision or the agent says so; pause: nothing wrong with the callee, pause
the queue and try again when the agent is ready; stop: stop the whole campaign;
dnc: final, and never call the number again; ask: the agent decides.
"""


class Window(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A planned time window: a suggestion, unlike calling hours (S6)."""

    start: Instant
    end: Instant


class HistoryEntry(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One earlier contact with the callee, for the agent to read."""

    text: str
    at: Instant | None = None
    by: str = ""


class PastAttempt(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """An attempt made before this sheet reached this phone (hand-back with memory)."""

    at: Instant
    outcome: Outcome
    counted: bool = True


class Task(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One callee to be called."""

    id: str
    number: str
    """E.164 ("+4930…"), a dialable string, or a SIP URI."""
    name: str = ""
    service: str = ""
    history: tuple[HistoryEntry, ...] = ()
    windows: tuple[Window, ...] = ()
    region: str = ""
    zone: str = ""
    """IANA time zone of the callee; empty: unknown."""
    priority: int = 0
    """Higher goes first."""
    attempts: Annotated[int, Meta(ge=0)] = 0
    """Counted attempts made before this sheet was issued."""
    past: tuple[PastAttempt, ...] = ()
    not_before: Instant | None = None
    callback: bool = False
    """`not_before` is an appointment with the callee: when due it goes first."""
    held: str = ""
    """Not empty: kept, but not dialled; the reason."""
    withdrawn: bool = False
    """A tombstone: this task has been taken out of the sheet or given to another agent."""
    ring_timeout: Seconds | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | None = None
    caller_id: str = ""
    extra: dict[str, Scalar] = {}


class RetryRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do after an attempt with one outcome."""

    action: Action
    after: Seconds = 0.0
    """Interval before the next attempt, from the end of this one (action "retry")."""
    limit: Annotated[int, Meta(ge=1)] | None = None
    """With this many attempts of this outcome the task is dropped."""
    counted: bool = True
    """Whether it uses up one of the task's `max_attempts`."""
    honour_retry_after: bool = False
    """A `Retry-After` header (RFC 3261 §20.33) replaces `after`, and turns "drop" into "retry"."""
    report: bool = False
    """Named among the sheet's problems for the manager or the technician."""


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """Calling hours on some weekdays, local to the callee: from `start` (inclusive) to `end` (exclusive)."""

    days: tuple[Weekday, ...]
    start: time
    end: time
    """00:00 means midnight at the end of the day."""


class Cap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `limit` calls to one number in any `period` seconds (rolling)."""

    limit: Annotated[int, Meta(ge=1)]
    period: Annotated[float, Meta(gt=0)]


class Rules(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The law as data (mission, beyond 3). An absent field sets no limit."""

    hours: tuple[Span, ...] = ()
    """Calling hours in the callee's zone; empty: any time."""
    holidays: tuple[date, ...] = ()
    caps: tuple[Cap, ...] = ()
    min_ring: Seconds = 0.0
    """Let it ring at least so long before giving up."""
    block_after_refusal: Seconds = 0.0
    """After outcome "declined" or "unwanted" the number is not called for so long."""


class Disposition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the agent says of a call with one key."""

    key: Digit
    code: str
    label: Text
    effect: Literal["done", "retry", "callback", "dnc", "empty"] = "done"
    after: Seconds | None = None
    """Interval for effect "retry"; absent: the outcome's own rule."""


class OrderKey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One criterion of the queue's order; the next criterion breaks its ties."""

    by: str
    """"file", "priority", "window", a task field, or the name of an extra field."""
    descending: bool | None = None
    """Absent: ascending, but descending for "priority"."""
    type: Literal["text", "number", "date"] | None = None
    """How an extra field compares; absent: numbers if every value is one, else text."""
    missing: Literal["first", "last"] = "last"


class Sheet(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call sheet, version 1. A setting that is absent is taken from the phone's settings."""

    id: str
    agent: str
    revision: Annotated[int, Meta(ge=0)]
    tasks: tuple[Task, ...]
    issued: Instant | None = None
    expires: Instant | None = None
    title: str = ""
    mode: Mode | None = None
    order: tuple[OrderKey, ...] = ()
    """Empty: file order. Planned windows and due callbacks go first in any order."""
    window_policy: WindowPolicy | None = None
    gap: Seconds | None = None
    preview: Seconds | None = None
    """Progressive mode: how long the callee is shown before the call is placed."""
    wrap_up: Seconds | None = None
    ring_timeout: Seconds | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | None = None
    retry: dict[Outcome, RetryRule] = {}
    rules: Rules | None = None
    region_rules: dict[str, Rules] = {}
    """Rules that replace `rules` for tasks of a region."""
    zone: str = ""
    """Zone of the tasks that name none."""
    do_not_call: tuple[str, ...] = ()
    recent: dict[str, tuple[Instant, ...]] = {}
    """Calls per number that count towards rolling caps, whoever made them."""
    dispositions: tuple[Disposition, ...] = ()
    pause_reasons: tuple[Text, ...] = ()
    caller_id: str = ""
    pin: str = ""
    """Salted scrypt hash of the agent's PIN: "scrypt$N$r$p$salt$hash", salt and hash in base64."""
    upload: str = ""
    """Where results go: a URL of a folder."""
    lease: str = ""
    """Where a phone asks whether it may dial this sheet: a URL that takes lease requests by POST (http, https).
    Empty: phones agree among themselves by lease files in the folder for results."""


class Progress(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What has become of a sheet since it was issued, without what nobody touched.

    Carried over into the same sheet, or a higher revision of it, it lets another
    phone go on where one stopped, also if that one did not come to hand anything back.
    """

    sheet: str
    revision: Annotated[int, Meta(ge=0)]
    """Of the sheet that the work was done on."""
    agent: str
    tasks: tuple[Task, ...] = ()
    """Unfinished tasks with something to remember. What counts are `attempts`, `past`, `not_before`, `callback`,
    `held` and `max_attempts`; name and service are left out, the sheet has them."""
    final: tuple[str, ...] = ()
    """Ids of tasks that are never to be dialled again."""
    do_not_call: tuple[str, ...] = ()
    """Numbers whose callees said so."""
    recent: dict[str, tuple[Instant, ...]] = {}
    """Calls per number that count towards rolling caps."""


class Attempt(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One attempt, as stored in the ledger and as reported in the results."""

    id: str
    """Unique for ever: phone, installation, and a number that only grows."""
    task: str
    number: str
    dialled: Instant
    ended: Instant
    end: CallEnd
    outcome: Outcome
    ringing: Instant | None = None
    answered: Instant | None = None
    ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    counted: bool = True
    disposition: str = ""
    note: str = ""
    action: Action | Literal["done", ""] = ""
    """What became of the task; empty while the agent has not decided."""
    until: Instant | None = None
    """With action "retry": not before this time."""
    callback: bool = False
    agent: str = ""
    phone: str = ""
