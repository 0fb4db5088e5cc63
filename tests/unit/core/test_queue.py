# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue's rules one by one; `tests/model` holds all of them together."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from callsheet.core.ledger import Adopted, Closed, Decided, Ended, Intention, Postponed, SignedOut, Withdrawn
from callsheet.core.model import Attempt, Cap, OrderKey, PastAttempt, Rules, Sheet, Span, Task, Window
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.presets import EVERY_DAY, PRESETS
from callsheet.core.queue import Blocker, Counts, Proposal, Queue, SheetRefused, StaleRevision
from callsheet.core.settings import CallSettings, NumberSettings

T0 = datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp()  # a Monday, noon in Paris
HOUR, DAY = 3600.0, 86400.0


def when(offset: float) -> datetime:
    return datetime.fromtimestamp(T0 + offset, UTC)


def task(id: str, **fields: object) -> Task:
    fields.setdefault("number", f"+49301000{ord(id[0]):04d}")
    return Task(id=id, **fields)  # type: ignore[arg-type]


def sheet(*tasks: Task, revision: int = 1, **fields: object) -> Sheet:
    return Sheet(id="s", agent="101", revision=revision, tasks=tasks, **fields)  # type: ignore[arg-type]


def queue(*tasks: Task, **fields: object) -> Queue:
    return Queue(sheet(*tasks, **fields), CallSettings(), NumberSettings())


def called(
    queue: Queue, id: str, outcome: Outcome = Outcome.ANSWERED, action: str = "done", at: float = 0.0,
    until: float | None = None, attempt: str = "", number: str = "", **fields: object,
) -> Attempt:
    """A whole call of a minute, begun at T0 + `at`."""
    found = queue.task(id)
    number = number or (found.number if found is not None else "")
    result = Attempt(
        id=attempt or f"p-{id}-{at}", task=id, number=number, dialled=when(at), ended=when(at + 60), end=CallEnd(),
        outcome=outcome, action=action, until=None if until is None else when(until), **fields,  # type: ignore[arg-type]
    )
    queue.apply(Intention(result.id, id, number, when(at)))
    queue.apply(Ended(result))
    return result


def first(queue: Queue, offset: float = 0.0) -> str:
    proposal = queue.next(T0 + offset)
    return proposal.task.id if proposal.ready and proposal.task is not None else ""


def names(queue: Queue, offset: float = 0.0, count: int = 99) -> list[str]:
    return [proposal.task.id for proposal in queue.upcoming(T0 + offset, count) if proposal.task is not None]


# Order --------------------------------------------------------------------------


def test_an_empty_sheet_is_finished() -> None:
    empty = queue()
    assert empty.next(T0) == Proposal()
    assert (empty.finished, empty.counts()) == (True, Counts())
    empty.apply(Intention("p-1", "ghost", "+4930", when(0)))
    assert next(empty.states()).task.id == "ghost", "a call of a task that left the sheet is still told of"


def test_order_by_file_priority_and_extra_fields() -> None:
    tasks = (
        task("a", priority=1, extra={"due": "2026-07-01", "sum": "9"}), task("b", extra={"sum": "10"}),
        task("c", priority=1, extra={"due": "2026-06-01", "sum": "2.5"}), task("d", priority=5, extra={"due": "?"}),
    )
    assert names(queue(*tasks)) == ["a", "b", "c", "d"]
    assert names(queue(*tasks, order=(OrderKey("priority"),))) == ["d", "a", "c", "b"]
    assert names(queue(*tasks, order=(OrderKey("priority", descending=False),))) == ["b", "a", "c", "d"]
    assert names(queue(*tasks, order=(OrderKey("priority"), OrderKey("file", descending=True)))) == [
        "d", "c", "a", "b"]
    assert names(queue(*tasks, order=(OrderKey("due", type="date"),))) == ["c", "a", "b", "d"]
    assert names(queue(*tasks, order=(OrderKey("due", type="date", descending=True, missing="first"),))) == [
        "b", "d", "a", "c"], "missing goes where it is told to, whichever the direction"
    assert names(queue(*tasks, order=(OrderKey("sum"),))) == ["c", "a", "b", "d"], "numbers, as all of them are"
    assert names(queue(*tasks, order=(OrderKey("sum", type="text"),))) == ["b", "c", "a", "d"]


