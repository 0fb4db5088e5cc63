# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet selftest: does every part of this phone work?"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from callsheet.adapters.control import ControlClient, NoPhone, Refused
from callsheet.adapters.faults import Faults
from callsheet.adapters.handset import handset
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.adapters.store.lock import DirectoryLock
from callsheet.cli.output import Parser, print_json
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings
from callsheet.ports import PortError
from callsheet.selftest.bench import Bench, Parts, Typed
from callsheet.selftest.checks import CHECKS
from callsheet.selftest.runner import let_go
from callsheet.selftest.runner import run as run_checks
from callsheet.selftest.verdict import Verdict
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import WebHandset

LOOK = 5.0
"""Seconds for which the result stays on the display after somebody's hands were needed."""


class Unusable(Exception):
    """The self-test cannot run as asked."""


def run(argv: list[str]) -> int:
    """Exit 0: all passed; 1: a check failed, or it could not run; 2: bad usage."""
    options = _options(argv)
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    path: Path = options.config
    try:
        path.stat()  # a wrong name on the command line is no phone with default settings
        settings = SettingsLayers(path).settings()
        with ExitStack() as stack:
            bench = _bench(settings, path.resolve().parent / settings.data.directory, options, stack)
            found = run_checks(bench, options.checks or CHECKS, lambda verdict: _tell(bench, verdict, options.json))
            if options.json:
                print_json(found)
            else:
                print(bench.words("say.passed" if found.passed else "say.failed"))
            if bench.hands:
                bench.settle(LOOK)
    except (FormatError, PortError, OSError, Unusable, ValueError) as error:
        if options.json:
            print_json({"error": {"reason": str(error)}})
        print(f"callsheet selftest: {error}", file=sys.stderr)
        return 1
    return 0 if found.passed else 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = Parser(prog="callsheet selftest", description="Test every part of this phone, in this order: "
                    f"{', '.join(CHECKS)}.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's settings (TOML)")
    parser.add_argument("--non-interactive", action="store_true",
                        help="only what needs no hands; also while the phone runs")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these")
    options = parser.parse_args(argv)
    unknown = [name for name in options.checks if name not in CHECKS]
    if unknown:
        parser.error(f"no check is called {unknown[0]}; there are {', '.join(CHECKS)}")
    return options


def _bench(settings: Settings, data: Path, options: argparse.Namespace, stack: ExitStack) -> Bench:
    """Beside a running phone, or with the parts to itself."""
    def say(text: str) -> None:
        print(text, file=sys.stderr if options.json else sys.stdout, flush=True)

    hands = not options.non_interactive
    try:
        status = ControlClient(data).ask("status")
    except NoPhone:
        status = None
    except Refused as refused:
        raise Unusable(refused.reason) from None
    if status is not None:
        if hands:
            raise Unusable("the phone is running and has its parts; stop it first (systemctl stop callsheet), "
                           "or add --non-interactive")
        return Bench(settings, data, None, hands=False, print_line=say, phone=status)
    stack.callback(DirectoryLock(data).release)
    bench = Bench(settings, data, _parts(settings, stack, say if hands else None), hands=hands, print_line=say)
    stack.callback(let_go, bench)
    if hands:
        threading.Thread(target=_read_lines, args=(bench,), daemon=True).start()
    return bench


def _parts(settings: Settings, stack: ExitStack, say: Callable[[str], None] | None) -> Parts:
    if not settings.simulator.enabled:
        real = handset(settings)
        return Parts(real.keys, real.display, real.lamps, real.headset, real.faults)
    width, height = (int(n) for n in settings.simulator.display.split("x"))
    made = SimulatedHandset((width, height), settings.phone.keypad, headset=settings.simulator.headset)
    if say is not None:
        web = WebHandset(made, settings.simulator.listen)
        web.start()
        stack.callback(web.close)
        say(f"page {web.url}")
    return Parts(made.keys, made.display, made.lamps, made.headset, Faults(), real=False)


def _read_lines(bench: Bench) -> None:
    for line in sys.stdin:
        bench.post(Typed(line.strip()))


def _tell(bench: Bench, verdict: Verdict, json: bool) -> None:
    if not json:
        print(f"{verdict.result.upper():<5} {bench.words(f'check.{verdict.name}')}: {verdict.text}", flush=True)
