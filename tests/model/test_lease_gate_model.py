# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens in whatever order: no INVITE from the sheet leaves without a lease that runs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.lease import bar
from callsheet.core.ledger import Carried, Decided, Ended, Intention, Leased, Snapshot, Upload, Withdrawn
from callsheet.core.settings import CallSettings, PhoneTraits
from callsheet.core.state import Work
from tests.support.desk import Desk, sheet_of, tasks

SETTINGS = CallSettings(mode="progressive", gap=0.0, preview=1.0, wrap_up=2.0, wrap_up_failed=0.0)
EAGER = PhoneTraits(id="desk", zone="Europe/London", auto_ready=True)
"""Dials whenever it is let."""
MOVES = ("granted", "short", "unsure", "asked", "stopped", "refused", "waived", "failed", "answer", "end", "tick", "later",
         "key", "restart", "network", "revision")


class Watched(Desk):
    """Looks at each effect as it leaves."""

    def event(self, event: ev.AnyEvent) -> list[ef.AnyEffect]:
        made = super().event(event)
        for effect in made:
            if isinstance(effect, ef.Dial) and self.state.call is not None and self.state.call.task is not None:
                task = self.state.call.task
                assert not task.id or bar(self.state.lease, self.mono) == "", "dialled without a lease"
                assert not task.id or self.allowed > self.mono, "dialled after the end of what was granted"
        return made

    allowed = float("-inf")

    def grant(self, seconds: float, **more: object) -> None:
        if self.state.lease.request:
            asked = self.state.lease.asked_mono
            self.allowed = max(asked + seconds, asked) if not more.get("asked_by") and not more.get("stop") else 0.0
            self.granted(seconds - (self.mono - asked), since=1.0, **more)


def restarted(desk: Watched) -> Watched:
    kept = tuple(entry for entry in desk.entries
                 if isinstance(entry, Intention | Withdrawn | Ended | Decided | Leased | Carried))
    signed_in = desk.state.work in (Work.READY, Work.PAUSED)
    again = Watched(desk.sheet, SETTINGS, EAGER, leases=True,
                    snapshot=Snapshot("101", desk.sheet, kept, next_attempt=50) if signed_in else None)
    again.allowed = float("inf") if again.state.lease.stand == "waived" else float("-inf")
    return again


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from("A#*1D")), max_size=50))
@settings(deadline=None, max_examples=300)
def test_no_invite_without_a_lease(moves: list[tuple[str, str]]) -> None:
    desk = Watched(sheet_of(*tasks(6)), SETTINGS, EAGER, leases=True)
    desk.sign_in()
    for move, key in moves:
        request = desk.state.lease.request
        match move:
            case "granted":
                desk.grant(36_000.0)
            case "short":
                desk.grant(4.0)
            case "unsure":
                desk.grant(-1.0, renew=3.0)
            case "asked":
                desk.grant(36_000.0, asked_by="desk-2")
            case "stopped":
                desk.grant(36_000.0, stop="enough")
            case "refused" if request:
                desk.allowed = float("-inf")
                desk.refused()
            case "waived" if request:
                desk.allowed = float("inf")
                desk.event(ev.LeaseWaived(request))
            case "failed" if request:
                desk.event(ev.LeaseFailed(request, "unreachable", "no answer"))
            case "answer" if desk.state.call is not None:
                desk.event(ev.CallAnswered(desk.state.call.number))
            case "end" if desk.state.call is not None:
                desk.ends(486, "Busy Here")
            case "tick":
                desk.wait(2.0)
            case "later":
                desk.wait(61.0)
            case "key":
                desk.press(key)
            case "restart":
                desk = restarted(desk)
            case "network":
                desk.event(ev.NetworkChanged(True))
            case "revision":
                desk.event(ev.FetchDue())
            case _:
                pass
    assert all(entry.since is not None for entry in desk.saved(Upload) if entry.kind == "release")