def test_a_due_callback_goes_before_a_window_before_the_rest_before_a_window_that_is_over() -> None:
    q = queue(
        task("a", windows=(Window(when(-7200), when(-3600)),)), task("b"),
        task("c", windows=(Window(when(-60), when(60)),)), task("d", not_before=when(-5), callback=True),
        task("e", not_before=when(-9), callback=True), task("f", not_before=when(-5)),
    )
    assert names(q) == ["e", "d", "c", "b", "f", "a"]
    assert q.next(T0).callback
    assert names(q, 60) == ["e", "d", "b", "f", "a", "c"], "at its end a window is over"


def test_between_two_windows_it_waits_for_the_second() -> None:
    q = queue(task("a", windows=(Window(when(7200), when(9000)), Window(when(-60), when(60)))))
    assert first(q, 59) == "a"
    assert q.why("a", T0 + 60) == Blocker("window", T0 + 7200)
    assert q.next(T0 + 60).due == T0 + 7200
    assert first(q, 9000) == "a"


# Time ---------------------------------------------------------------------------


def test_the_reason_is_the_one_that_ends_last_and_the_due_time_honours_all() -> None:
    rules = Rules(hours=(Span(EVERY_DAY, time(8), time(20)),))
    q = queue(task("a", zone="Europe/Paris", not_before=when(9 * HOUR)), rules=rules)
    proposal = q.next(T0)
    assert proposal.blocker == Blocker("not-before", T0 + 9 * HOUR)
    assert proposal.due == T0 + 20 * HOUR, "21:00 in Paris is too late, so it is eight the next morning"
    assert q.why("a", T0 + 9 * HOUR) == Blocker("hours", T0 + 20 * HOUR, "Europe/Paris")


def test_a_closed_zone_does_not_stop_another() -> None:
    q = queue(
        task("a", zone="America/Los_Angeles"), task("b", zone="Europe/Paris"), task("c", zone="Asia/Tokyo"),
        rules=PRESETS["us"],
    )
    assert first(q) == "b", "three in the morning in Los Angeles, noon in Paris"
    called(q, "b")
    assert first(q, 60) == "c"
    called(q, "c", at=60.0)
    proposal = q.next(T0 + 120)
    assert (proposal.task and proposal.task.id, proposal.due) == ("a", T0 + 5 * HOUR)
    assert proposal.blocker == Blocker("hours", T0 + 5 * HOUR, "America/Los_Angeles")


def test_what_was_ready_is_not_once_hours_have_closed() -> None:
    q = queue(task("a", zone="Europe/Paris"), task("b"), rules=PRESETS["fr"], zone="Europe/Berlin")
    assert [first(q, offset) for offset in (0, HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR)] == ["a", "a", "", "", "a"]


def test_holidays_are_told_apart() -> None:
    rules = Rules(hours=PRESETS["fr"].hours, holidays=(date(2026, 6, 1),))
    assert queue(task("a", zone="Europe/Paris"), rules=rules).why("a", T0) == Blocker(
        "holiday", datetime(2026, 6, 2, 8, tzinfo=UTC).timestamp(), "Europe/Paris")


@pytest.mark.parametrize("zone", ["", "Nowhere/Town"])
def test_unknown_zone_blocks_only_where_calling_hours_are_on(zone: str) -> None:
    q = queue(task("a", zone=zone, region="X"), task("b", zone=zone), rules=Rules(),
              region_rules={"X": PRESETS["us"]})
    assert first(q) == "b"
    assert q.why("a", T0) == Blocker("unknown-zone", detail=zone)
    called(q, "b")
    proposal = q.next(T0 + 60)
    assert (proposal.ready, proposal.due, proposal.blocker) == (False, None, Blocker("unknown-zone", detail=zone))


