# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the outcome table, sent to a running phone: the file on the server is what `explain` says."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.main import main as callsheet
from callsheet.core.model import Attempt, Task
from callsheet.core.outcomes import TABLE
from callsheet.formats.reason import parse_reason
from callsheet.formats.results import Results
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.e2e.conftest import address, town_of
from tests.e2e.exchange import Exchange
from tests.e2e.rows import BY_RESPONSE, BY_TOWN, CASES, Case
from tests.support.running import RunningPhone
from tests.support.workplace import AGENT, PIN, Workplace, number, sheet_of

pytestmark = pytest.mark.timeout(240)
RUN = 150.0
"""Seconds the calls of one phone may take; they take a quarter of it."""
PILOT = {"enabled": True, "autopilot": True, "agent": AGENT, "pin": PIN, "talk": [0.1, 0.2]}
NUMBERS = {case.id: number(n) for n, case in enumerate(CASES)}
_REFUSED = ("refused", "cause-refused", "not-refused")

_CHALLENGE = 'Digest realm="elsewhere",nonce="5f2d",algorithm=MD5'
_ENDS = Behaviour(ringing=0, ring=0.0, status=604)
"""What an obstinate callee does the second time, so that the sheet moves on."""
BEHAVIOURS = {
    "rings-out": Behaviour(ring="forever"),
    "ring-timeout-and-on": Behaviour(ring="forever", on_cancel="ignore"),
    "ring-timeout-sit-and-on": Behaviour(early="sit", ring="forever", on_cancel="ignore"),
    "ring-timeout-busy-and-on": Behaviour(early="cn-busy", ring="forever", on_cancel="ignore"),
    "ring-timeout-congestion-and-on": Behaviour(early="cn-congestion", ring="forever", on_cancel="ignore"),
    "ring-back-then-nothing": Behaviour(early="cn-ring-back", ring="forever"),
    "announcement-for-ever": Behaviour(early="announcement", ring="forever"),
    "cn-busy-for-ever": Behaviour(early="cn-busy", ring="forever"),
    "us-busy-for-ever": Behaviour(early="us-busy", ring="forever"),
    "congestion-for-ever": Behaviour(early="cn-congestion", ring="forever"),
    "announcement-then-487": Behaviour(early="announcement", ring=2.5, status=487),
    "busy-tone-then-487": Behaviour(early="cn-busy", ring=3.5, status=487),
    "congestion-then-487": Behaviour(early="cn-congestion", ring=5.5, status=487),
    "announcement-then-404": Behaviour(early="sit", ring=2.0, status=404),
    "agent-ends-it": Behaviour(ring="forever"),
    "agent-ends-it-unheard": Behaviour(ring="forever", on_cancel="ignore"),
    "nobody-there": Behaviour(trying=False, ringing=0, ring="forever"),
    "blocked-608": Behaviour(ringing=0, ring=0.0, status=608, reason=("Q.850;cause=21",)),
    "blocked-603": Behaviour(ringing=0, ring=0.0, status=603, phrase="Network Blocked", reason=("Q.850;cause=21",)),
    "challenged-401": Behaviour(ringing=0, ring=0.0, status=401, headers={"WWW-Authenticate": _CHALLENGE}),
    "challenged-407": Behaviour(ringing=0, ring=0.0, status=407, headers={"Proxy-Authenticate": _CHALLENGE}),
    "answers": Behaviour(ring=0.1),
    **{case.id: Behaviour(ring=0.1, talk=0.1, reason=case.reason) for case in BY_TOWN if case.id.startswith("answers-")},
}
_RINGS = {"busy-for-ever": 4.0, "busy-and-on": 4.0, "congestion-for-ever": 6.0, "congestion-and-on": 6.0,
          "announcement-for-ever": 3.0, "sit-and-on": 2.5, "ring-back-then-nothing": 4.0, "-then-487": 60.0,
          "-then-404": 60.0, "agent-ends-it": 60.0, "agent-ends-it-unheard": 60.0}
"""Ring time-outs by the end of a case's name: a cadence must be heard twice to be known."""
_TWICE = ("nobody-there", "blocked-608", "blocked-603")
_BY_AGENT = {"agent-ends-it", "agent-ends-it-unheard"}


def spread(cases: tuple[Case, ...]) -> list[Case]:
    """The same, but no two refusals of our account one after the other: the second would stop the campaign."""
    refused = [case for case in cases if case.row in _REFUSED]
    others = [case for case in cases if case.row not in _REFUSED]
    for place, case in enumerate(refused):
        others.insert(2 * place + 1, case)
    return others


def tasks(cases: list[Case]) -> list[Task]:
    return [Task(case.id, NUMBERS[case.id], name=case.id, ring_timeout=_ring(case.id)) for case in cases]


