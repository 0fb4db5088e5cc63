# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings under the names of older firmware: every released file is read, and written with today's names."""

import tomllib
from pathlib import Path

import pytest

from callsheet.formats import settings as settings_module
from callsheet.formats import settings_layers
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.settings_edit import catalogue
from callsheet.formats.settings_moves import MOVES, Move, moved, old_names, with_new_names
from callsheet.formats.settings_tolerant import tolerant

RELEASED = sorted((Path(__file__).parent / "released").glob("settings-*.toml"))
"""One file for each version of the firmware that changed a setting, never changed again."""
SOME = (
    Move("0.2.0", "sip.registrar", "sip.server"), Move("0.2.0", "sheet.lights", ""),
    Move("0.3.0", "dial.pause", "calls.pause"), Move("0.4.0", "calls.pause", "calls.gap"),
)
OLD = """# desk 7
[sip]
registrar = "pbx.example.com"  # the old one
user = "101"

[sheet]
lights = true

[dial]
pause = 3.0  # seconds
"""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """As firmware of a version with these moves."""
    for module in (settings_module, settings_layers):
        monkeypatch.setattr(module, "moved", lambda objects: moved(objects, SOME))


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_file_of_every_released_version_is_read(path: Path) -> None:
    text = path.read_text()
    assert isinstance(read_settings(text.encode()), Settings)
    objects, _ = moved(tomllib.loads(text))
    names = {f"{section}.{key}" for section, table in objects.items() for key in table}
    assert names <= set(catalogue()), "a setting that lost its name needs a Move"
    assert {f"{section}.{key}" for section, table in tomllib.loads(with_new_names(text)).items() for key in table} == names


def test_no_name_is_given_twice() -> None:
    assert RELEASED and not set(old_names()) & set(catalogue())
    assert all(not move.new or move.new in catalogue() or move.new in old_names() for move in MOVES)


@pytest.mark.usefixtures("later")
def test_an_older_file_is_read_as_it_is() -> None:
    settings = read_settings(OLD.encode())
    assert (settings.sip.server, settings.sip.user, settings.calls.gap) == ("pbx.example.com", "101", 3.0)
    assert settings_layers.set_in(OLD.encode()) == {
        "sip.server": "pbx.example.com", "sip.user": "101", "calls.gap": 3.0}
    assert tolerant(OLD.encode(), b'[sip]\nregistrar = "fleet.example.com"\n[dial]\npause = 9\n') == (settings, ())


@pytest.mark.usefixtures("later")
def test_what_is_wrong_in_it_is_named_as_it_stands_there() -> None:
    with pytest.raises(FormatError) as caught:
        read_settings(OLD.replace("pause = 3.0", "pause = -1").encode())
    assert (caught.value.line, caught.value.place) == (10, "dial.pause")
    with pytest.raises(FormatError) as caught:
        read_settings(OLD.replace("pbx.example.com", "pbx example com").encode())
    assert (caught.value.line, caught.value.place) == (3, "sip.registrar")
    settings, problems = tolerant(OLD.replace("pause = 3.0", "pause = -1").encode())
    assert settings.sip.server == "pbx.example.com" and len(problems) == 1


@pytest.mark.usefixtures("later")
def test_it_is_written_under_todays_names_with_its_comments() -> None:
    text = with_new_names(OLD, SOME)
    assert read_settings(text.encode()) == read_settings(OLD.encode())
    assert "# desk 7" in text and 'server = "pbx.example.com"  # the old one' in text and "gap = 3.0  # seconds" in text
    assert "dial" not in text and "lights" not in text
    assert with_new_names(text, SOME) == text


@pytest.mark.usefixtures("later")
def test_a_file_for_both_versions_is_one_for_either() -> None:
    both = OLD.replace("[sip]\n", '[sip]\nserver = "new.example.com"\n')
    assert read_settings(both.encode()).sip.server == "new.example.com"
    assert tomllib.loads(with_new_names(both, SOME))["sip"] == {"server": "new.example.com", "user": "101"}
    # Firmware from before the move does not know the new name: it leaves it out, names it, and works.
    before, problems = tolerant(b'[sip]\nserver = "pbx.example.com"\nserver_of_tomorrow = "new.example.com"\n')
    assert before.sip.server == "pbx.example.com" and "server_of_tomorrow" in problems[0]