def test_the_sheet_s_zone_serves_tasks_that_name_none() -> None:
    assert first(queue(task("a"), rules=PRESETS["us"], zone="Europe/Paris")) == "a"


def test_while_the_clock_is_not_known_nothing_with_calling_hours_is_dialled() -> None:
    q = queue(task("a", zone="Europe/Paris"), task("b", region="X"), rules=PRESETS["us"], region_rules={"X": Rules()})
    proposal = q.next(T0, clock_trusted=False)
    assert (proposal.task and proposal.task.id, proposal.ready) == ("b", True)
    called(q, "b")
    assert q.next(T0 + 60, clock_trusted=False).blocker == Blocker("clock-untrusted")
    assert q.why("a", T0 + 60, clock_trusted=False) == Blocker("clock-untrusted")
    assert first(q, 60) == "a", "as soon as the clock is set"


def test_a_clock_set_back_is_no_harm() -> None:
    q = queue(task("a", windows=(Window(when(0), when(60)),)), task("b", not_before=when(600)), task("c"))
    assert names(q, 900) == ["b", "c", "a"]
    assert names(q, 0) == ["a", "c", "b"]


def test_hours_that_never_come() -> None:
    q = queue(task("a", zone="UTC"), rules=Rules(hours=(Span((), time(8), time(9)),)))
    assert q.next(T0).blocker == Blocker("never-open", detail="UTC")


def test_an_expired_sheet_is_not_dialled() -> None:
    q = queue(task("a"), expires=when(60))
    assert first(q, 59) == "a"
    proposal = q.next(T0 + 60)
    assert (proposal.ready, proposal.due, proposal.blocker) == (False, None, Blocker("expired-sheet"))
    assert q.why("a", T0 + 60) == Blocker("expired-sheet")


# Caps and numbers ----------------------------------------------------------------


def test_two_tasks_with_one_number_share_its_cap() -> None:
    rules = Rules(caps=(Cap(1, HOUR),))
    q = queue(task("a", number="+4930123456"), task("b", number="+49 (0)30 123456"), task("c"), rules=rules)
    assert first(q) == "a"
    called(q, "a", Outcome.BUSY, "retry", until=60.0)
    assert first(q, 120) == "c"
    assert q.why("b", T0 + 120) == Blocker("cap", T0 + HOUR)
    called(q, "c", at=120.0)
    assert (q.next(T0 + 300).due, q.next(T0 + 300).blocker) == (T0 + HOUR, Blocker("cap", T0 + HOUR))


def test_florida_counts_what_others_did() -> None:
    recent = {"+49 30 123456": (when(-3 * HOUR), when(-2 * HOUR))}
    fields = {"rules": PRESETS["us-fl"], "zone": "Europe/Paris"}
    q = Queue(sheet(task("a", number="+4930123456"), recent=recent, **fields), CallSettings(), NumberSettings(),
              recent={"+4930123456": [T0 - 2 * HOUR, T0 - HOUR]})
    assert q.why("a", T0) == Blocker("cap", T0 + 21 * HOUR), "one of the four was told twice"


def test_the_phone_s_memory_may_come_later() -> None:
    q = queue(task("a", number="+4930123456"), rules=Rules(caps=(Cap(1, HOUR),)))
    assert first(q) == "a"
    q.remember({"+4930123456": [T0 - 60]})
    assert q.next(T0).due == T0 + HOUR - 60


def test_only_calls_that_may_have_rung_count_towards_caps() -> None:
    rules = Rules(caps=(Cap(1, HOUR),))
    for outcome, ringing, capped in [
        (Outcome.OUR_FAULT, None, False), (Outcome.NETWORK_TROUBLE, None, False), (Outcome.OUR_FAULT, 5.0, True),
        (Outcome.BUSY, None, True), (Outcome.SKIPPED, None, True), (Outcome.UNKNOWN, None, True),
    ]:  # fmt: skip
        q = queue(task("a"), rules=rules)
        called(q, "a", outcome, "retry", until=60.0, ringing=None if ringing is None else when(ringing))
        assert (first(q, 120) == "") == capped, outcome