def _ring(id: str) -> float | None:
    return next((seconds for end, seconds in _RINGS.items() if id.endswith(end)), None)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Workplace]]:
    """Four phones work their sheets at the same time: one calls SIPp, three share the town. By case id."""
    folder = tmp_path_factory.mktemp("rows")
    sheets = (spread(BY_RESPONSE), *(spread(BY_TOWN[n::3]) for n in range(3)))
    with contextlib.ExitStack() as stack:
        exchange = stack.enter_context(Exchange(((NUMBERS[case.id], case) for case in BY_RESPONSE), folder / "sipp"))
        town = stack.enter_context(town_of(folder / "town.jsonl"))
        _settle(town)
        places = [stack.enter_context(Workplace(folder / f"place-{n}")) for n in range(len(sheets))]
        phones = []
        for place, cases, server in zip(places, sheets, (exchange.address, *[address(town)] * 3), strict=True):
            place.publish(sheet_of(*tasks(cases), ring_timeout=0.7))
            phones.append(place.phone(server, simulator=PILOT, calls={"wrap_up_failed": 0.0, "answer_timeout": 1.0}))
        for phone, cases in zip(phones[1:], sheets[1:], strict=True):
            _end_by_hand(phone, cases)
        for place, cases in zip(places[1:], sheets[1:], strict=True):
            place.wait(lambda place=place, cases=cases: _done(place, len(cases)), RUN)
        places[0].wait(lambda: _done(places[0], len(sheets[0])) or exchange.child.poll() is not None, RUN)
        assert exchange.finish() == 0, exchange.output()[-3000:]
        for place in places:
            place.stop_phones()
        yield {case.id: place for place, cases in zip(places, sheets, strict=True) for case in cases}


def _settle(town: TownServer) -> None:
    """Give every number of BY_TOWN to its callee."""
    for id, behaviour in BEHAVIOURS.items():
        second = _ENDS if id in _TWICE else behaviour
        town.town.directory.behaviours |= {f"{id} 1": behaviour, f"{id} 2": second}
        town.assign(NUMBERS[id], Behaviour(sequence=(f"{id} 1", f"{id} 2")))


def _done(place: Workplace, count: int) -> bool:
    return len(place.names("result-")) >= count and len(place.attempts()) == count


def _end_by_hand(agent: RunningPhone, cases: list[Case]) -> None:
    """The agent gives these calls up as soon as they ring."""
    for id in [case.id for case in cases if case.id in _BY_AGENT]:
        agent.until("ringing", patience=RUN, true=lambda screen, id=id: screen.headline == id)
        agent.press("D")


def explained(case: Case, config: Path) -> dict[str, Any]:
    """What the command says of this case."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert callsheet([*case.question(), "--config", str(config)]) == 0
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def first_result(place: Workplace, case: Case) -> tuple[Results, Attempt]:
    """The first file about this task."""
    found = [results for results in place.result_files() if results.tasks[0].id == case.id]
    first = min(found, key=lambda results: results.tasks[0].attempts[0].dialled)
    return first, first.tasks[0].attempts[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_results_file_is_what_explain_says(case: Case, calls: dict[str, Workplace]) -> None:
    place = calls[case.id]
    says = explained(case, place.config)
    assert says["row"] == case.row, "the case must try the row it was made for"
    results, attempt = first_result(place, case)
    decision = says["decision"]

    end = attempt.end
    assert (end.code, end.phrase) == (case.status, case.phrase)
    assert end.reasons == parse_reason(",".join(case.reason))
    assert (end.local, end.cancelled, set(end.tones)) == (case.local, case.cancelled, set(case.tones))
    assert end.retry_after == case.retry_after

    assert attempt.outcome == says["outcome"]
    assert results.tasks[0].outcome == says["outcome"]
    assert attempt.counted == decision["counted"]
    if decision["action"] == "ask":
        # The agent's word: a disposition after an answered call, none after one given up.
        assert attempt.action == ("done" if case.row == "answered" else "retry")
        assert bool(attempt.disposition) == (case.row == "answered")
    else:
        assert attempt.action == decision["action"]
        assert results.tasks[0].final == decision["final"]
        waits = None if attempt.until is None else (attempt.until - attempt.ended).total_seconds()
        assert waits == (None if decision["after"] is None else pytest.approx(decision["after"], abs=1e-3))
    assert bool(results.problems) == decision["report"]
    assert (attempt.answered is not None) == (attempt.outcome == "answered") == (attempt.talk_seconds > 0)


def test_every_row_is_tried() -> None:
    tried = {case.row for case in CASES}
    assert tried == {row.id for row in TABLE}
    wide = {"answered", "moved"}
    for row in TABLE:
        codes = {case.status for case in CASES if case.row == row.id}
        causes = {reason.cause for case in CASES if case.row == row.id for reason in parse_reason(",".join(case.reason))}
        assert row.id in wide or row.codes <= codes, row.id
        assert row.causes <= causes, row.id


def test_the_command_itself_says_the_same(calls: dict[str, Workplace]) -> None:
    case = next(case for case in CASES if case.id == "retry-after-403-21")
    config = calls[case.id].config
    done = subprocess.run([sys.executable, "-m", "callsheet", *case.question(), "--config", str(config)],
                          capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == explained(case, config)


def test_a_callee_who_was_refused_is_asked_no_second_time(calls: dict[str, Workplace]) -> None:
    """One attempt each, but for those whose fault was ours: default policy, and nobody waits that long here."""
    for place in set(calls.values()):
        for id, attempts in place.attempts().items():
            assert len(attempts) == (2 if id in _TWICE else 1), id
