# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test: marks by folder, and no silent skips where all must run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Where a red run costs a day, chance plays the same game every time; elsewhere it goes on looking.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")

# Everything in these folders bears this mark: what makes calls, drives a browser or kills phones.
MARKS = {"sip": "sip", "e2e": "sip", "browser": "browser", "kill": "kill"}
# Reasons no package can cure: such a skip stands even where everything must run.
INCURABLE = ("no user namespaces",)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            top = item.path.relative_to(HERE).parts[0]
            if top in MARKS:
                item.add_marker(MARKS[top])


def _forbid_skip(report):
    """Turn a skip into a failure where CALLSHEET_REQUIRE_ALL=1 says that everything must run."""
    if os.environ.get("CALLSHEET_REQUIRE_ALL") != "1":
        return
    if report.skipped and not hasattr(report, "wasxfail"):
        why = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
        if why.removeprefix("Skipped: ").startswith(INCURABLE):
            return
        report.outcome = "failed"
        report.longrepr = f"must not be skipped (CALLSHEET_REQUIRE_ALL=1): {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    _forbid_skip(report)
    return report
