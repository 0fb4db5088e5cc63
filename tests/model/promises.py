# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product promises, whatever happens: each `assert` here is one of its words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import TABLE, Mode, mode
from callsheet.core.caps import SAME_CALL
from callsheet.core.lamps import contrast, lamps
from callsheet.core.ledger import Decided, Ended, Intention, SignedOut, Upload, Withdrawn
from callsheet.core.processor import Processor
from callsheet.core.queue import Queue
from callsheet.core.screens import screen
from callsheet.core.settings import NumberSettings
from callsheet.core.state import Phase, Work

if TYPE_CHECKING:
    from tests.model.reality import Reality

OPENS, CLOSES = 9, 18
CAP_LIMIT, CAP_PERIOD = 3, 7200.0
ZONE = ZoneInfo("Europe/London")


# Effects ------------------------------------------------------------------------


def effect(world: Reality, made: ef.AnyEffect, now: ev.Now) -> None:
    """Before an effect is carried out."""
    match made:
        case ef.OpenHeadset():
            assert not world.link, "the radio link is opened twice"
        case ef.CloseHeadset():
            assert world.link, "the radio link is closed twice"
        case ef.Dial():
            _dial(world, made, now)
        case ef.Answer():
            assert world.link_ready, "an incoming call is answered into a closed headset"
        case ef.Hold() | ef.Dtmf() | ef.Transfer():
            assert world.far[made.call].answered or made.call < 0, "a call that is not up is held"
        case _:
            pass


def _dial(world: Reality, made: ef.Dial, now: ev.Now) -> None:
    ours = [far for far in world.far.values() if far.number > 0]
    assert all(far.over(now.mono) for far in ours), "two calls of ours at once"
    assert world.link_ready, "dialled before the radio link was open"
    call = world.state.call
    assert call is not None and call.task is not None
    if call.task.id:
        _dial_task(world, call.task.id, call.attempt, made.number, now)


def _dial_task(world: Reality, task: str, attempt: str, number: str, now: ev.Now) -> None:
    state, queue = world.state, world.state.queue
    assert queue is not None
    assert state.work is Work.READY, f"dialled while {state.work}"
    assert world.registered, "dialled while unregistered"
    assert world.plugged, "dialled without a headset"
    assert not state.backlog, "dialled while results cannot be stored"
    _stored_first(world, task, attempt)
    listed = {one.id for one in queue.sheet.tasks if not one.withdrawn}
    assert task in listed, "dialled a withdrawn task"
    assert not queue.state(task).final, "dialled a finished task"
    assert now.trusted, "dialled by a clock that nobody has set"
    local = datetime.fromtimestamp(now.wall, UTC).astimezone(ZONE)
    assert OPENS <= local.hour < CLOSES, "dialled outside calling hours"
    assert len(_calls(world, number, now.wall)) < CAP_LIMIT, "dialled above the cap"


def _stored_first(world: Reality, task: str, attempt: str) -> None:
    """The intention is on disk and open; everything before it is there too; nothing else of the task is open."""
    open_: dict[str, str] = {}
    for entry in world.disk.journal:
        match entry:
            case Intention():
                open_[entry.attempt] = entry.task
            case Withdrawn():
                open_.pop(entry.attempt, None)
            case Ended():
                open_.pop(entry.attempt.id, None)
            case SignedOut():
                open_.clear()  # handed back as held
    assert open_.get(attempt) == task, "dialled before the intention was on disk"
    assert [a for a, t in open_.items() if t == task] == [attempt], "dialled a task with a call in doubt"
    assert attempt not in world.invited, "dialled twice under one intention"
    ended = {e.attempt.id for e in world.disk.journal if isinstance(e, Ended)}
    assert {far.attempt for far in world.far.values() if far.attempt} <= ended, "the last result is not on disk"


def _calls(world: Reality, number: str, wall: float) -> list[float]:
    """Times at which the number rang and which the cap still counts; what is a second apart counts once."""
    kept: list[float] = []
    for at in sorted(world.rung.get(number, ())):
        if wall - at < CAP_PERIOD and not (kept and at - kept[-1] < 2 * SAME_CALL):
            kept.append(at)
    return kept


# States -------------------------------------------------------------------------


