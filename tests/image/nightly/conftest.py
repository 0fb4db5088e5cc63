# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes an hour runs only when it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import when_named

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return when_named.ignored(HERE, config)
