# SPDX-License-Identifier: GPL-3.0-or-later
"""The session in the docs is what the console says."""

from tests.support import transcript


def test_the_session_in_the_docs_is_what_happens() -> None:
    assert transcript.page_with(transcript.session()) == transcript.PAGE.read_text(encoding="utf-8"), (
        "run scripts/make-console-page, and look at what has changed")