def state(world: Reality, now: ev.Now) -> None:
    """After an event."""
    _headset(world)
    _ears(world)
    _shown(world, now)


def _headset(world: Reality) -> None:
    state = world.state
    needed = (state.call is not None or state.parked is not None or bool(state.answering)
              or (state.preview is not None and bool(state.preview.headset)))
    assert world.link == needed, f"radio link {'open' if world.link else 'closed'} in {mode(state)}"


def _ears(world: Reality) -> None:
    state = world.state
    assert world.tone == (state.incoming is not None and not state.answering), "the ear piece rings if, and only if, someone calls"
    if state.call is None and state.parked is None:
        assert not world.muted, "the microphone stays shut after the call"
    live = [c for c in (state.call, state.parked) if c is not None and c.phase is Phase.TALKING]
    assert state.parked is None or state.call is not None or state.answering, "a call is parked and forgotten"
    assert len([c for c in live if not c.held and not c.held_by_far]) < 2, "two callees hear the agent"
    for far in world.far.values():
        if far.answered and not far.ended and far.hung_up is None and far.number > 0:
            known = {c.number for c in (state.call, state.parked) if c is not None}
            assert far.number in known, "a callee who answered was dropped silently"


def _shown(world: Reality, now: ev.Now) -> None:
    state, at = world.state, world.mode
    shown = screen(state, now)
    assert shown.title
    assert shown.mode == at
    lamps(state, now.mono)
    contrast(state, now.mono)
    letters = world.traits.keypad == "4x4"
    assert at is Mode.ENDING or any(letters or not cap.isalpha() for bound in TABLE[at].keys for cap in bound.caps)


# Now and then -------------------------------------------------------------------


def in_doubt(world: Reality) -> None:
    """After a power cut the agent is asked about every call that may have gone out, and nothing is dialled."""
    assert not any(isinstance(made, ef.Dial) for made in world.made), "dialled by itself after a power cut"
    state, open_ = world.state, set()
    if state.queue is None:
        return
    for entry in world.disk.snapshot().entries:
        match entry:
            case Intention():
                open_.add(entry.attempt)
            case Withdrawn():
                open_.discard(entry.attempt)
            case Ended():
                open_.discard(entry.attempt.id)
    assert {unknown.intention.attempt for unknown in state.unknown} == open_


def replay(world: Reality) -> None:
    """The same events at the same times give the same effects."""
    again = Processor(world.traits, world.settings, NumberSettings())
    made = [effect for event, now in world.log for effect in again.handle(event, now)]
    assert made == world.made


def disk_says_the_same(world: Reality) -> None:
    """What would be found after a power cut is what is known now."""
    state, snapshot = world.state, world.disk.snapshot()
    if world.writes or state.backlog or state.queue is None or state.work not in (Work.READY, Work.PAUSED):
        return
    assert snapshot.agent == state.agent
    assert snapshot.sheet == state.queue.sheet
    assert snapshot.next_attempt <= state.next_attempt
    again = Queue(snapshot.sheet, world.settings, NumberSettings())
    for entry in snapshot.entries:
        again.apply(entry)
    assert again.counts() == state.queue.counts()
    wall = world.now.wall
    assert again.next(wall) == state.queue.next(wall)


def one_result_per_call(world: Reality) -> None:
    """Every INVITE that left has one result, every result one INVITE; every decided one was uploaded."""
    entries = world.entries()
    ended = {e.attempt.id: e.attempt for e in entries if isinstance(e, Ended) and e.attempt.task}
    intended = {e.attempt: e.task for e in entries if isinstance(e, Intention)}
    withdrawn = {e.attempt for e in entries if isinstance(e, Withdrawn)}
    results = [e.attempt.id for e in entries if isinstance(e, Ended) and e.attempt.task]
    assert len(results) == len(ended), "two results for one call"
    assert all(intended.get(id) == attempt.task for id, attempt in ended.items()), "a result without an intention"
    assert not withdrawn & world.invited.keys(), "a call was made and denied"
    uploaded = {e.attempt for e in entries if isinstance(e, Upload) and e.kind == "result"}
    decided = {e.attempt for e in entries if isinstance(e, Decided)}
    assert decided == uploaded, "decided, but not sent; or sent before it was decided"
