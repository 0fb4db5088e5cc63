# SPDX-License-Identifier: GPL-3.0-or-later
"""Files behind entries, when the disk fails: made once, and stored even if the agent has left."""

from __future__ import annotations

from types import SimpleNamespace

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode
from callsheet.core.ledger import AnyEntry, Upload
from callsheet.formats.results import read_results
from callsheet.formats.sheet import read_sheet
from callsheet.phone.executor import Executor
from callsheet.ports import Document
from tests.support.desk import Desk, sheet_of, tasks


class Shelf:
    """A store that refuses until it is told not to."""

    def __init__(self) -> None:
        self.full = False
        self.asked: list[tuple[int, tuple[AnyEntry, ...], tuple[Document, ...]]] = []

    def save(self, id: int, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...] = ()) -> None:
        self.asked.append((id, entries, documents))


class Office:
    """A core on a desk, whose saves go through a real executor."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.shelf = desk, Shelf()
        ports = SimpleNamespace(store=self.shelf, sip=None, transport=None, headset=None,
                                clock=SimpleNamespace(now=lambda: desk.now))
        self.executor = Executor(desk.processor, ports, lambda event: None)
        self.done = len(desk.effects)
        desk.auto -= {"Save"}

    def settle(self) -> None:
        """Hand over what the core wants to be saved, and answer."""
        while self.done < len(self.desk.effects):
            effect = self.desk.effects[self.done]
            self.done += 1
            if isinstance(effect, ef.Save):
                self.executor.carry_out([effect], self.desk.now)
                answer = ev.SaveFailed(effect.id, "full") if self.shelf.full else ev.Saved(effect.id)
                self.desk.event(answer)
                self.executor.observe(answer)

    def press(self, caps: str) -> None:
        for cap in caps:
            self.desk.press(cap)
            self.settle()

    def wait(self, seconds: float) -> None:
        self.desk.wait(seconds)
        self.settle()


def office() -> Office:
    desk = Desk(sheet_of(*tasks(3)), status_records=True)
    desk.ready()
    made = Office(desk)
    made.settle()
    return made


def call(at: Office) -> None:
    at.press("#")
    at.desk.answers()
    at.desk.ends()
    at.settle()


def test_a_file_that_could_not_be_stored_is_the_same_at_the_next_try() -> None:
    at = office()
    call(at)
    at.shelf.full = True
    at.press("1")
    first = next(documents for _, _, documents in at.shelf.asked[::-1] if documents)
    at.wait(6)
    at.shelf.full = False
    at.wait(6)
    tried = [documents for _, entries, documents in at.shelf.asked if any(isinstance(e, Upload) for e in entries)]
    assert tried[-1][0] is first[0]


def test_an_agent_who_left_while_the_disk_failed_is_not_forgotten() -> None:
    at = office()
    call(at)
    at.shelf.full = True
    at.press("1*")
    at.press("8" * at.desk.state.overlay.items.index("sign-out") + "#")
    at.press("##")
    assert at.desk.mode is Mode.OFF
    assert at.desk.state.queue is None
    at.wait(60)
    at.shelf.full = False
    at.wait(6)
    _, entries, documents = at.shelf.asked[-1]
    assert [entry.kind for entry in entries if isinstance(entry, Upload)] == ["result", "remaining", "status"]
    (result,) = read_results(documents[0].body).tasks
    assert (result.id, result.final, result.disposition) == ("t0", True, "done")
    assert [task.id for task in read_sheet(documents[1].body).sheet.tasks] == ["t1", "t2"]
    assert not at.desk.state.backlog
    assert at.executor._documents == {}, "nothing is kept that is stored"
