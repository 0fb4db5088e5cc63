# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's commands as managers meet them: what they print, how they fail, and JSON that is always JSON."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli import manager as commands
from callsheet.cli.main import main
from callsheet.cli.manager.common import FOLDER
from callsheet.manager.importer.source import open_source
from callsheet.manager.settings import FILE_NAME
from tests.manager.importer.books import xlsx
from tests.manager.postgres import PASSWORD

FIRMWARE = Path(__file__).parents[2] / "firmware"
ROWS = [["Kunden 2026"], ["Telefon", "姓名", "Ort"], ["030 5550101", "王小明", "Köln"], [305550102.0, "Jürgen", "=1+1"],
        ["112", "Notfall", ""], ["030 5550101", "noch einmal", ""]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def do(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main(["manager", *map(str, arguments)])
        except SystemExit as end:
            status = int(str(end.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return do


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path, capsys: pytest.CaptureFixture[str],
) -> Path:
    """A manager with two agents."""
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / FILE_NAME).write_text('[import]\ncountry = "DE"\n')
    shutil.copy(sqlite_template, folder / "callsheet.db")
    monkeypatch.setenv(FOLDER, str(folder))
    for id in ("101", "102"):
        assert main(["manager", "agent", "add", id]) == 0
    (tmp_path / "clients.xlsx").write_bytes(xlsx(ROWS))
    capsys.readouterr()
    return tmp_path


def parsed(output: str) -> Any:
    return json.loads(output)


def test_five_commands_from_a_spreadsheet_to_calls(run: Run, tmp_path: Path) -> None:
    (tmp_path / "clients.xlsx").write_bytes(xlsx(ROWS))
    home = ("--folder", tmp_path / "office")
    assert run("init", *home, "--country", "DE")[0] == 0
    assert run("agent", "add", "101", *home, "--random-pin")[0] == 0
    assert run("list", "create", "renewals", *home, "--rules", "fr")[0] == 0
    status, out, err = run("import", tmp_path / "clients.xlsx", *home, "--list", "renewals", "--agents", "101")
    assert (status, err) == (0, "")
    assert "2 of 4 rows were taken into list renewals" in out and "Dealt to 101: 2" in out
    assert "such as row 5: an emergency number" in out and "such as row 6: the same number as in row 3" in out
    assert "1  without the leading 0" in out
    left = open_source("x", (tmp_path / "clients.rejected.xlsx").read_bytes())
    assert [row.cells[0] for row in left.rows()] == ["Telefon", "112", "030 5550101"]
    _, out, _ = run("list", "show", *home)
    assert out.split("\t")[:4] == ["renewals", "renewals", "open", "2"]


def test_init_twice_and_on_postgresql(run: Run, tmp_path: Path, postgres) -> None:
    postgres.execute("CREATE DATABASE cli_init")
    url = postgres.url("cli_init")
    for made in (True, False):
        status, out, _ = run("init", "--folder", tmp_path, "--database", url, "--json")
        assert status == 0 and parsed(out)["made"] is made and PASSWORD not in out
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert run("agent", "list", "--folder", tmp_path, "--json") == (0, "[]\n", "")


def test_a_dry_run_shows_columns_and_rows_and_writes_nothing(run: Run, office: Path) -> None:
    before = sorted(path.name for path in office.iterdir())
    status, out, _ = run("import", office / "clients.xlsx", "--list", "l", "--map", "Ort=region", "--dry-run")
    assert status == 0
    assert "Telefon\tnumber\tby what is in it\t030 5550101" in out and "Ort\tregion\tas you said\tKöln" in out
    assert "3\t+49305550101\t王小明\tEurope/Berlin" in out and "5\t–\t\t\tan emergency number" in out
    assert "2 of 4 rows would be taken" in out
    assert sorted(path.name for path in office.iterdir()) == before
    assert parsed(run("list", "show", "--json")[1]) == []


def test_csv_in_a_code_page(run: Run, office: Path) -> None:
    (office / "a.csv").write_bytes("Telefon;Name\n030 5550101;Müller\n".encode("windows-1252"))
    status, out, _ = run("import", office / "a.csv", "--list", "l")
    assert status == 0 and 'a.csv: CSV in windows-1252, separated by ";"' in out and "Müller" in out
    assert "They wait for agents: callsheet manager assign --list l --agents all" in out
    assert run("assign", "--list", "l", "--agents", "102") == (0, "102: 1\n", "")
    assert run("assign", "--list", "l")[1] == "Every call has an agent already.\n"


def test_json_of_an_import(run: Run, office: Path) -> None:
    status, out, err = run("import", office / "clients.xlsx", "--list", "l", "--agents", "all", "--rejects",
                           office / "left.csv", "--json")
    found = parsed(out)
    assert (status, err) == (0, "")
    assert found["report"]["assigned"] == {"101": 1, "102": 1} and found["rejects_file"].endswith("left.csv")
    assert [one["row"] for one in found["rejected"]] == [5, 6] and found["columns"][0]["why"] == "content"
    assert found["file"]["sheet"] == "Sheet1"


def test_nothing_taken_in_is_status_1(run: Run, office: Path) -> None:
    (office / "a.csv").write_text("number\n112\n")
    assert run("import", office / "a.csv", "--list", "l")[0] == 1


def test_a_list_from_its_making_to_its_end(run: Run, office: Path) -> None:
    (office / "list.toml").write_text('mode = "progressive"\nrules = "us"\n')
    assert run("list", "create", "l", "--title", "续约", "--header", office / "list.toml", "--priority", "3") == (
        0, "list l: made\n", "")
    found = parsed(run("list", "show", "l", "--json")[1])
    assert (found["title"], found["priority"], found["header"]["mode"]) == ("续约", 3, "progressive")
    assert run("import", office / "clients.xlsx", "--list", "l", "--agents", "101")[0] == 0
    assert run("list", "stop", "l", "--reason", "wrong price")[0] == 0
    assert "stopped: wrong price" in run("list", "show")[1]
    assert run("urgent", "030 5550109", "--agent", "101", "--list", "l")[0] == 1
    assert run("list", "resume", "l")[0] == 0
    status, out, _ = run("urgent", "030 5550109", "--agent", "101", "--list", "l", "--json")
    assert status == 0 and parsed(out)["zone"] == "Europe/Berlin"
    assert run("list", "set", "l", "--rules", "fr")[0] == 0
    assert parsed(run("list", "show", "l", "--json")[1])["header"]["rules"]["block_after_refusal"] == 5184000.0
    assert "kept until" in run("list", "close", "l", "--keep-days", "30")[1]
    assert run("import", office / "clients.xlsx", "--list", "l")[0] == 1
    assert run("purge")[1].startswith("0 lists")


def test_agents(run: Run, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, out, _ = run("agent", "add", "103", "--name", "Ann Lee", "--random-pin", "--json")
    assert re.fullmatch(r"\d{6}", parsed(out)["pin"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("4711\n"))
    assert run("agent", "pin", "101") == (0, "agent 101: has a new PIN\n", "")
    assert run("agent", "set", "101", "--languages", "de,en", "--regions", "", "--capacity", "20", "--active", "no")[0] == 0
    rows = parsed(run("agent", "list", "--json")[1])
    assert rows[0] == {"id": "101", "name": "", "has_pin": True, "languages": ["de", "en"], "regions": [],
                       "capacity": 20, "active": False, "unfinished": 0}
    assert run("import", office / "clients.xlsx", "--list", "l", "--agents", "101")[0] == 1
    assert run("import", office / "clients.xlsx", "--list", "l", "--agents", "104", "--create-agents")[0] == 0


def test_do_not_call(run: Run, office: Path) -> None:
    assert run("import", office / "clients.xlsx", "--list", "l")[0] == 0
    assert run("dnc", "add", "030 5550101", "--reason", "letter") == (0, "1 added\n", "")
    assert parsed(run("list", "show", "l", "--json")[1])["finished"] == 1
    (office / "dnc.csv").write_text("number\n030 5550102\n030 5550101\nx\n")
    assert run("dnc", "import", office / "dnc.csv")[1] == (
        "3 rows: 1 added, 1 on it already, 1 without a number\n       1  not a telephone number\n")
    assert parsed(run("dnc", "list", "--json")[1])["total"] == 2
    assert run("dnc", "export", office / "out.xlsx")[0] == 0
    assert run("dnc", "remove", "+49305550101")[1] == "1 removed\n"
    assert run("dnc", "remove", "+49305550101")[0] == 1
    assert parsed(run("list", "show", "l", "--json")[1])["finished"] == 1


def test_backup_and_restore(run: Run, office: Path) -> None:
    assert run("import", office / "clients.xlsx", "--list", "l")[0] == 0
    assert run("backup", office / "b.tar.gz")[0] == 0
    assert run("restore", office / "b.tar.gz", "--folder", office / "again")[0] == 0
    assert parsed(run("list", "show", "l", "--json", "--folder", office / "again")[1])["tasks"] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "COMMAND"), (["improt"], 2, "invalid choice"), (["import"], 2, "FILE"),
        (["import", "nowhere.xlsx", "--list", "l"], 1, "nowhere.xlsx: No such file"),
        (["import", "{office}", "--list", "l"], 1, "Is a directory"),
        (["import", "{file}", "--list", "l", "--agents", "404"], 1, 'no agent "404"'),
        (["import", "{file}", "--list", "l", "--map", "Ort"], 1, "not a column and a field"),
        (["import", "{file}", "--list", "l", "--map", "Otr=region"], 1, 'did you mean "Ort"'),
        (["import", "{file}", "--list", "l", "--map", "Ort=regoin"], 1, 'did you mean "region"'),
        (["import", "{file}", "--list", "l", "--assign", "luck"], 1, "known: round-robin"),
        (["import", "{file}", "--list", "l", "--country", "Germany"], 1, "unknown country"),
        (["import", "{file}", "--list", "l", "--zone", "Berlin"], 1, "unknown time zone"),
        (["import", "{file}", "--list", "l", "--sheet", "Nope"], 1, "Sheet1"),
        (["import", "{file}", "--list", "", "--agents", "101"], 1, "list: is empty"),
        (["import", "{file}", "--list", "l", "--rejects", "x.pdf"], 1, ".csv or .xlsx"),
        (["import", "{file}", "--list", "l", "--recent-days", "-1"], 1, "between 0 and 3650"),
        (["assign", "--list", "nope"], 1, "no list"), (["agent", "add", "x"], 1, "digits"),
        (["agent", "add", "101"], 1, "already"), (["agent", "set", "9"], 1, "no agent"),
        (["agent", "set", "101", "--capacity", "many"], 1, "whole number"), (["list", "stop", "x"], 1, "no list"),
        (["list", "create", "l", "--rules", "xx"], 1, "known: us"), (["dnc", "add", "x"], 1, "not a telephone"),
        (["dnc", "export", "a.pdf"], 1, ".csv or .xlsx"), (["restore", "nowhere"], 1, "No such file"),
        (["backup", "/nowhere/at/all/b"], 1, "No such file"), (["urgent", "112", "--agent", "101", "--list", "l"], 1, "no list"),
    ],
)
def test_what_cannot_be_done_says_so_in_one_line(run: Run, office: Path, arguments: list[str], status: int, said: str) -> None:
    words = [one.format(office=office, file=office / "clients.xlsx") for one in arguments]
    found, _, err = run(*words)
    assert found == status and said in err and err.count("\n") == 1 and err.startswith("callsheet manager")
    assert parsed(run("list", "show", "--json")[1]) == []
    found, out, err = run(*words, "--json")
    assert found == status and parsed(out)["error"]["reason"]


def test_no_manager_here(run: Run, tmp_path: Path) -> None:
    status, _, err = run("agent", "list", "--folder", tmp_path)
    assert status == 1 and "callsheet manager init" in err
    (tmp_path / FILE_NAME).write_text('[import]\ncontry = "DE"\n')
    _, _, err = run("agent", "list", "--folder", tmp_path)
    assert f"{tmp_path / FILE_NAME}: line 2" in err and 'did you mean "country"' in err


def help_pages(home: str = "") -> list[list[str]]:
    """Words of every command, of all modules or of one."""
    found: list[list[str]] = []

    def walk(parser, path: list[str]) -> None:
        kinds = next((a for a in parser._actions if a.__class__.__name__ == "_SubParsersAction"), None)
        if kinds is None:
            found.append(path)
            return
        for name, one in kinds.choices.items():
            walk(one, [*path, name])

    command = next((name for name, module in commands.HOMES.items() if module == home), "")
    walk(commands._parser(command), [])
    return found


@pytest.mark.parametrize("path", help_pages(), ids=" ".join)
def test_every_command_has_help_with_an_example(run: Run, path: list[str]) -> None:
    status, out, _ = run(*path, "--help")
    assert status == 0 and f"callsheet manager {' '.join(path)}" in out and "--json" in out and "--folder" in out
    assert "example:" in out


def test_every_command_is_in_the_module_it_is_looked_for_in() -> None:
    found = {path[0]: home for home in set(commands.HOMES.values()) for path in help_pages(home)}
    assert found == commands.HOMES and {path[0] for path in help_pages()} == set(found)


def test_on_a_terminal_there_are_tables_and_a_bar(office: Path) -> None:
    (office / "many.csv").write_text("number;姓名\n" + "".join(f"030 {5550000 + n};王小明\n" for n in range(2500)))
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "callsheet", "manager", "import", office / "many.csv", "--list", "l"],
        stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True,
        env={**os.environ, "PYTHONPATH": str(FIRMWARE), "TERM": "xterm", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )
    os.close(terminal)
    seen = b""
    try:
        while chunk := os.read(controller, 65536):
            seen += chunk
    except OSError:
        pass  # Linux says EIO when the other side is gone
    assert process.wait(60) == 0
    os.close(controller)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert re.search(r"Reading .*\d+/\d+", text) and "┃ Column" in text and "王小明" in text
    assert "2500 of 2500 rows were taken" in text
