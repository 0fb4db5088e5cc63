# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile bytes at a console, for as long as is asked for: python -m tests.contract.console.fuzz --seconds 600

Before and after log-in: noise, escape sequences, halves of commands, whole commands
that change nothing. The console must live, answer, and leave the settings alone.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from callsheet.console.commands import COMMANDS
from callsheet.console.password import Password
from tests.contract.console.test_terminal import FILE, PASSWORD, Console
from tests.support.cable import Cable

CHANGING = {"apply", "revert", "confirm", "password", "import", "certificate", "test", "reboot", "power-off",
            "factory-reset", "update"}
"""Left out after log-in: they would do what they are for."""
ESCAPES = (b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[3~", b"\x1b[200~", b"\x1b[201~", b"\x1bOP", b"\x1b[1;5D",
           b"\x1b]0;x\x07", b"\x1b[6n", b"\x1b[999;999R", b"\x1b", b"\x1b9", b"\x18(", b"\x18e", b"\x0b\x19\x19\x19",
           b"\x03", b"\x08", b"\x7f", b"\t\t", b"\x12", b"\x16", b"\x1a", b"\x1c", b"\x00", b"\x1d", b"\x1f")

PATIENCE = 120.0
"""Seconds until a prompt must be there: on a busy machine the console reads a flood as slowly as all else goes."""


def bytes_of(chance: random.Random) -> bytes:
    """Something a console should not have to hear."""
    commands = [c.name for c in COMMANDS if c.name not in CHANGING]
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randrange(1, 300))
        case 1:
            return b"".join(chance.choices(ESCAPES, k=chance.randrange(1, 40)))
        case 2:
            words = [chance.choice(commands), *chance.choices(["sheet.url", "sip.server", "é中🙂", '"', "{", "-1"], k=2)]
            return " ".join(words).encode() + b"\r"
        case 3:
            return chance.choice(commands).encode()[: chance.randrange(1, 6)] + b"\t" + chance.choice((b"\r", b"\x15"))
        case 4:
            return bytes([chance.randrange(32, 127)]) * chance.randrange(1, 20_000)
        case _:
            return b"\r" * chance.randrange(1, 5)


def fuzz(seconds: float, seed: int) -> dict[str, int]:
    """Returns what was sent. Raises AssertionError when the console dies, stops answering or changes anything."""
    chance = random.Random(seed)
    sent = {"pieces": 0, "bytes": 0, "log-ins": 0}
    with tempfile.TemporaryDirectory() as folder, Cable() as cable, Console(Path(folder), cable) as console:
        end = time.monotonic() + seconds
        cable.until("Password:")
        while time.monotonic() < end:
            _enter(console, cable)
            sent["log-ins"] += 1
            for _ in range(chance.randrange(5, 40)):
                piece = bytes_of(chance)
                # Ctrl-D logs out; an idle console at the end of the round would be no test of the next piece.
                piece = piece.replace(b"\x04", b"")
                cable.type(piece)
                sent["pieces"] += 1
                sent["bytes"] += len(piece)
                assert console.child.poll() is None, console.log()
            cable.quiet(0.2)
            assert console.config.read_text() == FILE, "the settings have changed"
            assert "Traceback" not in console.log(), console.log()[-3000:]
    return sent


def _enter(console: Console, cable: Cable) -> None:
    """From wherever it is to a fresh prompt after log-in."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        # What noise counted as wrong passwords would make the right one wait.
        (console.folder / "data" / "console.json").unlink(missing_ok=True)
        try:
            Password(console.folder / "data").set(PASSWORD)
        except FileNotFoundError:
            continue  # the console, another process, was counting a wrong one in this instant
        cable.type("\x1b[201~\x07\x03\r")
        cable.quiet(0.3)
        tail = cable.seen[-400:].rstrip()
        if tail.endswith("Password:"):
            cable.type(f"{PASSWORD}\r")
            cable.quiet(0.5)
        elif tail.endswith("callsheet>"):
            return
        elif '{"' in tail:
            cable.type("exit\n")
    raise AssertionError(f"no prompt any more:\n{cable.seen[-2000:]}\n{console.log()[-2000:]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(fuzz(arguments.seconds, arguments.seed))
