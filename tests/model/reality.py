# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is around the core: a disk, a far side, a headset, a file server, a clock; and an agent's fingers.

It answers only when told to. `promises` looks at every effect and at every state.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode, mode
from callsheet.core.caps import SAME_CALL
from callsheet.core.ledger import AnyEntry, Intention, Upload
from callsheet.core.model import Sheet
from callsheet.core.outcomes import CallEnd
from callsheet.core.processor import Processor
from callsheet.core.processor.calls import ENDING_LIMIT
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits
from callsheet.core.state import State
from callsheet.formats.sheet import read_sheet
from callsheet.phone.documents import document
from callsheet.ports import Document
from tests.model.memory_disk import MemoryDisk
from tests.support.hand import has_key, key_for

START = 1_795_428_000.0  # Monday 2026-11-23 10:00 in London, at mono 1000
NEVER_SPIN = 5


class Far(Struct):
    """The other end of a call."""

    number: int
    remote: str
    task: str = ""
    attempt: str = ""
    dialled: float = 0.0
    rang: bool = False
    answered: bool = False
    hung_up: float | None = None
    """When the phone asked for its end."""
    ended: bool = False

    def over(self, mono: float) -> bool:
        """Whether the phone may take it as over."""
        return self.ended or (self.hung_up is not None and mono - self.hung_up >= ENDING_LIMIT - 0.001)


class Write(Struct):
    """A transaction on its way to the disk."""

    save: ef.Save
    files: tuple[Document, ...]


