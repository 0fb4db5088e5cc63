# SPDX-License-Identifier: GPL-3.0-or-later
"""`callsheet phone`, with every screen read out: one line `screen {JSON}` on standard output for each.

    python -m tests.support.spoken_phone --config FILE

The same command, the same parts; only somebody more reads what the display says.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from callsheet.cli import phone as command
from callsheet.core.screen import Screen
from callsheet.formats.settings import Settings
from callsheet.phone.build import Built


def _read_out(screen: Screen) -> None:
    sys.stdout.write(f"screen {msgspec.json.encode(screen).decode()}\n")
    sys.stdout.flush()


def main(argv: list[str]) -> int:
    """Run the phone until SIGINT or SIGTERM."""
    build = command.build

    def spoken(settings: Settings, folder: Path) -> Built:
        built = build(settings, folder)
        built.phone.read_aloud(_read_out)
        return built

    command.build = spoken
    return command.run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
