# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's core on a desk: time under control, adapters that answer at once unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode, mode
from callsheet.core.lamps import lamps
from callsheet.core.ledger import AnyEntry, Snapshot
from callsheet.core.model import Sheet, Task
from callsheet.core.outcomes import CallEnd
from callsheet.core.processor import Processor
from callsheet.core.screen import Lamps, Screen
from callsheet.core.screens import screen
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC).timestamp()
Effect = TypeVar("Effect")


def tasks(count: int, **fields: object) -> tuple[Task, ...]:
    """That many ordinary tasks."""
    return tuple(Task(f"t{n}", f"+4420794600{n:02}", name=f"Callee {n}", **fields) for n in range(count))


def sheet_of(*entries: Task, agent: str = "101", revision: int = 1, **fields: object) -> Sheet:
    """A sheet for agent 101."""
    return Sheet(id="s1", agent=agent, revision=revision, tasks=entries, **fields)


class Desk:
    """Drives a Processor. `auto` names the effects that are answered at once."""

    def __init__(
        self, sheet: Sheet | None = None, settings: CallSettings | None = None, traits: PhoneTraits | None = None,
        auto: frozenset[str] = frozenset({"Save", "OpenHeadset", "Fetch"}), snapshot: Snapshot | None = None,
        status_records: bool = False, leases: bool = False,
    ) -> None:
        self.sheet = sheet
        self.auto = auto
        self.mono = 1000.0
        self.offset = START - self.mono
        self.trusted = True
        self.processor = Processor(traits or PhoneTraits(id="desk", zone="Europe/London"),
                                   settings or CallSettings(mode="preview"), NumberSettings(),
                                   status_records=status_records, leases=leases)
        self.effects: list[ef.AnyEffect] = []
        self.entries: list[AnyEntry] = []
        self.event(ev.Restored(snapshot or Snapshot()))
        self.event(ev.RegistrationChanged(True))
        self.event(ev.HeadsetChanged(True, "desk headset"))

    @property
    def now(self) -> ev.Now:
        """The desk's clock."""
        return ev.Now(self.mono, self.mono + self.offset, self.trusted)

    @property
    def state(self):
        """The processor's state."""
        return self.processor.state

    @property
    def mode(self) -> Mode:
        """The row of the behaviour table that holds now."""
        return mode(self.state)

    @property
    def screen(self) -> Screen:
        """What the display says."""
        return screen(self.state, self.now)

    @property
    def lamps(self) -> Lamps:
        """What the lamps say."""
        return lamps(self.state, self.mono)

    def event(self, event: ev.AnyEvent) -> list[ef.AnyEffect]:
        """One event, and what the adapters answer to its effects; returns all effects."""
        made: list[ef.AnyEffect] = []
        todo = [event]
        while todo:
            new = self.processor.handle(todo.pop(0), self.now)
            made += new
            for effect in new:
                if isinstance(effect, ef.Save):
                    self.entries += effect.entries
                if type(effect).__name__ in self.auto:
                    todo += self._answer(effect)
        self.effects += made
        return made

    def _answer(self, effect: ef.AnyEffect) -> list[ev.AnyEvent]:
        match effect:
            case ef.Save():
                return [ev.Saved(effect.id)]
            case ef.OpenHeadset():
                return [ev.HeadsetReady(effect.id)]
            case ef.Fetch() if self.sheet is not None:
                return [ev.SheetArrived(effect.id, self.sheet)]
            case ef.Fetch():
                return [ev.SheetFailed(effect.id, "missing", "404")]
        return []

    def wait(self, seconds: float) -> list[ef.AnyEffect]:
        """Let time pass, with a Tick at every deadline."""
        until = self.mono + seconds
        made: list[ef.AnyEffect] = []
        for _ in range(10_000):
            due = self.processor.deadline(self.now)
            if due is None or due > until:
                break
            self.mono = max(self.mono, due)
            made += self.event(ev.Tick())
        else:
            raise AssertionError("the processor asks for ticks without end")
        self.mono = until
        return made

    def press(self, caps: str, hold: float = 0.05) -> list[ef.AnyEffect]:
        """Press keys one after the other."""
        made: list[ef.AnyEffect] = []
        layout = self.state.keypad.caps
        for cap in caps:
            row = next(r for r, row in enumerate(layout) if cap in row)
            column = layout[row].index(cap)
            made += self.event(ev.KeyContact(row, column, True))
            made += self.wait(hold)
            made += self.event(ev.KeyContact(row, column, False))
            made += self.wait(0.05)
        return made

    def sign_in(self, agent: str = "101", pin: str = "1234") -> None:
        """Agent number and PIN."""
        self.press(agent + "#" + pin + "#")

    def ready(self) -> None:
        """Signed in and ready to dial."""
        self.sign_in()
        self.press("A")

    def last(self, kind: type[Effect]) -> Effect:
        """The newest effect of a kind."""
        return next(e for e in reversed(self.effects) if isinstance(e, kind))

    def all(self, kind: type[Effect]) -> list[Effect]:
        """All effects of a kind so far."""
        return [e for e in self.effects if isinstance(e, kind)]

    def saved(self, kind: type[Effect]) -> list[Effect]:
        """All ledger entries of a kind so far."""
        return [e for e in self.entries if isinstance(e, kind)]

    def granted(self, seconds: float = 36_000.0, since: float = 0.0, **fields: object) -> list[ef.AnyEffect]:
        """The newest lease request is answered with yes; `since` in seconds from the desk's beginning."""
        until, began = (datetime.fromtimestamp(at, UTC) for at in (self.now.wall + seconds, START + since))
        return self.event(ev.LeaseGranted(self.last(ef.Lease).id, began, until, **fields))

    def refused(self, holder: str = "desk-2", **fields: object) -> list[ef.AnyEffect]:
        """It is answered with no: another phone has it."""
        return self.event(ev.LeaseRefused(self.last(ef.Lease).id, holder, **fields))

    def call(self) -> int:
        """The number of the newest call."""
        return self.last(ef.Dial).call

    def rings(self) -> None:
        """180 from the far end."""
        self.event(ev.CallProgress(self.call(), 180, "Ringing"))

    def answers(self) -> None:
        """200 from the far end."""
        self.event(ev.CallAnswered(self.call()))

    def ends(self, code: int = 200, phrase: str = "", **fields: object) -> None:
        """The call is over."""
        self.event(ev.CallEnded(self.call(), CallEnd(code, phrase, **fields)))
