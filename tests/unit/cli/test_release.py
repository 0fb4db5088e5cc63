# SPDX-License-Identifier: GPL-3.0-or-later
"""What `callsheet --version` says: on a card, of what its image was made."""

import pytest

from callsheet import __version__
from callsheet.adapters.release import described
from image.steps.release import Release


@pytest.mark.parametrize(("channel", "text"), [("release", "0a1b2c"), ("development", "0a1b2c, development")])
def test_it_says_what_the_image_wrote(tmp_path, channel, text):
    record = tmp_path / "release.json"
    record.write_text(Release(__version__, "0a1b2c", 1_700_000_000, channel).text)
    assert described(record) == f"{__version__} ({text})"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"commit": 1', "\x00"])
def test_a_record_that_is_none_does_not_matter(tmp_path, content):
    record = tmp_path / "release.json"
    assert described(record) == __version__
    record.write_text(content)
    assert described(record) == __version__
