# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy per outcome, limits and Retry-After; which setting wins."""

from __future__ import annotations

import pytest

from callsheet.core.model import Disposition, RetryRule, Rules, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.resolve import NAMES, resolve, zone_for
from callsheet.core.retry import (
    BACK_OFF,
    DEFAULTS,
    LONG,
    SHORT,
    Decision,
    Tally,
    decide,
    describe,
    disposed,
    rule_for,
)
from callsheet.core.settings import CallSettings

O = Outcome  # noqa: E741
TASK = Task(id="t", number="+4930123456")
SETTINGS = CallSettings(max_attempts=5)
AT = 1_000_000.0


def sheet(**fields: object) -> Sheet:
    return Sheet(id="s", agent="101", revision=1, tasks=(TASK,), **fields)  # type: ignore[arg-type]


# The right-hand column of the outcome table: action, wait in seconds, counted, reported.
POLICY = [
    (O.ANSWERED, "ask", None, True, False), (O.EMPTY, "drop", None, True, False),
    (O.SUSPECTED_EMPTY, "retry", LONG, True, False), (O.BAD_NUMBER, "drop", None, True, True),
    (O.CHANGED, "drop", None, True, True), (O.BUSY, "retry", SHORT, True, False),
    (O.UNAVAILABLE, "retry", LONG, True, False), (O.NO_RESPONSE, "retry", LONG, True, False),
    (O.NO_ANSWER, "retry", LONG, True, False), (O.SKIPPED, "ask", None, True, False),
    (O.OUR_FAULT, "pause", None, False, False), (O.DECLINED, "drop", None, True, False),
    (O.CALLER_BLOCKED, "stop", None, False, True), (O.UNWANTED, "dnc", None, True, False),
    (O.REFUSED, "hold", None, False, True), (O.MEDIA_MISMATCH, "hold", None, False, True),
    (O.NETWORK_TROUBLE, "retry", BACK_OFF, False, False), (O.OUT_OF_ORDER, "retry", LONG, True, False),
    (O.MOVED, "drop", None, True, True), (O.ALTERNATIVE_SERVICE, "retry", SHORT, True, False),
    (O.FAILED_UNKNOWN, "retry", LONG, True, True), (O.UNKNOWN, "ask", None, True, False),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "action", "wait", "counted", "report"), POLICY)
def test_default_policy(outcome: Outcome, action: str, wait: float | None, counted: bool, report: bool) -> None:
    decision = decide(outcome, CallEnd(), TASK, Tally(), None, SETTINGS, AT)
    assert (decision.action, decision.counted, decision.report) == (action, counted, report)
    assert decision.until == (None if wait is None else AT + wait)
    assert decision.final == (action in ("drop", "dnc"))


def test_every_outcome_has_a_policy_that_can_be_told() -> None:
    assert set(DEFAULTS) == set(Outcome) == {row[0] for row in POLICY}
    assert describe(DEFAULTS[O.BUSY]) == "retry after 15 min; Retry-After goes first"
    assert "up to 80 min" in describe(DEFAULTS[O.NETWORK_TROUBLE])
    assert all(describe(rule) for rule in DEFAULTS.values())


@pytest.mark.parametrize("outcome", [O.SUSPECTED_EMPTY, O.ALTERNATIVE_SERVICE])
def test_one_confirming_retry_then_drop(outcome: Outcome) -> None:
    decision = decide(outcome, CallEnd(), TASK, Tally(1, {outcome: 1}), None, SETTINGS, AT)
    assert (decision.action, decision.final, decision.reason) == ("drop", True, "outcome-limit")


def test_attempts_limit_counts_this_attempt() -> None:
    for counted, action in ((3, "retry"), (4, "drop"), (9, "drop")):
        assert decide(O.BUSY, CallEnd(), TASK, Tally(counted), None, SETTINGS, AT).action == action


def test_uncounted_attempts_do_not_reach_the_limit_and_back_off() -> None:
    waits = []
    for before in range(12):
        decision = decide(
            O.NETWORK_TROUBLE, CallEnd(), TASK, Tally(4, {O.NETWORK_TROUBLE: before}), None, SETTINGS, AT
        )
        waits.append(None if decision.until is None else (decision.until - AT) / BACK_OFF)
    assert waits == [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16, None]


@pytest.mark.parametrize("outcome", [O.BUSY, O.UNAVAILABLE, O.NETWORK_TROUBLE, O.DECLINED])
def test_retry_after_is_honoured(outcome: Outcome) -> None:
    decision = decide(outcome, CallEnd(retry_after=90.0), TASK, Tally(), None, SETTINGS, AT)
    assert (decision.action, decision.until, decision.reason) == ("retry", AT + 90, "retry-after")


@pytest.mark.parametrize("outcome", [O.EMPTY, O.NO_ANSWER, O.OUR_FAULT, O.UNWANTED, O.CALLER_BLOCKED])
def test_retry_after_is_not_honoured_elsewhere(outcome: Outcome) -> None:
    with_header = decide(outcome, CallEnd(retry_after=90.0), TASK, Tally(), None, SETTINGS, AT)
    assert with_header == decide(outcome, CallEnd(), TASK, Tally(), None, SETTINGS, AT)


