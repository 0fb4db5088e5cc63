# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a task after an attempt: policy per outcome, limits, Retry-After.

The intervals are ours, for lack of a standard: 15 minutes is how long a busy
callee usually stays busy, two hours reach another part of the day.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from callsheet.core.model import Action, Disposition, RetryRule, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.resolve import Source, resolve, rules_for
from callsheet.core.settings import CallSettings

SHORT = 15 * 60.0
"""Seconds until a busy callee is tried again."""
LONG = 2 * 3600.0
"""Seconds until a callee who did not answer is tried again."""
BACK_OFF = 5 * 60.0
"""Seconds until the first retry after trouble in the network; doubles each time."""
BACK_OFF_STEPS = 4
"""How often it doubles: up to 80 minutes."""
TROUBLE_LIMIT = 12
"""Attempts that may end in network trouble. They use up no attempt, so without it a dead route would be dialled for ever."""
MAX_WAIT = 366 * 86400.0
"""The longest Retry-After we believe, in seconds."""

_LONG_RETRY = RetryRule("retry", after=LONG)

DEFAULTS: Mapping[Outcome, RetryRule] = {
    Outcome.ANSWERED: RetryRule("ask"),
    Outcome.EMPTY: RetryRule("drop"),
    Outcome.SUSPECTED_EMPTY: RetryRule("retry", after=LONG, limit=2),
    Outcome.BAD_NUMBER: RetryRule("drop", report=True),
    Outcome.CHANGED: RetryRule("drop", report=True),
    Outcome.BUSY: RetryRule("retry", after=SHORT, honour_retry_after=True),
    Outcome.UNAVAILABLE: RetryRule("retry", after=LONG, honour_retry_after=True),
    Outcome.NO_RESPONSE: _LONG_RETRY,
    Outcome.NO_ANSWER: _LONG_RETRY,
    Outcome.SKIPPED: RetryRule("ask"),
    Outcome.OUR_FAULT: RetryRule("pause", counted=False),
    Outcome.DECLINED: RetryRule("drop", honour_retry_after=True),
    Outcome.CALLER_BLOCKED: RetryRule("stop", counted=False, report=True),
    Outcome.UNWANTED: RetryRule("dnc"),
    Outcome.REFUSED: RetryRule("hold", counted=False, report=True),
    Outcome.MEDIA_MISMATCH: RetryRule("hold", counted=False, report=True),
    Outcome.NETWORK_TROUBLE: RetryRule(
        "retry", after=BACK_OFF, limit=TROUBLE_LIMIT, counted=False, honour_retry_after=True
    ),
    Outcome.OUT_OF_ORDER: _LONG_RETRY,
    Outcome.MOVED: RetryRule("drop", report=True),
    Outcome.ALTERNATIVE_SERVICE: RetryRule("retry", after=SHORT, limit=2),
    Outcome.FAILED_UNKNOWN: RetryRule("retry", after=LONG, report=True),
    Outcome.UNKNOWN: RetryRule("ask"),
}
"""The built-in policy: the right-hand column of the outcome table."""

FINAL_ACTIONS = frozenset({"done", "drop", "dnc"})
"""Actions after which a task is never dialled again."""


class Tally(Struct, frozen=True):
    """What happened to a task before the attempt in question, on whichever phone."""

    counted: int = 0
    """Attempts that used up one of `max_attempts`."""
    by_outcome: Mapping[Outcome, int] = {}
    """Attempts per outcome, counted or not."""
    refused_elsewhere: bool = False
    """The queue's previous call, to another callee, ended as refused too."""


class Decision(Struct, frozen=True):
    """What becomes of the task."""

    action: str
    """An `Action`, or "done"."""
    until: float | None = None
    """POSIX seconds before which it is not dialled again (action "retry")."""
    counted: bool = True
    final: bool = False
    callback: bool = False
    outcome: Outcome | None = None
    """Set where the agent overrules the classification."""
    reason: str = "policy"
    """Why: "policy", "retry-after", "attempts", "outcome-limit", "refusal-block", "refused-twice", "agent"."""
    report: bool = False
    """To be named among the sheet's problems."""


def rule_for(outcome: Outcome, sheet: Sheet | None, settings: CallSettings) -> tuple[RetryRule, Source]:
    """The rule for an outcome and where it came from: sheet > phone settings > built-in."""
    if sheet is not None and outcome in sheet.retry:
        return sheet.retry[outcome], "sheet"
    if outcome in settings.retry:
        return settings.retry[outcome], "settings"
    return DEFAULTS[outcome], "default"


