# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole core, driven by chance: keys, network, disk, headset, revisions and power cuts in any order.

What must hold whatever happens is in `Watch`; each line of it is a promise of the
product. `CALLSHEET_DEEP=1` looks much longer.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import TABLE, Mode, mode
from callsheet.core.ledger import AnyEntry, Ended, Intention, Postponed, Snapshot
from callsheet.core.model import Cap, RetryRule, Rules, Sheet, Span, Task
from callsheet.core.outcomes import CallEnd, Outcome, Reason
from callsheet.core.processor import Processor
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits
from callsheet.core.state import Work

DEEP = bool(os.environ.get("CALLSHEET_DEEP"))
ZONE = "Europe/London"
RULES = Rules(
    hours=(Span(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), time(9), time(18)),),
    caps=(Cap(3, 7200.0),),
)
ENDS = (
    CallEnd(486, "Busy Here"), CallEnd(404, "Not Found", (Reason("Q.850", 1),)), CallEnd(404), CallEnd(480),
    CallEnd(487), CallEnd(603, retry_after=60.0), CallEnd(403), CallEnd(503), CallEnd(608), CallEnd(607),
    CallEnd(0, local=True, detail="transport"), CallEnd(200, by="far"), CallEnd(299, by="near"), CallEnd(677),
)
SETTINGS = CallSettings(mode="progressive", gap=2.0, preview=1.0, wrap_up=8.0, wrap_up_failed=2.0, max_attempts=4)


def make_sheet(revision: int, numbers: list[int], mode_: str) -> Sheet:
    """Two tasks may share a number: caps and do-not-call must hold for both."""
    tasks = tuple(Task(f"t{n}", f"+4420794600{n % 7:02}", name=f"N{n}", zone=ZONE) for n in numbers)
    return Sheet(id="s", agent="101", revision=revision, tasks=tasks, rules=RULES, mode=mode_,  # type: ignore[arg-type]
                 retry={Outcome.BUSY: RetryRule("retry", after=30.0)})


