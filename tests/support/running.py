# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone that really runs: the product's own command in a process of its own, worked through its keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import urlopen

import msgspec
from websockets.sync.client import connect

from callsheet.core.screen import Screen
from callsheet.simulator.web import wire

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds; only a phone that is broken makes a test wait so long."""
_HOLD, _PAUSE = 0.05, 0.05
_KEY, _HOOK, _PLUG = 0x10, 0x11, 0x12

Section = Mapping[str, Any]


def toml(sections: Mapping[str, Section], path: tuple[str, ...] = ()) -> str:
    """A settings file; JSON's strings, numbers, booleans and arrays are TOML's too."""
    lines: list[str] = []
    for name, section in sections.items():
        plain = {key: value for key, value in section.items() if not isinstance(value, Mapping)}
        lines.append(f"[{'.'.join((*path, name))}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
        lines.append(toml({k: v for k, v in section.items() if k not in plain}, (*path, name)))
    return "\n".join(lines)


class RunningPhone:
    """One phone with its settings file and data directory. Use as a context manager, or start and kill it at will."""

    def __init__(self, folder: Path, sections: Mapping[str, Section], *, spoken: bool = True) -> None:
        """`spoken`: its screens can be waited for (`until`); else it is the shipped command and nothing more."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "phone.toml"
        self.config.write_text(toml(sections), encoding="utf-8")
        self._module = "tests.support.spoken_phone" if spoken else "callsheet"
        self._words = [] if spoken else ["phone"]
        self._news = threading.Condition()
        self._screens: list[Screen] = []
        self._child: subprocess.Popen[str] | None = None
        self.page = ""

    def start(self) -> Self:
        """Switch it on; returns when its page can be opened."""
        path = f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"
        self._child = child = subprocess.Popen(
            [sys.executable, "-m", self._module, *self._words, "--config", str(self.config)], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=(self.folder / "phone.log").open("a"),
            env={**os.environ, "PYTHONPATH": path},
        )
        with self._news:
            self._screens.clear()
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("page "):
                self.page = line.split()[1]
                threading.Thread(target=self._listen, args=(child.stdout,), daemon=True).start()
                return self
        raise AssertionError(f"the phone did not start:\n{self.log()[-3000:]}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Switch it off; with SIGKILL as a power cut would. Returns the exit status."""
        child, self._child = self._child, None
        if child is None:
            return None
        if child.poll() is None:
            child.send_signal(how)
        try:
            return child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise AssertionError(f"the phone did not end:\n{self.log()[-3000:]}") from None

    def cut(self) -> None:
        """Cut its power."""
        self.stop(signal.SIGKILL)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def log(self) -> str:
        """What it said on standard error, over all its lives."""
        path = self.folder / "phone.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # What it shows

    @property
    def screens(self) -> list[Screen]:
        """All of this life, oldest first."""
        with self._news:
            return list(self._screens)

    @property
    def screen(self) -> Screen | None:
        """The present one."""
        with self._news:
            return self._screens[-1] if self._screens else None

    def until(self, *modes: str, patience: float = PATIENCE, since: int | None = None,
              true: Callable[[Screen], object] = lambda screen: True) -> Screen:
        """Wait for a screen of one of these modes (any, if none is named) of which `true` holds.

        The present screen counts; with `since` all from that index of `screens` on. Fails after `patience` seconds.
        """
        end = time.monotonic() + patience
        with self._news:
            looked = max(0, len(self._screens) - 1) if since is None else since
            while True:
                for screen in self._screens[looked:]:
                    if (not modes or screen.mode in modes) and true(screen):
                        return screen
                looked = max(looked, len(self._screens) - 1)
                left = end - time.monotonic()
                if left <= 0 or not self.alive:
                    shown = "\n".join(map(_brief, self._screens[-12:]))
                    raise AssertionError(f"no screen {modes or ''} of that kind; the last ones:\n{shown}\n"
                                         f"{self.log()[-2000:]}")
                self._news.wait(min(left, 0.5))

    def state(self) -> dict[str, Any]:
        """Lamps, hook, headset: `/state.json`."""
        with urlopen(f"{self.page}state.json", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def frame(self) -> bytes:
        """The glass as a PNG: `/frame.png`."""
        with urlopen(f"{self.page}frame.png", timeout=PATIENCE) as answer:
            return bytes(answer.read())

    # What can be touched

    def press(self, caps: str, hold: float = _HOLD) -> None:
        """Press keys one after the other, as a page does."""
        address = urlsplit(self.page)
        with connect(f"ws://{address.netloc}/pins", subprotocols=[wire.PROTOCOL], max_queue=None) as page:  # type: ignore[list-item]
            layout: list[str] = json.loads(page.recv())["keypad"]
            places = {cap: (row, column) for row, line in enumerate(layout) for column, cap in enumerate(line)}
            for cap in caps:
                for closed, pause in ((1, hold), (0, _PAUSE)):
                    page.send(bytes((_KEY, *places[cap], closed)))
                    time.sleep(pause)

    def plug(self, present: bool) -> None:
        """Plug the headset in, or pull it out."""
        with connect(f"ws://{urlsplit(self.page).netloc}/pins", subprotocols=[wire.PROTOCOL]) as page:  # type: ignore[list-item]
            page.send(bytes((_PLUG, present)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self, stream: Iterable[str]) -> None:
        for line in stream:
            if line.startswith("screen "):
                screen = msgspec.json.decode(line[7:], type=Screen)
                with self._news:
                    self._screens.append(screen)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def _brief(screen: Screen) -> str:
    return " | ".join(filter(None, (screen.mode, screen.title, screen.headline, screen.number, screen.alert)))