class Reality:
    """One phone in its world. The disk and what callees have heard outlive a power cut."""

    def __init__(self, traits: PhoneTraits, settings: CallSettings, sheet: Sheet) -> None:
        self.traits, self.settings = traits, settings
        self.server: Sheet = sheet
        self.disk = MemoryDisk()
        self.mono, self.offset, self.trusted = 1000.0, START - 1000.0, True
        self.rung: dict[str, list[float]] = {}
        """When each number rang, by the phone's clock at the intention: after a power cut nothing later is known."""
        self.invited: dict[str, str] = {}
        """Attempts whose INVITE has left, with their task; over power cuts."""
        self.incoming = 0
        self.broken = False
        self.boot()

    def boot(self) -> None:
        """Switch on."""
        self.processor = Processor(self.traits, self.settings, NumberSettings())
        self.log: list[tuple[ev.AnyEvent, ev.Now]] = []
        self.made: list[ef.AnyEffect] = []
        self.writes: list[Write] = []
        self.unanswered: list[int] = []
        """OpenHeadset effects without an answer."""
        self.fetches: list[ef.Fetch] = []
        self.far: dict[int, Far] = {}
        self._owed: AnyEntry | None = None
        self._files: dict[int, tuple[Upload, Document]] = {}
        self.registered = self.plugged = self.link = self.link_ready = self.muted = self.tone = False
        self.in_doubt: frozenset[str] = frozenset()
        self.disk.tidy()
        self.do(ev.Restored(self.disk.snapshot()))
        self.do(ev.RegistrationChanged(True))
        self.do(ev.HeadsetChanged(True))

    # Time ---------------------------------------------------------------------

    @property
    def now(self) -> ev.Now:
        return ev.Now(self.mono, self.mono + self.offset, self.trusted)

    @property
    def state(self) -> State:
        return self.processor.state

    @property
    def mode(self) -> Mode:
        return mode(self.state)

    def wait(self, seconds: float) -> None:
        """Let time pass, with a Tick at every deadline."""
        until, stuck = self.mono + seconds, 0
        while (due := self.processor.deadline(self.now)) is not None and due <= until:
            stuck = stuck + 1 if due <= self.mono else 0
            self.broken |= stuck >= NEVER_SPIN
            assert stuck < NEVER_SPIN, f"asks for ticks without end in {self.mode}"
            self.mono = max(self.mono, due)
            self.do(ev.Tick())
        self.mono = until

    # Events and effects -------------------------------------------------------

    def do(self, event: ev.AnyEvent) -> None:
        """One event."""
        from tests.model import promises

        match event:
            case ev.RegistrationChanged():
                self.registered = event.registered
            case ev.HeadsetChanged():
                self.plugged = event.present
            case ev.HeadsetReady():
                self.link_ready = self.link
        now = self.now
        self.log.append((event, now))
        self.broken = True
        for effect in self.processor.handle(event, now):
            self.made.append(effect)
            promises.effect(self, effect, now)
            self._carry_out(effect, now)
        promises.state(self, now)
        self.broken = False

    def _carry_out(self, effect: ef.AnyEffect, now: ev.Now) -> None:
        match effect:
            case ef.Save():
                self.writes.append(Write(effect, tuple(
                    self._file(entry, now) for entry in effect.entries if isinstance(entry, Upload))))
            case ef.OpenHeadset():
                self.link, self.link_ready = True, False
                self.unanswered.append(effect.id)
            case ef.CloseHeadset():
                self.link = self.link_ready = False
            case ef.Fetch():
                self.fetches.append(effect)
            case ef.Dial():
                call = self.state.call
                assert call is not None
                self.far[effect.call] = Far(effect.call, effect.number, call.task.id if call.task else "",
                                            call.attempt, now.wall)
                if call.attempt:
                    self.invited[call.attempt] = call.task.id if call.task else ""
            case ef.HangUp() if effect.call in self.far and self.far[effect.call].hung_up is None:
                self.far[effect.call].hung_up = now.mono
            case ef.Mute():
                self.muted = effect.on
            case ef.Play() if effect.loop:
                self.tone = True
            case ef.Silence():
                self.tone = False
            case _:
                pass

    def _file(self, entry: Upload, now: ev.Now) -> Document:
        """Made once, as the executor does: the agent may have left when the disk recovers."""
        known = self._files.get(id(entry))
        if known is None:
            known = self._files[id(entry)] = entry, document(self.state, entry, now)
        return known[1]

    # The world answers ----------------------------------------------------------

    def write(self) -> None:
        """The oldest transaction is on disk."""
        if self._owed is not None and self.writes[0].save.entries[0] != self._owed:
            self.fail_to_write()
            return
        self._owed, one = None, self.writes.pop(0)
        self.disk.write(one.save.entries, one.files)
        self.do(ev.Saved(one.save.id))
        if one.files:
            self.do(ev.OutboxChanged(self.disk.waiting()))
        self.disk.tidy()

    def fail_to_write(self) -> None:
        """It is not; nothing else is until it is tried again."""
        one = self.writes.pop(0)
        if self._owed is None:
            self._owed = one.save.entries[0]
        self.do(ev.SaveFailed(one.save.id, "no space"))

    def link_opens(self, works: bool = True) -> None:
        """The headset answers."""
        number = self.unanswered.pop(0)
        self.do(ev.HeadsetReady(number) if works else ev.HeadsetFailed(number, "no link"))

    def serve(self) -> None:
        """The file server answers."""
        fetch = self.fetches.pop(0)
        self.do(ev.SheetArrived(fetch.id, self.disk.with_memory(self.server)))

    def send(self, error: str = "") -> None:
        """An upload arrives, or does not."""
        if not error and (rest := self.disk.send()):
            # The management end keeps the rest and hands it back at the next sign-in (S14).
            back = read_sheet(rest, name="rest.json").sheet
            if back.id == self.server.id:
                self.server = replace(back, revision=max(back.revision, self.server.revision) + 1)
        self.do(ev.OutboxChanged(self.disk.waiting(), error))

    def be_kind(self) -> None:
        """Disk, headset and file server answer at once."""
        while self.writes or self.unanswered or self.fetches:
            if self.writes:
                self.write()
            if self.unanswered:
                self.link_opens()
            if self.fetches:
                self.serve()

    def progress(self, call: int, code: int, early: bool = False) -> None:
        """A provisional response."""
        far = self.far[call]
        if code >= 180 and not far.ended:
            self._note_ringing(far)
        self.do(ev.CallProgress(call, code, early_media=early))

    def answers(self, call: int) -> None:
        """A 2xx."""
        far = self.far[call]
        given_up = not far.ended and far.over(self.mono)
        if not far.ended and not far.answered and not given_up:
            self._note_ringing(far)
            far.answered, far.hung_up = True, None
        self.do(ev.CallAnswered(call))
        if given_up and call > 0:
            assert self.made[-1] == ef.HangUp(call), "a callee answered a call that was given up, and listens to nobody"

    def _note_ringing(self, far: Far) -> None:
        current = self.state.call
        if current is not None and current.number == far.number > 0 and not far.rang:
            far.rang = True
            self.rung.setdefault(far.remote, []).append(self._intended_at(far))

    def _intended_at(self, far: Far) -> float:
        found = [e.at.timestamp() for e in self.disk.journal if isinstance(e, Intention) and e.attempt == far.attempt]
        return found[-1] if found else far.dialled

    def ends(self, call: int, end: CallEnd) -> None:
        """The call is over; none takes less than a second, below which two calls of one number count as one."""
        if call > 0 and not self.far[call].over(self.mono):
            self.wait(2 * SAME_CALL)
        self.far[call].ended = True
        self.do(ev.CallEnded(call, end))

    def rings(self) -> None:
        """Somebody calls."""
        self.incoming -= 1
        self.far[self.incoming] = Far(self.incoming, "+44123")
        self.do(ev.CallIncoming(self.incoming, "+44123", "Somebody"))

    def power_cut(self, written: int) -> None:
        """So many of the transactions under way still get to the disk."""
        for one in self.writes[:written] if self._owed is None else ():
            self.disk.write(one.save.entries, one.files)
        self.mono += 20.0
        self.boot()

    # The agent ------------------------------------------------------------------

    def press(self, caps: str, hold: float = 0.05) -> None:
        """Keys, one after the other; those this keypad has not are left out."""
        for cap in caps:
            if has_key(self.state, cap):
                rows = self.state.keypad.caps
                row = next(r for r, row in enumerate(rows) if cap in row)
                column = rows[row].index(cap)
                self.do(ev.KeyContact(row, column, True))
                self.wait(hold)
                self.do(ev.KeyContact(row, column, False))
                self.wait(0.03)

    def next_key(self) -> None:
        """What an agent presses who wants to get on with the work."""
        from callsheet.core.behaviour import Action

        state, at = self.state, self.mode
        wanted = {
            Mode.PREVIEW: Action.DIAL, Mode.WRAP_UP: Action.NEXT, Mode.UNKNOWN: Action.AGAIN, Mode.PAUSED: Action.READY,
            Mode.MENU: Action.BACK, Mode.PAUSE: Action.BACK, Mode.CORRECT: Action.BACK, Mode.UPCOMING: Action.BACK,
            Mode.DIALPAD: Action.BACK, Mode.TRANSFER: Action.BACK, Mode.NOTE: Action.CONFIRM, Mode.CLOCK: Action.BACK,
            Mode.INCOMING: Action.DECLINE, Mode.CALL_WAITING: Action.DECLINE,
        }.get(at)  # fmt: skip
        if at is Mode.OFF:
            self.press("101#1#")
        elif at in (Mode.AGENT, Mode.PIN):
            overlay = state.overlay
            typed = overlay is not None and overlay.text in ("101", "1")
            press = key_for(state, Action.CONFIRM if typed else Action.BACK)
            assert press is not None
            self.press(press[0])
        elif at is Mode.LATER or (at is Mode.WRAP_UP and state.wrap_up is not None and state.wrap_up.attempt.answered is not None):
            self.press("1")
        elif wanted is not None and (found := key_for(state, wanted)) is not None:
            self.press(found[0], hold=0.8 if found[1] else 0.05)

    def entries(self) -> list[AnyEntry]:
        """Everything that is on disk or on its way there."""
        under_way = (e for _, entries in sorted(self.state.pending.items()) for e in entries)
        return [*self.disk.journal, *under_way, *self.state.backlog]
