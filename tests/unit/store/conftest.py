# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.store.samples import Phone


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Callable[[], Phone]]:
    """Opens the store of one data directory; calling it again closes it and opens it anew, as a restart does."""
    opened: list[Phone] = []

    def start() -> Phone:
        for old in opened:
            old.close()
        opened.append(Phone(tmp_path / "data"))
        return opened[-1]

    yield start
    for old in opened:
        old.close()