def test_an_open_intention_counts_and_is_taken_back() -> None:
    q = queue(task("a"), task("b", number=task("a").number), rules=Rules(caps=(Cap(1, HOUR),)))
    q.apply(Intention("p-1", "a", task("a").number, when(0)))
    assert q.why("a", T0) == Blocker("active")
    assert q.why("a", T0, intended=True) is None
    assert q.why("b", T0) == Blocker("cap", T0 + HOUR)
    q.apply(Withdrawn("p-1"))
    assert first(q) == "a"


def test_an_intention_may_not_go_out_any_more_once_hours_close_or_the_task_is_gone() -> None:
    rules = Rules(hours=(Span(EVERY_DAY, time(8), time(12, 30)),))
    q = queue(task("a"), task("b"), rules=rules, zone="Europe/Paris")
    q.apply(Intention("p-1", "a", task("a").number, when(0)))
    blocker = q.why("a", T0 + 1800, intended=True)
    assert blocker is not None
    assert blocker.kind == "hours"
    q.merge(sheet(task("b"), revision=2), T0)
    assert q.why("a", T0, intended=True) == Blocker("final", detail="withdrawn")


def test_a_call_dialled_by_hand_counts_for_its_number() -> None:
    q = queue(task("a"), rules=Rules(caps=(Cap(1, HOUR),)))
    called(q, "", number=task("a").number)
    assert q.why("a", T0 + 60) == Blocker("cap", T0 + HOUR)
    assert q.counts().total == 1


def test_block_after_refusal_spares_the_number_not_only_the_task() -> None:
    q = queue(task("a", number="+4930123456"), task("b", number="+4930123456"), task("c"), rules=PRESETS["fr"],
              zone="Europe/Paris")
    called(q, "a", Outcome.DECLINED, "drop")
    assert first(q, 60) == "c"
    assert q.why("b", T0 + 60) == Blocker("refusal-block", T0 + 60 + 60 * DAY)
    q.apply(Decided("p-a-0.0", "a", action="drop", outcome=Outcome.EMPTY))
    assert first(q, 60) == "b", "the agent corrected what was no refusal"


def test_a_refusal_told_by_the_sheet_blocks_as_well() -> None:
    past = (PastAttempt(when(-DAY), Outcome.DECLINED),)
    q = queue(task("a", past=past), rules=Rules(block_after_refusal=2 * DAY))
    assert q.why("a", T0) == Blocker("refusal-block", T0 + DAY)


@pytest.mark.parametrize(
    ("number", "kind"), [("112", "emergency"), ("+19005550100", "premium"), ("12345", "short"), ("x", "invalid")])
def test_refused_numbers_are_closed_not_dropped_silently(number: str, kind: str) -> None:
    q = queue(task("a", number=number), task("b"))
    assert first(q) == "b"
    assert q.why("a", T0) == Blocker("number-refused", detail=kind)
    assert q.sweep(T0) == (Closed("a", "number-refused", when(0)),)
    for entry in q.sweep(T0):
        q.apply(entry)
    assert q.sweep(T0) == ()
    assert (q.state("a").outcome, q.state("a").final) == ("number-refused", True)


@pytest.mark.parametrize(("outcome", "action"), [(Outcome.ANSWERED, "dnc"), (Outcome.UNWANTED, "drop")])
def test_do_not_call_closes_all_tasks_of_the_number(outcome: Outcome, action: str) -> None:
    q = queue(*(task(id, number="+4930123456") for id in "ab"), task("c", number="+49 30 123456", held="later"),
              task("d"))
    called(q, "a", outcome, action)
    assert [(entry.task, entry.outcome) for entry in q.sweep(T0)] == [("b", "do-not-call"), ("c", "do-not-call")]
    assert first(q, 60) == "d"
    assert q.remaining(T0 + 60).do_not_call == ("+4930123456",)


