# SPDX-License-Identifier: GPL-3.0-or-later
"""The main loop: events in, effects out, screen and lamps after each.

One thread owns the core and the SIP stack. Everything else posts events; a post
wakes the stack's poll, so the loop sleeps as long as nothing is due.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from msgspec.structs import replace

from callsheet.adapters.watchdog import Watchdog
from callsheet.core.events import AnyEvent, KeyContact, Now, Restored, Tick
from callsheet.core.processor import Processor
from callsheet.core.screen import Screen
from callsheet.core.state import State
from callsheet.phone.executor import Executor
from callsheet.phone.outputs import Outputs
from callsheet.ports import Ports, StoreError

log = logging.getLogger("callsheet.phone")

LONGEST_SLEEP = 30.0
"""Seconds; a wall clock that was set meanwhile is noticed no later than this."""
ANSWERS_WITHIN = 5.0
"""Seconds a question from another thread waits for its turn."""

T = TypeVar("T")


class Phone:
    """A phone, running on the thread that calls `run`."""

    def __init__(self, processor: Processor, ports: Ports, watchdog: Watchdog | None = None) -> None:
        self._processor = processor
        self._watchdog = watchdog or Watchdog({})
        self._ports = ports
        self._inbox: deque[AnyEvent] = deque()
        self._questions: deque[tuple[Callable[[State, Now], Any], Future[Any]]] = deque()
        self._stop = threading.Event()
        self._restart = False
        self._outputs = Outputs(ports.display, ports.lamps, ports.headset)
        self._executor = Executor(processor, ports, self.post)

    def post(self, event: AnyEvent) -> None:
        """Hand an event to the loop, from any thread."""
        if isinstance(event, KeyContact):
            # The loop may be busy; how long a finger stayed must not depend on that.
            event = replace(event, at=self._ports.clock.now().mono)
        self._inbox.append(event)
        self._ports.sip.wake()

    def stop(self) -> None:
        """Make `run` return soon, from any thread or signal handler."""
        self._stop.set()
        self._ports.sip.wake()

    def ask(self, question: Callable[[State, Now], T]) -> T:
        """What `question` says of the state; it runs on the loop and must be quick. From any other thread.

        Raises TimeoutError if the loop does not come to it, and what the question raises.
        """
        answer: Future[T] = Future()
        self._questions.append((question, answer))
        self._ports.sip.wake()
        return answer.result(ANSWERS_WITHIN)

    def restart(self, *, force: bool = False) -> bool:
        """Have `run` end, to be run anew with other settings: when no call is up, or at once. True: it ends now."""
        def when(state: State, _: Now) -> bool:
            self._restart = True
            return force or _idle(state)

        now = self.ask(when)
        if now:
            self.stop()
        return now

    @property
    def restarting(self) -> bool:
        """Whether `run` ended, or is to end, because it is to be run anew."""
        return self._restart

    def read_aloud(self, reader: Callable[[Screen], None]) -> None:
        """Every screen goes to `reader` as well, as text, and to whoever asked before. Before `run`."""
        self._outputs.readers.append(reader)

    def run(self) -> None:
        """Run until `stop`. Raises SipError if the stack, StoreError if the store cannot start."""
        ports = self._ports
        ports.store.start(self.post)
        try:
            self._restore()
            ports.sip.start(self._inbox.append)
            self._outputs.start()
            ports.transport.start(self.post)
            ports.headset.start(self.post)
            ports.keys.start(self.post)
            self._watchdog.ready()
            while not self._stop.is_set():
                self._turn()
        finally:
            if self._restart:
                self._watchdog.restarting()
            else:
                self._watchdog.stopping()
            self._close()

    def _restore(self) -> None:
        """What was stored comes before anything that happens now."""
        self._inbox.appendleft(Restored(self._ports.store.load()))

    def _turn(self) -> None:
        """Handle what has come in, show it, and sleep until something is due."""
        while self._inbox:
            self._handle(self._inbox.popleft())
        now = self._ports.clock.now()
        self._answer(now)
        deadline = self._processor.deadline(now)
        if deadline is not None and deadline <= now.mono:
            self._handle(Tick())
            now = self._ports.clock.now()
            deadline = self._processor.deadline(now)
        refresh = self._outputs.update(self._processor.state, now)
        self._watchdog.feed(now.mono)
        longest = min(LONGEST_SLEEP, self._watchdog.period or LONGEST_SLEEP)
        due = [now.mono + longest, refresh, *(t for t in (deadline, self._executor.deadline()) if t is not None)]
        timeout = 0.0 if self._inbox else max(0.0, min(due) - self._ports.clock.now().mono)
        self._ports.sip.poll(timeout)
        self._executor.tick(self._ports.clock.now().mono)

    def _answer(self, now: Now) -> None:
        """Questions from other threads; and the restart that somebody asked for while a call was up."""
        state = self._processor.state
        while self._questions:
            question, answer = self._questions.popleft()
            try:
                answer.set_result(question(state, now))
            except Exception as error:  # noqa: BLE001 -- it is raised where the question was asked
                answer.set_exception(error)
        if self._restart and _idle(state):
            self._stop.set()

    def _handle(self, event: AnyEvent) -> None:
        now: Now = self._ports.clock.now()
        effects = self._processor.handle(event, now)
        self._executor.carry_out(effects, now)
        self._executor.observe(event)

    def _close(self) -> None:
        """Let go of everything, whatever fails on the way."""
        ports = self._ports
        for part in (ports.keys, ports.transport, ports.headset, ports.sip, self._outputs, ports.store):
            try:
                part.close()
            except (OSError, RuntimeError, StoreError) as error:
                log.warning("%s did not close: %s", type(part).__name__, error)


def _idle(state: State) -> bool:
    """Nothing is going on that a restart would break off."""
    calls = (state.call, state.parked, state.incoming, state.preview, state.wrap_up)
    return not state.answering and all(call is None for call in calls)