def test_an_absurd_retry_after_is_cut() -> None:
    decision = decide(O.BUSY, CallEnd(retry_after=1e15), TASK, Tally(), None, SETTINGS, AT)
    assert decision.until == AT + 366 * 86400


def test_block_after_refusal_is_longer_than_retry_after() -> None:
    settings = CallSettings(rules=Rules(block_after_refusal=60 * 86400.0))
    decision = decide(O.DECLINED, CallEnd(retry_after=90.0), TASK, Tally(), None, settings, AT)
    assert (decision.until, decision.reason) == (AT + 60 * 86400, "refusal-block")


def test_hand_picked_interval() -> None:
    assert decide(O.BUSY, CallEnd(), TASK, Tally(), None, SETTINGS, AT, interval=60.0).until == AT + 60
    assert decide(O.SKIPPED, CallEnd(), TASK, Tally(), None, SETTINGS, AT, interval=60.0).action == "retry"
    assert decide(O.BUSY, CallEnd(), TASK, Tally(4), None, SETTINGS, AT, interval=60.0).action == "drop"


def test_refused_by_two_callees_in_a_row_stops_the_campaign() -> None:
    assert decide(O.REFUSED, CallEnd(), TASK, Tally(), None, SETTINGS, AT).action == "hold"
    decision = decide(O.REFUSED, CallEnd(), TASK, Tally(refused_elsewhere=True), None, SETTINGS, AT)
    assert (decision.action, decision.reason, decision.final) == ("stop", "refused-twice", False)


def test_rule_of_sheet_then_settings_then_default() -> None:
    ours, theirs = RetryRule("retry", after=1.0), RetryRule("drop")
    settings = CallSettings(retry={O.BUSY: ours})
    assert rule_for(O.BUSY, sheet(retry={O.BUSY: theirs}), settings) == (theirs, "sheet")
    assert rule_for(O.BUSY, sheet(), settings) == (ours, "settings")
    assert rule_for(O.NO_ANSWER, sheet(), settings) == (DEFAULTS[O.NO_ANSWER], "default")


def test_dispositions() -> None:
    def act(effect: str, counted: int = 0, **more: object) -> Decision:
        chosen = Disposition(key="1", code="x", label="X", effect=effect, **more)  # type: ignore[arg-type]
        return disposed(chosen, O.ANSWERED, TASK, Tally(counted), None, SETTINGS, AT, callback_at=AT + 7)

    assert (act("done").action, act("done").final) == ("done", True)
    assert (act("dnc").action, act("dnc").final) == ("dnc", True)
    assert (act("empty").action, act("empty").outcome) == ("drop", O.EMPTY)
    assert act("retry").until == AT + LONG
    assert act("retry", after=30.0).until == AT + 30
    assert act("retry", 4).action == "drop"
    assert (act("callback").until, act("callback").callback) == (AT + 7, True)
    assert act("callback", 4).action == "retry", "an appointment stands above the attempts limit"
    with pytest.raises(ValueError, match="needs a time"):
        disposed(Disposition(key="1", code="cb", label="", effect="callback"), O.ANSWERED, TASK, Tally(), None,
                 SETTINGS, AT)


def test_resolve_in_order_of_precedence() -> None:
    task = Task(id="t", number="1", ring_timeout=40.0)
    assert resolve("ring_timeout", task, sheet(ring_timeout=35.0), SETTINGS, agent=50.0) == (50.0, "agent")
    assert resolve("ring_timeout", task, sheet(ring_timeout=35.0), SETTINGS) == (40.0, "task")
    assert resolve("ring_timeout", TASK, sheet(ring_timeout=35.0), SETTINGS) == (35.0, "sheet")
    assert resolve("ring_timeout", TASK, sheet(), CallSettings(ring_timeout=33.0)) == (33.0, "settings")
    assert resolve("ring_timeout", TASK, None, CallSettings()) == (30.0, "default")
    assert resolve("gap", TASK, sheet(gap=0.0), SETTINGS) == (0.0, "sheet"), "zero is a value"
    assert resolve("caller_id", TASK, sheet(), SETTINGS) == ("", "default")


def test_ring_timeout_is_raised_to_the_rules_minimum() -> None:
    rules = Rules(min_ring=15.0)
    assert resolve("ring_timeout", TASK, sheet(ring_timeout=5.0, rules=rules), SETTINGS, agent=3.0) == (15.0, "rules")
    region = Task(id="t", number="1", region="FL")
    own = sheet(ring_timeout=5.0, rules=Rules(), region_rules={"FL": rules})
    assert resolve("ring_timeout", region, own, SETTINGS) == (15.0, "rules")
    assert resolve("ring_timeout", TASK, own, SETTINGS) == (5.0, "sheet")


def test_resolve_knows_its_names() -> None:
    for name in NAMES:
        resolve(name, TASK, sheet(), SETTINGS)
    with pytest.raises(KeyError, match="no such setting"):
        resolve("colour", TASK, sheet(), SETTINGS)


def test_the_phone_s_own_zone_is_never_the_callee_s() -> None:
    assert zone_for(TASK, sheet(zone="Asia/Shanghai")) == "Asia/Shanghai"
    assert zone_for(TASK, sheet()) == ""