def test_a_mistaken_do_not_call_can_be_taken_back() -> None:
    q = queue(task("a", number="+4930123456"), task("b", number="+4930123456"))
    called(q, "a", Outcome.ANSWERED, "dnc")
    q.apply(Decided("p-a-0.0", "a", action="done"))
    assert q.sweep(T0) == ()
    assert first(q, 60) == "b"


def test_the_sheet_s_do_not_call_list_in_any_spelling() -> None:
    q = queue(task("a", number="+4930123456"), do_not_call=("0049 30 123456",))
    assert [entry.outcome for entry in q.sweep(T0)] == ["do-not-call"]


# Attempts -------------------------------------------------------------------------


def test_retry_waits_and_goes_back_to_its_place() -> None:
    q = queue(task("a"), task("b"))
    called(q, "a", Outcome.BUSY, "retry", until=900.0)
    assert q.why("a", T0 + 60) == Blocker("retry-wait", T0 + 900)
    assert names(q, 60) == ["b", "a"]
    assert names(q, 900) == ["a", "b"]


def test_a_callback_and_a_postponed_task() -> None:
    q = queue(task("a"), task("b"), task("c"))
    called(q, "a", Outcome.ANSWERED, "retry", until=900.0, callback=True)
    q.apply(Postponed("b", when(600), when(0)))
    assert q.why("a", T0 + 60) == Blocker("callback", T0 + 900)
    assert q.why("b", T0 + 60) == Blocker("not-before", T0 + 600)
    assert names(q, 900) == ["a", "b", "c"]
    assert q.counts() == Counts(total=3, open=1, waiting=2)


def test_an_attempt_without_the_agent_s_word_is_not_dialled_again() -> None:
    q = queue(task("a"))
    attempt = called(q, "a", Outcome.UNKNOWN, "")
    proposal = q.next(T0 + DAY)
    assert (proposal.task and proposal.task.id, proposal.ready, proposal.due) == ("a", False, None)
    assert proposal.blocker == Blocker("undecided", detail="unknown")
    assert not q.finished
    q.apply(Decided(attempt.id, "a", disposition="sold", note="n", action="done"))
    assert (q.state("a").disposition, q.state("a").note, q.finished) == ("sold", "n", True)


def test_a_later_decision_corrects_an_earlier_one_but_not_a_later_attempt() -> None:
    q = queue(task("a"))
    one = called(q, "a", Outcome.BUSY, "retry", until=60.0)
    two = called(q, "a", Outcome.ANSWERED, "done", at=120.0)
    q.apply(Decided(one.id, "a", action="retry", until=when(60)))
    assert q.finished, "a correction of the first attempt does not bring the task back"
    q.apply(Decided(two.id, "a", action="retry", until=when(300)))
    assert first(q, 300) == "a"


def test_our_fault_leaves_the_task_where_it_was() -> None:
    q = queue(task("a", not_before=when(-60), callback=True), task("b"))
    called(q, "a", Outcome.OUR_FAULT, "pause", counted=False)
    assert (first(q, 60), q.next(T0 + 60).callback, q.attempts("a")) == ("a", True, 0)


def test_held_until_a_new_revision_or_the_agent_s_word() -> None:
    def held() -> Queue:
        q = queue(task("a"), task("b", held="contract under review"))
        called(q, "a", Outcome.MEDIA_MISMATCH, "hold", counted=False)
        return q

    q = held()
    assert q.next(T0 + 60).blocker == Blocker("held", detail="media-mismatch")
    assert q.next(T0 + 60).due is None
    assert q.counts() == Counts(total=2, held=2)
    assert q.why("b", T0) == Blocker("held", detail="contract under review")
    q.apply(Postponed("b", when(60), when(60)))
    assert first(q, 60) == "b"
    q.merge(sheet(task("a"), revision=2, issued=when(30)), T0)
    assert first(q, 60) == "", "that revision was issued before the attempt"
    q.merge(sheet(task("a"), revision=3, issued=when(90)), T0)
    assert first(q, 120) == "a"


