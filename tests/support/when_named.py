# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of tests that run only when somebody names them: an emulated processor wants the machine to itself."""

from __future__ import annotations

from pathlib import Path

import pytest


def ignored(here: Path, config: pytest.Config) -> bool | None:
    """For pytest_ignore_collect: True unless the command line names the folder `here`, or something in it."""
    named = [Path(str(word).split("::")[0]).absolute() for word in config.args]
    return None if any(path == here or here in path.parents for path in named) else True