def decide(
    outcome: Outcome, end: CallEnd, task: Task, tally: Tally, sheet: Sheet | None, settings: CallSettings,
    at: float, interval: float | None = None,
) -> Decision:
    """What the policy does with a task after an attempt that ended at `at` (POSIX seconds).

    `interval` is the agent's hand-picked wait in seconds: it turns any action into a
    retry, but not past the attempts limit.
    """
    rule, _ = rule_for(outcome, sheet, settings)
    if outcome is Outcome.REFUSED and rule.action == "hold" and tally.refused_elsewhere:
        return Decision("stop", counted=rule.counted, reason="refused-twice", report=True)
    action, wait, reason = _wish(rule, end, tally.by_outcome.get(outcome, 0), interval)
    if action != "retry":
        return Decision(
            action, counted=rule.counted, final=action in FINAL_ACTIONS, reason=reason, report=rule.report
        )
    limit, _ = resolve("max_attempts", task, sheet, settings)
    if tally.counted + rule.counted >= limit:
        return Decision("drop", counted=rule.counted, final=True, reason="attempts", report=rule.report)
    if rule.limit is not None and tally.by_outcome.get(outcome, 0) + 1 >= rule.limit:
        return Decision("drop", counted=rule.counted, final=True, reason="outcome-limit", report=rule.report)
    rules, _ = rules_for(task, sheet, settings)
    if outcome in (Outcome.DECLINED, Outcome.UNWANTED) and rules.block_after_refusal > wait:
        wait, reason = rules.block_after_refusal, "refusal-block"
    return Decision("retry", at + wait, rule.counted, reason=reason, report=rule.report)


def _wish(rule: RetryRule, end: CallEnd, before: int, interval: float | None) -> tuple[Action, float, str]:
    """Action, wait in seconds and reason before any limit; `before`: earlier attempts of this outcome."""
    if interval is not None:
        return "retry", max(0.0, min(interval, MAX_WAIT)), "agent"
    if rule.honour_retry_after and end.retry_after is not None and rule.action in ("retry", "drop"):
        return "retry", max(0.0, min(end.retry_after, MAX_WAIT)), "retry-after"
    wait = rule.after
    if rule.action == "retry" and not rule.counted:
        wait *= 2.0 ** min(before, BACK_OFF_STEPS)
    return rule.action, wait, "policy"


def disposed(
    disposition: Disposition, outcome: Outcome, task: Task, tally: Tally, sheet: Sheet | None,
    settings: CallSettings, at: float, callback_at: float | None = None,
) -> Decision:
    """What the agent's disposition makes of a task after an attempt that ended at `at` (POSIX seconds).

    A call-back is the agent's appointment (`callback_at`, POSIX seconds) and stands
    above the attempts limit; an ordinary retry does not. Raises ValueError for a
    call-back without a time.
    """
    rule, _ = rule_for(outcome, sheet, settings)
    match disposition.effect:
        case "retry":
            after = disposition.after
            if after is None:
                after = rule.after if rule.action == "retry" else LONG
            return decide(outcome, CallEnd(), task, tally, sheet, settings, at, interval=after)
        case "callback":
            if callback_at is None:
                raise ValueError(f"disposition {disposition.code!r} is a call-back and needs a time")
            return Decision("retry", callback_at, rule.counted, callback=True, reason="agent")
        case "dnc":
            return Decision("dnc", counted=rule.counted, final=True, reason="agent")
        case "empty":
            return Decision("drop", counted=rule.counted, final=True, outcome=Outcome.EMPTY, reason="agent")
        case _:
            return Decision("done", counted=rule.counted, final=True, reason="agent")


def describe(rule: RetryRule) -> str:
    """A rule in one line of English, for `callsheet explain` and the manual."""
    words = {
        "retry": f"retry after {duration(rule.after)}", "drop": "drop", "hold": "hold",
        "pause": "pause the queue", "stop": "stop the campaign", "dnc": "never call the number again",
        "ask": "the agent decides",
    }[rule.action]
    if rule.action == "retry" and not rule.counted:
        words += f", doubling up to {duration(rule.after * 2 ** BACK_OFF_STEPS)}"
    notes = [words]
    if rule.limit is not None:
        notes.append(f"dropped after {rule.limit} attempts with this outcome")
    if not rule.counted:
        notes.append("not counted")
    if rule.honour_retry_after:
        notes.append("Retry-After goes first" if rule.action == "retry" else "unless Retry-After says when to retry")
    if rule.report:
        notes.append("reported")
    return "; ".join(notes)


def duration(seconds: float) -> str:
    """Seconds in the largest unit that divides them: "15 min", "2 h", "90 s"."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s"