def test_attempts_made_elsewhere_count_once() -> None:
    past = (PastAttempt(when(-DAY), Outcome.BUSY), PastAttempt(when(0), Outcome.BUSY),
            PastAttempt(when(-HOUR), Outcome.NETWORK_TROUBLE, counted=False))
    q = queue(task("a", attempts=1))
    called(q, "a", Outcome.BUSY, "retry", until=60.0)
    assert q.attempts("a") == 2
    q.merge(sheet(task("a", attempts=2, past=past), revision=2), T0)
    assert q.attempts("a") == 2, "the revised sheet tells of the attempt made here"
    tally = q.tally("a")
    assert (tally.counted, tally.by_outcome[Outcome.BUSY]) == (2, 2)


def test_a_task_that_used_up_its_attempts_is_closed() -> None:
    q = queue(task("a", attempts=5), task("b", attempts=5, max_attempts=6),
              task("c", attempts=9, callback=True, not_before=when(0)))
    assert [(entry.task, entry.outcome) for entry in q.sweep(T0)] == [("a", "attempts-limit")]
    assert names(q) == ["c", "b"]


def test_decide_counts_earlier_attempts_and_the_attempt_itself_once() -> None:
    q = queue(task("a", max_attempts=2))
    attempt = Attempt(id="p-1", task="a", number=task("a").number, dialled=when(0), ended=when(9), end=CallEnd(),
                      outcome=Outcome.BUSY)
    before = q.decide(attempt, T0 + 9)
    q.apply(Ended(attempt))
    assert before == q.decide(attempt, T0 + 9)
    assert (before.action, before.until) == ("retry", T0 + 9 + 900)
    again = Attempt(id="p-2", task="a", number=task("a").number, dialled=when(1000), ended=when(1009),
                    end=CallEnd(), outcome=Outcome.BUSY)
    assert (q.decide(again, T0 + 1009).action, q.decide(again, T0 + 1009).reason) == ("drop", "attempts")
    assert q.decide(again, T0 + 1009, interval=60.0).action == "drop"


def test_two_callees_refused_in_a_row_stop_the_campaign() -> None:
    def refused(id: str, at: float) -> Attempt:
        return Attempt(id=f"p-{id}-{at}", task=id, number=task(id).number, dialled=when(at), ended=when(at),
                       end=CallEnd(code=403), outcome=Outcome.REFUSED, counted=False)

    q = queue(task("a"), task("b"))
    assert q.decide(refused("a", 0), T0).action == "hold"
    q.apply(Ended(refused("a", 0)))
    assert q.decide(refused("a", 60), T0).action == "hold", "the same callee again says nothing new"
    assert q.decide(refused("b", 60), T0).action == "stop"
    called(q, "b", Outcome.OUR_FAULT, "pause", at=90.0)
    assert q.decide(refused("b", 120), T0).action == "hold", "not in a row"


def test_strict_windows_close_what_missed_them() -> None:
    window = (Window(when(0), when(600)),)
    q = queue(task("a", windows=window), task("b", windows=window), task("c", windows=window, held="x"),
              window_policy="strict")
    q.apply(Postponed("b", when(1200), when(0), callback=True))
    assert q.sweep(T0 + 599) == ()
    assert [(entry.task, entry.outcome) for entry in q.sweep(T0 + 600)] == [("a", "window-missed")]
    assert q.why("a", T0 + 600) == Blocker("window-missed")
    assert q.sweep(T0 + 10) == (), "as long as the clock says so"
    assert first(q, 1200) == "b", "an appointment stands above a window"


# Ledger ---------------------------------------------------------------------------


def test_entries_told_twice_and_entries_of_nobody_change_nothing() -> None:
    q = queue(task("a"), task("b"))
    attempt = called(q, "a", Outcome.BUSY, "retry", until=900.0)
    before = (q.counts(), list(q.states()), q.next(T0 + 60))
    q.apply(Ended(attempt))
    q.apply(Intention(attempt.id, "a", attempt.number, when(0)))
    q.apply(Withdrawn("p-unknown"))
    q.apply(Decided("p-unknown", "a", action="drop"))
    q.apply(SignedOut(when(0)))
    assert (q.counts(), list(q.states()), q.next(T0 + 60)) == before


