# SPDX-License-Identifier: GPL-3.0-or-later
"""Every behaviour that ends a call does so with the very message its description promises."""

import pytest

from callsheet.simulator.town import Behaviour, parse_config
from callsheet.simulator.town.phrases import PHRASES

BEHAVIOURS = parse_config("").behaviours
REFUSING = sorted(name for name, b in BEHAVIOURS.items() if b.status >= 300 and b.ring != "forever")


@pytest.mark.parametrize("name", REFUSING)
def test_refusals(town, phone, call, name):
    behaviour = BEHAVIOURS[name]
    dialog = call(name)
    dialog.invite()
    failure = phone.wait(behaviour.status, seconds=10)
    dialog.ack_failure(failure)
    assert failure.first == f"SIP/2.0 {behaviour.status} {behaviour.phrase or PHRASES[behaviour.status]}"
    assert tuple(failure.all("Reason")) == behaviour.reason
    for header, value in behaviour.headers.items():
        assert failure.get(header) == value
    end = town.wait("end", number=name)[0]
    assert (end["code"], end["result"], end["ended_by"]) == (behaviour.status, "rejected", "callee")


@pytest.mark.parametrize("status", [305, 380, 401, 407, 415, 422, 485, 502, 504, 580, 606, 699])
def test_any_status_can_be_had(town, phone, call, status):
    town.assign(
        "1",
        Behaviour(
            ringing=0,
            ring=0,
            status=status,
            phrase="As you like",
            reason=("Q.850;cause=127", "preemption;cause=1"),
            headers={"X-Why": "because"},
        ),
    )
    dialog = call("1")
    dialog.invite()
    failure = phone.wait(status)
    dialog.ack_failure(failure)
    assert failure.first == f"SIP/2.0 {status} As you like"
    assert failure.all("Reason") == ["Q.850;cause=127", "preemption;cause=1"]
    assert failure.get("X-Why") == "because"