class Core(RuleBasedStateMachine):
    """A phone, an agent with ten thumbs, and a world in a bad mood."""

    @initialize(mode_=st.sampled_from(["preview", "progressive"]), keypad=st.sampled_from(["4x4", "3x4"]))
    def switch_on(self, mode_: str, keypad: str) -> None:
        self.style = mode_
        self.sheet = make_sheet(1, list(range(6)), mode_)
        self.numbers = list(range(6))
        self.traits = PhoneTraits(id="m", zone=ZONE, keypad=keypad, agent="101", pin="1")  # type: ignore[arg-type]
        self.disk: list[AnyEntry] = []
        self.next_attempt = 1
        self.dials: list[tuple[str, float]] = []
        self.final: dict[str, str] = {}
        self.mono, self.wall_offset = 1000.0, 0.0
        self._boot(Snapshot())
        self.all_is_well()
        self.the_obvious_key()

    def _boot(self, snapshot: Snapshot) -> None:
        self.saves: list[ef.Save] = []
        self.headsets: list[int] = []
        self.fetches: list[int] = []
        self.calls: dict[int, str] = {}
        self.intended: dict[str, str] = {}
        self.open = self.registered = self.plugged = False
        self.log: list[tuple[ev.AnyEvent, ev.Now]] = []
        self.made: list[ef.AnyEffect] = []
        self.incoming = 0
        self.processor = Processor(self.traits, SETTINGS, NumberSettings())
        self.snapshot = snapshot
        self._do(ev.Restored(snapshot))
        self._do(ev.RegistrationChanged(True))
        self._do(ev.HeadsetChanged(True))

    # What happens ---------------------------------------------------------------

    def _now(self) -> ev.Now:
        return ev.Now(self.mono, 1_795_428_000.0 + self.mono + self.wall_offset)

    def _do(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.RegistrationChanged):
            self.registered = event.registered
        if isinstance(event, ev.HeadsetChanged):
            self.plugged = event.present
        now = self._now()
        self.log.append((event, now))
        effects = self.processor.handle(event, now)
        self.made += effects
        for effect in effects:
            self._watch(effect, now)

    def _watch(self, effect: ef.AnyEffect, now: ev.Now) -> None:
        match effect:
            case ef.Save():
                self.saves.append(effect)
            case ef.OpenHeadset():
                assert not self.open, "opened twice"
                self.open = True
                self.headsets.append(effect.id)
            case ef.CloseHeadset():
                assert self.open, "closed twice"
                self.open = False
            case ef.Fetch():
                self.fetches.append(effect.id)
            case ef.Dial():
                self._watch_dial(effect, now)
            case ef.HangUp() if effect.call in self.calls:
                self.calls[effect.call] = "hung up"
            case ef.Answer():
                assert self.open, "answered into a closed headset"

    def _watch_dial(self, effect: ef.Dial, now: ev.Now) -> None:
        state = self.processor.state
        # A far end that never confirms our BYE does not hold up the day.
        assert not any(n > 0 and how != "hung up" for n, how in self.calls.items()), "two calls of ours at once"
        assert self.open, "dialled before the headset was open"
        self.calls[effect.call] = "dialled"
        call = state.call
        assert call is not None and call.task is not None
        if not call.task.id:
            return
        assert state.work is Work.READY, f"dialled while {state.work}"
        assert self.registered and self.plugged
        assert self.intended.get(call.attempt) == call.task.id, "dialled before the intention was on disk"
        assert all(u.task.id != call.task.id for u in state.unknown), "dialled a doubtful task"
        assert call.task.id in {t.id for t in self.sheet.tasks}, "dialled a withdrawn task"
        assert call.task.id not in self.final, "dialled a finished task"
        local = datetime.fromtimestamp(now.wall, UTC).astimezone(ZoneInfo(ZONE))
        assert 9 <= local.hour < 18, "dialled outside calling hours"
        recent = [at for number, at in self.dials if number == effect.number and 0 <= now.wall - at < 7200.0]
        assert len(recent) < 3, "dialled above the cap"

    # The agent --------------------------------------------------------------------

    @rule(cap=st.sampled_from("0123456789*#ABCD"), hold=st.sampled_from([0.05, 0.05, 0.05, 0.8]))
    def key(self, cap: str, hold: float) -> None:
        rows = self.processor.state.keypad.caps
        place = next(((r, row.index(cap)) for r, row in enumerate(rows) if cap in row), None)
        if place is not None:
            self._do(ev.KeyContact(*place, True))
            self._wait(hold)
            self._do(ev.KeyContact(*place, False))
            self._wait(0.03)

    @rule()
    def the_obvious_key(self) -> None:
        """What an agent would do who wants to get on with the work."""
        at = mode(self.processor.state)
        wanted = {Mode.PAUSED: "#" if self.traits.keypad == "3x4" else "A", Mode.MENU: "*", Mode.PAUSE: "*",
                  Mode.LATER: "1", Mode.CORRECT: "*", Mode.UPCOMING: "*"}.get(at, "#")
        if at in (Mode.PREVIEW, Mode.WRAP_UP, Mode.UNKNOWN, Mode.PAUSED) or at in (
                Mode.MENU, Mode.PAUSE, Mode.LATER, Mode.CORRECT, Mode.UPCOMING):
            self.key(wanted, 0.05)

    @rule(off=st.booleans())
    def hook(self, off: bool) -> None:
        self._do(ev.HookChanged(off))

    @rule(button=st.sampled_from(["hook", "mute"]))
    def button(self, button: str) -> None:
        self._do(ev.HeadsetButton(button))  # type: ignore[arg-type]

    @rule(luck=st.integers(0, 9))
    def plug(self, luck: int) -> None:
        """Pulled out now and then, and soon plugged in again."""
        if not self.plugged or luck == 0:
            self._do(ev.HeadsetChanged(not self.plugged))

    # The world --------------------------------------------------------------------

    @rule(luck=st.integers(0, 9))
    def register(self, luck: int) -> None:
        if not self.registered or luck == 0:
            self._do(ev.RegistrationChanged(not self.registered, 200))

    @rule(seconds=st.sampled_from([1.2, 3.0]), code=st.sampled_from([0, 180, 183]), up=st.booleans(),
          end=st.sampled_from(ENDS))
    def a_call(self, seconds: float, code: int, up: bool, end: CallEnd) -> None:
        """The usual course of things, so that chance gets as far as the unusual."""
        self.all_is_well()
        self.the_obvious_key()
        self._wait(seconds)
        self.all_is_well()
        ours = [c for c in self.calls if c > 0]
        if ours and code:
            self._do(ev.CallProgress(ours[0], code, early_media=code == 183))
        if ours and up:
            self._do(ev.CallAnswered(ours[0]))
        if ours and seconds > 2:
            self._over(ours[0])
            self._do(ev.CallEnded(ours[0], end))

    @precondition(lambda self: self.saves)
    @rule()
    def disk_writes(self) -> None:
        self._written(self.saves.pop(0))

    @precondition(lambda self: self.saves)
    @rule()
    def disk_fails(self) -> None:
        save = self.saves.pop(0)
        self._do(ev.SaveFailed(save.id, "no space"))

    def _written(self, save: ef.Save) -> None:
        self.disk += save.entries
        for entry in save.entries:
            if isinstance(entry, Intention):
                self.intended[entry.attempt] = entry.task
                self.next_attempt = max(self.next_attempt, int(entry.attempt.rpartition("-")[2]) + 1)
        self._do(ev.Saved(save.id))

    @precondition(lambda self: self.headsets)
    @rule(works=st.sampled_from([True, True, True, False]))
    def headset_answers(self, works: bool) -> None:
        number = self.headsets.pop(0)
        self._do(ev.HeadsetReady(number) if works else ev.HeadsetFailed(number, "no link"))

    @rule()
    def all_is_well(self) -> None:
        """The common case: disk, headset and server answer at once."""
        for _ in range(10):
            if self.saves:
                self._written(self.saves.pop(0))
            if self.headsets:
                self._do(ev.HeadsetReady(self.headsets.pop(0)))
            if self.fetches:
                self._do(ev.SheetArrived(self.fetches.pop(0), self.sheet))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), code=st.sampled_from([100, 180, 183]))
    def progress(self, data: st.DataObject, code: int) -> None:
        call = data.draw(st.sampled_from(sorted(self.calls)))
        self._do(ev.CallProgress(call, code, early_media=code == 183))

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        self._do(ev.CallAnswered(data.draw(st.sampled_from(sorted(self.calls)))))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), end=st.sampled_from(ENDS))
    def ends(self, data: st.DataObject, end: CallEnd) -> None:
        call = data.draw(st.sampled_from(sorted(self.calls)))
        self._over(call)
        self._do(ev.CallEnded(call, end))

    def _over(self, call: int) -> None:
        """Note when a call of ours was made: it counts towards the cap if it rang."""
        ours = self.processor.state.call
        if call > 0 and ours is not None and ours.number == call and ours.ringing is not None:
            self.dials.append((ours.remote, ours.dialled.timestamp()))
        del self.calls[call]

    @rule(end=st.sampled_from(ENDS), number=st.integers(-3, 40))
    def stale(self, end: CallEnd, number: int) -> None:
        """Answers to what nobody waits for any more."""
        if number not in self.calls:
            self._do(ev.CallEnded(number, end))
            self._do(ev.CallAnswered(number))
        if number not in self.headsets:
            self._do(ev.HeadsetReady(number))

    @precondition(lambda self: not any(c < 0 for c in self.calls))
    @rule(luck=st.integers(0, 2))
    def rings(self, luck: int) -> None:
        if luck:
            return
        self.incoming -= 1
        self.calls[self.incoming] = "incoming"
        self._do(ev.CallIncoming(self.incoming, "+44123", "Somebody"))

    @rule(drop=st.integers(0, 12), add=st.integers(0, 12), higher=st.sampled_from([1, 1, 0, -1]))
    def revise(self, drop: int, add: int, higher: int) -> None:
        numbers = sorted({*(n for n in self.numbers if n != drop), add})
        revised = make_sheet(self.sheet.revision + higher, numbers, self.style)
        self._do(ev.FetchDue())
        if self.fetches:
            arrives = self.processor.state.fetch == self.fetches[0]
            self._do(ev.SheetArrived(self.fetches.pop(0), revised))
            if higher > 0 and arrives and self.processor.state.queue is not None \
                    and self.processor.state.queue.sheet.revision == revised.revision:
                self.numbers, self.sheet = numbers, revised

    @rule(seconds=st.sampled_from([0.2, 1.0, 3.0, 3.0, 10.0, 31.0, 40.0, 700.0, 3000.0, 30000.0]))
    def wait(self, seconds: float) -> None:
        self._wait(seconds)

    @rule(step=st.sampled_from([-30.0, 30.0, 5000.0]))
    def clock_is_set(self, step: float) -> None:
        self.wall_offset += step
        self._do(ev.Tick())

    def _wait(self, seconds: float) -> None:
        until = self.mono + seconds
        idle = 0
        while True:
            due = self.processor.deadline(self._now())
            if due is None or due > until:
                break
            idle = idle + 1 if due <= self.mono else 0
            assert idle < 5, f"asks for ticks without end in {mode(self.processor.state)}"
            self.mono = max(self.mono, due)
            self._do(ev.Tick())
        self.mono = until

    @rule(last=st.booleans(), luck=st.integers(0, 2))
    def power_cut(self, last: bool, luck: int) -> None:
        """What was confirmed is on disk; what was being written may be there or not."""
        if luck:
            return
        self._replay()
        if last and self.saves:
            save = self.saves[0]
            self.disk += save.entries
            for entry in save.entries:
                if isinstance(entry, Intention):
                    self.next_attempt = max(self.next_attempt, int(entry.attempt.rpartition("-")[2]) + 1)
        for call in [c for c in self.calls if c > 0]:
            self._over(call)
        self.mono += 20.0
        self._boot(self._what_is_on_disk())
        assert not any(isinstance(e, ef.Dial) for e in self.made), "dialled by itself after a power cut"

    def _what_is_on_disk(self) -> Snapshot:
        agent, sheet, entries = "", None, []
        for entry in self.disk:
            match type(entry).__name__:
                case "SignedIn":
                    agent, entries = entry.agent, []  # type: ignore[union-attr]
                case "Adopted":
                    sheet = entry.sheet  # type: ignore[union-attr]
                case "SignedOut":
                    agent, sheet, entries = "", None, []
                case "Upload":
                    pass
                case _:
                    entries.append(entry)
        if sheet is not None:
            self.sheet, self.numbers = sheet, [int(t.id[1:]) for t in sheet.tasks]
        self.final = {}
        return Snapshot(agent, sheet if agent else None, tuple(entries), self.next_attempt)

    # What holds -------------------------------------------------------------------

    @invariant()
    def the_headset_is_open_for_a_call_and_for_nothing_else(self) -> None:
        state = self.processor.state
        needed = (state.call is not None or state.parked is not None or bool(state.answering)
                  or (state.preview is not None and bool(state.preview.headset)))
        assert self.open == needed

    @invariant()
    def a_task_that_is_finished_stays_so(self) -> None:
        """Only the agent's own correction may bring a task back."""
        state = self.processor.state
        if state.queue is None:
            self.final = {}
            return
        now_final = {s.task.id: s.outcome for s in state.queue.states() if s.final}
        corrected = any(isinstance(e, Postponed) for e in self.disk[-1:])
        if not corrected and state.last_attempt is None:
            assert self.final.keys() <= now_final.keys() | {t for t in self.final if state.queue.task(t) is None}
        self.final = now_final

    @invariant()
    def there_is_a_screen_and_a_key(self) -> None:
        from callsheet.core.lamps import lamps
        from callsheet.core.screens import screen

        now = self._now()
        at = mode(self.processor.state)
        shown = screen(self.processor.state, now)
        assert shown.title
        assert shown.mode == at
        assert lamps(self.processor.state, now.mono)
        letters = self.traits.keypad == "4x4"
        keys = [c for b in TABLE[at].keys for c in b.caps if letters or not c.isalpha()]
        assert keys or at is Mode.ENDING

    @invariant()
    def at_most_one_result_per_attempt(self) -> None:
        ended = [e.attempt.id for e in self.disk if isinstance(e, Ended)]
        results = {(e.attempt.id, e.attempt.outcome) for e in self.disk if isinstance(e, Ended)}
        assert len({i for i, _ in results}) == len(results), ended

    def _replay(self) -> None:
        """The same events at the same times give the same effects."""
        again = Processor(self.traits, SETTINGS, NumberSettings())
        made: list[ef.AnyEffect] = []
        for event, now in self.log:
            made += again.handle(event, now)
        assert made == self.made

    def teardown(self) -> None:
        if hasattr(self, "processor"):
            self._replay()


TestCore = Core.TestCase
TestCore.settings = settings(
    max_examples=3000 if DEEP else 120, stateful_step_count=80 if DEEP else 50, deadline=None,
    suppress_health_check=list(HealthCheck), print_blob=True,
)