def test_final_tasks_stay_final() -> None:
    q = queue(task("a"), task("b"))
    called(q, "a")
    q.apply(Closed("b", "dropped", when(0)))
    q.apply(Postponed("a", when(60), when(0)))
    q.apply(Closed("a", "dropped", when(0)))
    q.apply(Postponed("b", when(60), when(0)))
    assert q.finished
    assert [state.outcome for state in q.states()] == ["answered", "dropped"]
    assert q.counts() == Counts(total=2, done=1, dropped=1)


# Revisions ------------------------------------------------------------------------


def test_merge() -> None:
    q = queue(task("a"), task("b"), task("c"), task("d"), task("e"))
    called(q, "a")
    called(q, "b", Outcome.BUSY, "retry", at=60.0, until=900.0)
    merge = q.merge(sheet(task("c", name="new"), task("f"), task("e"), task("a"), task("d", withdrawn=True),
                          revision=2), T0)
    assert (merge.added, merge.changed, merge.withdrawn, merge.kept) == (("f",), ("c",), ("b", "d"), ("e", "a"))
    assert names(q, 900) == ["c", "f", "e"]
    states = {state.task.id: state for state in q.states()}
    assert "d" not in states, "never dialled: gone"
    assert (states["b"].outcome, states["b"].final, states["b"].withdrawn) == ("busy", True, True)
    assert states["a"].disposition == ""
    assert q.counts() == Counts(total=5, done=1, open=3, dropped=1)


@pytest.mark.parametrize("revision", [0, 1])
def test_an_old_revision_is_refused(revision: int) -> None:
    q = queue(task("a"))
    with pytest.raises(StaleRevision, match="not higher than 1"):
        q.merge(sheet(task("b"), revision=revision), T0)
    assert first(q) == "a"


def test_another_sheet_or_a_broken_one_is_refused_and_changes_nothing() -> None:
    q = queue(task("a"))
    for other in (Sheet("t", "101", 2, ()), Sheet("s", "102", 2, ()), sheet(task("b"), task("b"), revision=2)):
        with pytest.raises(SheetRefused):
            q.merge(other, T0)
    assert (first(q), q.sheet.revision, q.counts().total) == ("a", 1, 1)
    assert isinstance(SheetRefused("x"), ValueError)


def test_a_task_in_a_call_obeys_the_revision_when_it_ends() -> None:
    q = queue(task("a"), task("b"))
    q.apply(Intention("p-1", "a", task("a").number, when(0)))
    q.merge(sheet(task("b"), revision=2), T0)
    assert not q.state("a").final
    q.apply(Ended(Attempt(id="p-1", task="a", number=task("a").number, dialled=when(0), ended=when(60),
                          end=CallEnd(), outcome=Outcome.BUSY, action="retry", until=when(900))))
    assert (q.state("a").final, q.state("a").outcome) == (True, "busy")
    assert names(q, 900) == ["b"]


def test_calls_remembered_for_caps_outlive_a_revision() -> None:
    q = queue(task("a"), rules=Rules(caps=(Cap(1, DAY),)), recent={"+49 30 999999": (when(-60),)})
    called(q, "a", Outcome.BUSY, "retry", until=60.0)
    merge = q.merge(sheet(task("a"), task("b", number="+4930999999"), revision=2, rules=Rules(caps=(Cap(1, DAY),))), T0)
    assert q.why("a", T0 + 60) == Blocker("cap", T0 + DAY)
    assert q.why("b", T0 + 60) == Blocker("cap", T0 + DAY - 60)
    assert merge.sheet is not None
    assert merge.sheet.recent == {"+4930999999": (when(-60),)}, "what is stored tells of them too"


def test_a_revision_in_the_log_is_merged() -> None:
    q = queue(task("a"))
    q.apply(Adopted(sheet(task("b"), revision=2), when(0)))
    q.apply(Adopted(sheet(task("a"), revision=2), when(0)))
    assert names(q) == ["b"]


# Hand-back ------------------------------------------------------------------------


