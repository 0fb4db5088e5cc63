# SPDX-License-Identifier: GPL-3.0-or-later
"""Users made at the command line get into the page; no password is an argument."""

from __future__ import annotations

import io
import json

import pytest

from callsheet.cli.manager import run
from callsheet.manager.opened import open_manager
from tests.manager.web.page_server import Visit, serving


@pytest.fixture
def office(tmp_path, capsys):
    """Runs a command in a manager's folder; gives status, output and complaints."""
    assert run(["init", "--folder", str(tmp_path)]) == 0
    capsys.readouterr()

    def command(*words):
        status = run([*words, "--folder", str(tmp_path)])
        said = capsys.readouterr()
        return status, said.out, said.err

    command.folder = tmp_path
    return command


def test_a_password_that_was_made_opens_the_page_until_another_is_made(office):
    status, out, _ = office("user", "add", "mia", "--generate", "--json")
    password = json.loads(out)["password"]
    assert status == 0 and len(password) >= 16
    manager = open_manager(office.folder)
    try:
        with serving(manager.database, manager.settings) as url:
            visit = Visit(url)
            assert visit.sign_in("mia", password).status_code == 200
            office("user", "password", "mia", "--generate")
            assert visit.get("/lists").status_code == 303
            assert Visit(url).sign_in("mia", password).status_code == 403
    finally:
        manager.database.close()


def test_a_password_is_read_from_standard_input_and_never_shown(office, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    status, out, err = office("user", "add", "nora", "--role", "viewer", "--stdin")
    assert (status, err) == (0, "") and "correct" not in out
    assert json.loads(office("user", "list", "--json")[1])[0]["role"] == "viewer"


@pytest.mark.parametrize(("words", "said"), [
    (("user", "add", "mia", "--generate"), "already"), (("user", "role", "nobody", "viewer"), "no user nobody"),
    (("user", "role", "mia", "viewer"), "another manager first"), (("user", "disable", "mia"), "another manager first"),
    (("user", "add", "a b", "--generate"), "letters, digits"),
])
def test_what_cannot_be_is_said_and_changes_nothing(office, words, said):
    office("user", "add", "mia", "--generate")
    before = office("user", "list", "--json")
    status, _, err = office(*words)
    assert status == 1 and said in err
    assert office("user", "list", "--json") == before


def test_a_short_password_is_refused(office, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "10 to 256" in office("user", "add", "mia", "--stdin")[2]
