# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the outcome table, and the traps real PBXes set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.core.outcomes import SILENT_CAUSES, TABLE, CallEnd, Outcome, Reason, classify, explain

O = Outcome  # noqa: E741


def q850(*causes: int) -> tuple[Reason, ...]:
    return tuple(Reason("Q.850", cause) for cause in causes)


# Every pair the table names, written out by hand: (status, cause, outcome).
PAIRS = [
    (200, 16, O.ANSWERED), (200, None, O.ANSWERED), (204, None, O.ANSWERED),
    (604, None, O.EMPTY), (604, 1, O.EMPTY), (404, 1, O.EMPTY),
    (404, None, O.SUSPECTED_EMPTY), (404, 2, O.SUSPECTED_EMPTY), (404, 3, O.SUSPECTED_EMPTY),
    (404, 26, O.SUSPECTED_EMPTY),
    (484, None, O.BAD_NUMBER), (484, 28, O.BAD_NUMBER), (485, None, O.BAD_NUMBER), (485, 1, O.BAD_NUMBER),
    (410, None, O.CHANGED), (410, 22, O.CHANGED), (410, 23, O.CHANGED),
    (486, None, O.BUSY), (486, 17, O.BUSY), (600, None, O.BUSY), (600, 17, O.BUSY),
    (480, None, O.UNAVAILABLE), (480, 19, O.UNAVAILABLE), (480, 20, O.UNAVAILABLE),
    (408, None, O.NO_RESPONSE), (408, 18, O.NO_RESPONSE), (504, 18, O.NO_RESPONSE),
    (603, None, O.DECLINED), (603, 21, O.DECLINED), (403, 21, O.DECLINED), (401, 21, O.DECLINED),
    (608, None, O.CALLER_BLOCKED), (608, 21, O.CALLER_BLOCKED),
    (607, None, O.UNWANTED), (607, 21, O.UNWANTED),
    *((code, cause, O.REFUSED) for code in (401, 403, 407) for cause in (None, 55, 57)),
    *((code, cause, O.MEDIA_MISMATCH) for code in (415, 488, 606) for cause in (None, 65, 70)),
    *((code, cause, O.NETWORK_TROUBLE)
      for code in (500, 503, 504) for cause in (None, 8, 9, 34, 38, 41, 42, 47, 102)),
    (502, None, O.OUT_OF_ORDER), (502, 27, O.OUT_OF_ORDER),
    (300, None, O.MOVED), (301, None, O.MOVED), (302, None, O.MOVED), (302, 23, O.MOVED), (301, 22, O.MOVED),
    (305, None, O.MOVED), (380, None, O.ALTERNATIVE_SERVICE), (380, 23, O.ALTERNATIVE_SERVICE),
    (420, None, O.FAILED_UNKNOWN), (482, None, O.FAILED_UNKNOWN), (483, None, O.FAILED_UNKNOWN),
    (487, None, O.FAILED_UNKNOWN), (501, None, O.FAILED_UNKNOWN), (580, None, O.FAILED_UNKNOWN),
    (699, None, O.FAILED_UNKNOWN), (0, None, O.FAILED_UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("code", "cause", "outcome"), PAIRS)
def test_pair(code: int, cause: int | None, outcome: Outcome) -> None:
    reasons = () if cause is None else q850(cause)
    assert classify(CallEnd(code=code, reasons=reasons)) is outcome


@pytest.mark.parametrize("cause", sorted(SILENT_CAUSES))
@pytest.mark.parametrize(("code", "outcome"), [(code, outcome) for code, cause, outcome in PAIRS if cause is None])
def test_causes_that_say_nothing_leave_the_status(code: int, outcome: Outcome, cause: int) -> None:
    explanation = explain(CallEnd(code=code, reasons=q850(cause)))
    assert (explanation.outcome, explanation.cause) == (outcome, None)


@pytest.mark.parametrize(
    ("code", "cause", "outcome"),
    [
        (480, 17, O.BUSY), (503, 17, O.BUSY), (500, 1, O.EMPTY), (480, 1, O.EMPTY), (486, 34, O.NETWORK_TROUBLE),
        (404, 22, O.CHANGED), (404, 28, O.BAD_NUMBER), (480, 18, O.NO_RESPONSE), (480, 21, O.DECLINED),
        (403, 17, O.BUSY), (488, 27, O.OUT_OF_ORDER), (487, 17, O.BUSY), (501, 57, O.REFUSED),
        (500, 65, O.MEDIA_MISMATCH), (480, 20, O.UNAVAILABLE), (0, 17, O.BUSY),
    ],
)  # fmt: skip
def test_a_more_specific_cause_refines_the_status(code: int, cause: int, outcome: Outcome) -> None:
    assert explain(CallEnd(code=code, reasons=q850(cause))).cause == cause
    assert classify(CallEnd(code=code, reasons=q850(cause))) is outcome


@pytest.mark.parametrize("cause", [5, 88, 99, 111])
def test_a_cause_in_no_row_leaves_the_status(cause: int) -> None:
    assert classify(CallEnd(code=486, reasons=q850(cause))) is O.BUSY


def test_the_first_cause_that_says_something_is_used() -> None:
    assert explain(CallEnd(code=503, reasons=q850(16, 17, 1))).cause == 17
    assert explain(CallEnd(code=503, reasons=q850(99, 1))).outcome is O.EMPTY


@pytest.mark.parametrize("code", [408, 503, 0, 486, 487])
@pytest.mark.parametrize("cancelled", ["", "agent", "ring-timeout"])
def test_local_faults_go_before_everything_else(code: int, cancelled: str) -> None:
    end = CallEnd(code=code, local=True, cancelled=cancelled, reasons=q850(17), tones=("busy",))
    assert classify(end) is O.OUR_FAULT


@pytest.mark.parametrize(
    ("cancelled", "outcome"), [("ring-timeout", O.NO_ANSWER), ("agent", O.SKIPPED)]
)
@pytest.mark.parametrize("code", [487, 0])
@pytest.mark.parametrize("reasons", [(), q850(16), q850(17), (Reason("SIP", 486),)])
def test_cancelled_by_us(cancelled: str, outcome: Outcome, code: int, reasons: tuple[Reason, ...]) -> None:
    assert classify(CallEnd(code=code, cancelled=cancelled, reasons=reasons)) is outcome


@pytest.mark.parametrize("cancelled", ["ring-timeout", "agent"])
def test_an_answer_that_crosses_cancel_is_an_answer(cancelled: str) -> None:
    assert classify(CallEnd(code=200, cancelled=cancelled, by="near", reasons=q850(16))) is O.ANSWERED


@pytest.mark.parametrize("cancelled", ["ring-timeout", "agent"])
def test_another_status_that_crosses_cancel_counts(cancelled: str) -> None:
    assert classify(CallEnd(code=486, cancelled=cancelled)) is O.BUSY


@pytest.mark.parametrize("phrase", ["Network Blocked", "network blocked", "Network Blocked by Carrier"])
def test_network_blocked_603(phrase: str) -> None:
    assert classify(CallEnd(code=603, phrase=phrase, reasons=q850(21))) is O.CALLER_BLOCKED
    assert classify(CallEnd(code=403, phrase=phrase, reasons=q850(21))) is O.DECLINED


@pytest.mark.parametrize("code", [480, 486, 487, 503])
def test_preemption(code: int) -> None:
    assert classify(CallEnd(code=code, reasons=(Reason("preemption", 1),))) is O.NETWORK_TROUBLE
    assert classify(CallEnd(code=code, reasons=q850(8))) is O.NETWORK_TROUBLE


@pytest.mark.parametrize(
    ("code", "inner", "outcome"),
    [
        (500, 486, O.BUSY), (480, 603, O.DECLINED), (487, 404, O.SUSPECTED_EMPTY), (482, 486, O.BUSY),
        (403, 486, O.REFUSED), (404, 486, O.SUSPECTED_EMPTY), (487, 200, O.FAILED_UNKNOWN),
        (487, 487, O.FAILED_UNKNOWN), (503, 420, O.NETWORK_TROUBLE),
    ],
)  # fmt: skip
def test_sip_reason_counts_where_the_status_is_made_up_by_a_proxy(code: int, inner: int, outcome: Outcome) -> None:
    assert classify(CallEnd(code=code, reasons=(Reason("SIP", inner),))) is outcome


def test_q850_goes_before_sip_reason_and_protocols_have_no_case() -> None:
    assert classify(CallEnd(code=500, reasons=(Reason("sip", 486), Reason("q.850", 1)))) is O.EMPTY


@pytest.mark.parametrize(
    ("tones", "outcome"),
    [
        (("sit",), O.SUSPECTED_EMPTY), (("busy",), O.BUSY), (("congestion",), O.NETWORK_TROUBLE),
        (("ring-back", "busy"), O.BUSY), (("busy", "sit"), O.SUSPECTED_EMPTY),
    ],
)  # fmt: skip
def test_tones_count_where_no_status_says_anything(tones: tuple[str, ...], outcome: Outcome) -> None:
    assert classify(CallEnd(code=487, tones=tones)) is outcome
    assert classify(CallEnd(code=0, tones=tones)) is outcome
    assert classify(CallEnd(code=487, cancelled="ring-timeout", tones=tones)) is outcome
    assert classify(CallEnd(code=487, cancelled="agent", tones=tones)) is O.SKIPPED
    assert classify(CallEnd(code=480, tones=tones)) is O.UNAVAILABLE


def test_ring_back_alone_says_nothing() -> None:
    assert classify(CallEnd(code=487, tones=("ring-back",))) is O.FAILED_UNKNOWN
    assert classify(CallEnd(code=487, cancelled="ring-timeout", tones=("ring-back",))) is O.NO_ANSWER


def test_rows_are_told_apart_and_explained() -> None:
    assert len({row.id for row in TABLE}) == len(TABLE)
    assert all(row.why and row.signal for row in TABLE)
    assert {row.outcome for row in TABLE} == set(Outcome) - {Outcome.UNKNOWN}


@given(
    code=st.integers(0, 699), causes=st.lists(st.integers(0, 127), max_size=3), cancelled=st.sampled_from(
        ["", "agent", "ring-timeout"]), tones=st.lists(st.sampled_from(["sit", "busy", "congestion"]), max_size=2),
)  # fmt: skip
def test_only_a_2xx_means_answered(code: int, causes: list[int], cancelled: str, tones: list[str]) -> None:
    end = CallEnd(code=code, reasons=q850(*causes), cancelled=cancelled, tones=tuple(tones))
    assert (classify(end) is O.ANSWERED) == (200 <= code < 300)