def test_what_is_unfinished_is_a_sheet_with_memory() -> None:
    q = queue(
        *(task(id) for id in "abcdefg"), task("h", attempts=4), rules=Rules(caps=(Cap(5, 40 * DAY),)), title="T",
        recent={"+49301": (when(-39 * DAY), when(-41 * DAY))},
    )
    called(q, "a")
    called(q, "b", Outcome.BUSY, "retry", at=60.0, until=900.0)
    called(q, "c", Outcome.ANSWERED, "retry", at=120.0, until=DAY, callback=True)
    called(q, "d", Outcome.REFUSED, "hold", at=180.0, counted=False)
    called(q, "e", Outcome.UNKNOWN, "", at=240.0)
    q.apply(Intention("p-9", "f", task("f").number, when(300)))
    q.apply(Postponed("g", when(HOUR), when(300)))
    left = q.remaining(T0 + 600)
    assert (left.id, left.agent, left.revision, left.title) == ("s", "101", 1, "T")
    assert [one.id for one in left.tasks] == list("bcdefgh")
    b, c, d, e, f, g, h = left.tasks
    assert (b.attempts, b.past, b.not_before, b.callback) == (
        1, (PastAttempt(when(60), Outcome.BUSY),), when(900), False)
    assert (c.not_before, c.callback) == (when(DAY), True)
    assert (d.held, d.attempts, d.past[0].counted) == ("refused", 0, False)
    assert (e.held, e.attempts) == ("unknown", 1), "a call that may have gone out is not dialled without a word"
    assert (f.held, f.past) == ("unknown", (PastAttempt(when(300), Outcome.UNKNOWN),))
    assert (g.not_before, g.attempts) == (when(HOUR), 0)
    assert h == task("h", attempts=4)
    assert left.recent["+49301"] == (when(-39 * DAY),)
    assert left.recent[task("a").number] == (when(0),), "calls of finished tasks count as well"
    assert task("d").number not in left.recent, "a call that was refused on our side did not reach the callee"
    there = Queue(left, CallSettings(), NumberSettings())
    assert (there.attempts("b"), there.why("b", T0 + 600)) == (1, Blocker("not-before", T0 + 900))
    assert there.why("c", T0 + 600) == Blocker("callback", T0 + DAY)


def test_a_refusal_goes_with_the_other_tasks_of_its_number() -> None:
    q = queue(task("a", number="+4930123456"), task("b", number="+4930123456"),
              rules=Rules(block_after_refusal=2 * DAY))
    called(q, "a", Outcome.DECLINED, "drop")
    left = q.remaining(T0 + 60)
    assert [(one.id, one.not_before) for one in left.tasks] == [("b", when(60 + 2 * DAY))]


def test_an_attempt_granted_beyond_the_limit_is_granted_elsewhere_too() -> None:
    q = queue(task("a", attempts=5))
    q.apply(Postponed("a", when(60), when(0)))
    left = q.remaining(T0)
    assert first(Queue(left, CallSettings(), NumberSettings()), 60) == "a"


# Looking --------------------------------------------------------------------------


def test_upcoming_does_not_disturb() -> None:
    q = queue(*(task(id) for id in "abc"), task("d", not_before=when(60)), task("e", held="x"))
    assert names(q, count=2) == ["a", "b"]
    assert names(q) == ["a", "b", "c", "d"]
    assert [proposal.due for proposal in q.upcoming(T0, 9)] == [T0, T0, T0, T0 + 60]
    assert first(q) == "a"


def test_when_only_held_and_undecided_are_left_the_held_one_is_shown() -> None:
    q = queue(task("a"), task("b", held="x"))
    q.apply(Intention("p-1", "a", task("a").number, when(0)))
    proposal = q.next(T0)
    assert (proposal.task and proposal.task.id, proposal.blocker) == ("b", Blocker("held", detail="x"))


def test_unknown_tasks() -> None:
    q = queue(task("a"))
    assert (q.task("z"), q.why("z", T0)) == (None, Blocker("unknown-task"))
    with pytest.raises(KeyError):
        q.state("z")
