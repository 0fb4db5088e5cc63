# SPDX-License-Identifier: GPL-3.0-or-later
"""`callsheet phone` with an agent made of software, who leaves when told to: SIGUSR1.

    python -m tests.manager.day.phone --config FILE

The agent reads the screen and presses the keys, and nothing else.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from callsheet.cli import phone as command
from callsheet.core.behaviour import Mode
from callsheet.core.screen import Screen
from callsheet.formats.settings import Settings
from callsheet.phone import build as building
from callsheet.phone.build import Built
from callsheet.simulator.autopilot import Autopilot

GONE = "gone"
"""Said on standard output when the agent has signed out and everything is on the server."""


class Worker(Autopilot):
    """Works, and signs out when told to. Does not sign in again."""

    leaving = False
    asked = False
    """For a pause, after the call that is being wrapped up."""
    left = False
    said = False

    def _answer(self, screen: Screen) -> str:
        if screen.mode == Mode.OFF and self.left:
            if not self.said:
                self.said = True
                print(GONE, flush=True)
            return ""
        if not self.leaving:
            return super()._answer(screen)
        match screen.mode:
            case Mode.OFF | Mode.SIGNING_OUT:
                self.left = True
                return ""
            case Mode.PREVIEW | Mode.COUNTDOWN | Mode.WAITING:
                return "A"
            case Mode.WRAP_UP if not self.asked:
                return "A"
            case Mode.PAUSE:
                self.asked = True
                return "#"
            case Mode.PAUSED:
                return "*"
            case Mode.FINISHED:
                return "#"
            case Mode.MENU:
                return "#" if screen.cursor == len(screen.lines) - 1 else "B"  # the last entry signs out
        return super()._answer(screen)


def main(argv: list[str]) -> int:
    """Run the phone until SIGINT or SIGTERM."""
    workers: list[Worker] = []
    autopilot = building._autopilot

    def worker(settings: Settings, handset: object) -> Autopilot:
        plain = autopilot(settings, handset)  # type: ignore[arg-type]
        made = Worker(plain._keypad, plain._habits)
        workers.append(made)
        return made

    def built(settings: Settings, folder: Path) -> Built:
        found = original(settings, folder)
        signal.signal(signal.SIGUSR1, leave)
        return found

    def leave(*_: object) -> None:
        for one in workers:
            one.leaving = True

    building._autopilot = worker
    original, command.build = command.build, built
    return command.run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
