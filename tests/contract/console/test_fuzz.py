# SPDX-License-Identifier: GPL-3.0-or-later
"""A short round of hostile bytes; `python -m tests.contract.console.fuzz` goes on for longer."""

from tests.contract.console.fuzz import fuzz


def test_hostile_bytes_neither_kill_the_console_nor_change_anything() -> None:
    sent = fuzz(15.0, seed=11)
    assert sent["pieces"] > 20 and sent["log-ins"] >= 1
