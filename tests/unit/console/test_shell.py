# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands: what they answer to people and to scripts, and what they do to the settings file."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsheet.adapters.control import ControlServer
from callsheet.console.commands import COMMANDS
from callsheet.console.desk import Desk, Session
from callsheet.console.password import FREE_TRIES
from callsheet.console.reply import FAILED, OK, USAGE, Reply
from callsheet.console.shell import Shell
from callsheet.console.texts import en, zh
from callsheet.console.texts.settings_zh import SETTINGS as SETTINGS_ZH
from callsheet.formats.settings import read_settings
from callsheet.formats.settings_edit import catalogue
from tests.support.eventually import eventually

FILE = '# desk 7\n[phone]\nid = "desk-7"\n\n[sip]\nserver = "pbx.example.com"  # old\npassword = "sesame"\n'


class Asked:
    """What a phone was asked, and what it answers."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, name: str, more: dict[str, Any]) -> Any:
        self.questions.append((name, more))
        return {"restart": {"now": True}, "fetch": {"asked": True}, "log": [{"number": 1, "text": "a\x1b[2Jb"}]}[name]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "phone.toml").write_text(FILE)
    return Desk(tmp_path / "phone.toml")


@pytest.fixture
def shell(desk: Desk) -> Shell:
    return Shell(Session(desk))


@pytest.fixture
def phone(desk: Desk) -> Iterator[Asked]:
    desk.data.mkdir()
    asked = Asked()
    server = ControlServer(desk.data, asked)
    server.start()
    yield asked
    server.close()


def text(reply: Reply) -> str:
    return "\n".join(reply.lines)


def test_nothing_is_changed_before_apply(shell: Shell, desk: Desk) -> None:
    assert shell.run("set sip.server new.example.com").status == OK
    assert shell.run("set calls.gap 2").status == OK
    assert desk.text() == FILE
    assert text(shell.run("diff")) == (
        "calls.gap   5.0  ->  2.0\nsip.server  pbx.example.com  ->  new.example.com")


def test_apply_puts_the_changes_on_trial_and_has_the_phone_take_them(
    shell: Shell, desk: Desk, phone: Asked
) -> None:
    shell.run("set sip.server new.example.com")
    reply = shell.run("apply")
    assert reply.status == OK and reply.data["applied"] == ["sip.server"]
    assert desk.text() == FILE.replace("pbx", "new")
    assert phone.questions == [("restart", {"force": False})]
    assert 80 < (desk.files.left() or 0) <= 90
    assert shell.run("confirm").status == OK and desk.files.left() is None
    assert shell.run("confirm").status == FAILED
    assert shell.run("revert").status == OK and desk.text() == FILE


def test_apply_works_while_no_phone_runs(shell: Shell, desk: Desk) -> None:
    shell.run("unset sip.server")
    assert "takes them when it starts" in text(shell.run("apply keep"))
    assert desk.files.left() is None and desk.settings().sip.server == ""


def test_revert_drops_what_is_not_applied_first(shell: Shell, desk: Desk) -> None:
    shell.run("set calls.gap 2")
    assert "dropped" in text(shell.run("revert"))
    assert text(shell.run("diff")) == "nothing to apply"
    assert desk.text() == FILE


def test_two_consoles_do_not_overwrite_each_other(desk: Desk) -> None:
    one, other = Shell(Session(desk)), Shell(Session(desk))
    one.run("set calls.gap 1")
    other.run("set calls.gap 2")
    assert one.run("apply keep").status == OK
    reply = other.run("apply keep")
    assert reply.status == FAILED and "another console" in text(reply)
    assert desk.settings().calls.gap == 1.0


@pytest.mark.parametrize(("line", "status", "said"), [
    ("frobnicate", USAGE, "unknown command"),
    ("aply", USAGE, 'did you mean "apply"?'),
    ("set", USAGE, "set SETTING VALUE"),
    ("set sheet.uri x", FAILED, 'did you mean "sheet.url"?'),
    ("set sheet.poll soon", FAILED, "expected number, 5 to"),
    ("set sheet.poll 1", FAILED, "sheet.poll"),
    ("set sheet.url gopher://x", FAILED, "not a link this phone can use"),
    ("set sip.server not:a:host", FAILED, "not a host or host:port"),
    ('set phone.id "open', USAGE, "quotation mark"),
    ("show nothing", FAILED, "unknown setting"),
    ("unset", USAGE, "unset SETTING"),
    ("reboot", FAILED, "reboot yes"),
    ("factory-reset please", FAILED, "factory-reset yes"),
    ("reboot yes", FAILED, "not an appliance"),
    ("status", FAILED, "does not run"),
    ("certificate sheet", FAILED, "nothing was pasted"),
    ("certificate mail", USAGE, "certificate sheet | sip"),
    ("import", FAILED, "nothing was pasted"),
    ("import\n[sip]\nserver = 7\n", FAILED, "line 2: sip.server"),
    ("time yesterday", USAGE, "YYYY"),
    ("time 2026-11-24T09:00:00", FAILED, "offset"),
    ("x" * 5000, USAGE, "at most"),
])
def test_errors_say_what_was_expected(
    shell: Shell, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, status: int, said: str
) -> None:
    monkeypatch.setattr("callsheet.adapters.privileged.FOLDER", tmp_path)
    reply = shell.run(line)
    assert (reply.status, said in text(reply)) == (status, True), text(reply)
    assert reply.data["error"]
    assert desk.text() == FILE


def test_secrets_are_dots_everywhere(shell: Shell) -> None:
    shell.run("set sheet.url https://me:mellon@127.0.0.1:9/{mac}.json")
    shell.run("set sip.password mellon")
    said = "".join(text(shell.run(line)) for line in
                   ("show", "show all", "show sip", "show sip.password", "show sheet.url", "diff", "export", "network"))
    assert "mellon" not in said and "sesame" not in said and said.count("••••") >= 5
    assert "sesame" in text(shell.run("export --secrets"))


def test_a_link_is_tried_as_soon_as_it_is_set(shell: Shell) -> None:
    reply = shell.run("set sheet.url http://127.0.0.1:9/sheet.json")
    assert reply.status == OK and reply.data["tried"]["ok"] is False
    assert "tried, in vain: http://127.0.0.1:9/sheet.json: " in text(reply)


def test_a_settings_file_and_a_certificate_can_be_pasted(shell: Shell, desk: Desk) -> None:
    assert shell.asks_for_more("import") == shell.asks_for_more("certificate sip") == "."
    assert shell.asks_for_more("show") == ""
    reply = shell.run('import\n[calls]\ngap = 1\n')
    assert reply.data == {"differ": ["phone.id", "calls.gap", "sip.server", "sip.password"], "erased": ["sip.password"]}
    assert "apply erases it: sip.password" in text(reply)
    assert shell.run('import\n[calls]\ngap = 1\n[sip]\npassword = "new"\n').data["erased"] == []
    assert shell.run("apply keep").status == OK
    assert desk.settings().calls.gap == 1.0
    assert "no certificate" in text(shell.run("certificate sip\nhello\n"))


def test_what_the_log_says_cannot_steer_the_terminal(shell: Shell, phone: Asked) -> None:
    assert text(shell.run("log")) == "a\\x1b[2Jb"


NEWER = FILE + 'hologram = true\n\n[teleport]\ntarget = "moon"\n'


def test_settings_of_newer_firmware_hinder_nobody_and_stay_in_the_file(shell: Shell, desk: Desk) -> None:
    """As after an update that was taken back."""
    desk.config.write_text(NEWER)
    assert shell.run("show sip.server").data["value"] == "pbx.example.com"
    assert shell.run("set sip.server other.example.com").status == OK
    assert shell.run("agent 101").status == OK
    assert shell.run("set sheet.poll 1").status == FAILED
    assert shell.run("apply keep").status == OK
    assert desk.settings().sip.server == desk.usable().sip.server == "other.example.com"
    assert "hologram = true" in desk.text() and 'target = "moon"' in desk.text()
    # What is wrong anew is still refused, and what nobody needs can go.
    assert shell.run("import\n[teleport]\ntarget = 1\n[phone]\nidd = 1\n").status == FAILED
    assert {"sip.hologram", "teleport"} <= set(shell.complete("unset "))
    assert shell.run("unset sip.hologram").status == shell.run("unset teleport").status == OK
    assert shell.run("unset sip.hologram").status == FAILED
    assert shell.run("apply keep").status == OK
    assert desk.faults() == () and "hologram" not in desk.text()


def test_a_file_that_is_no_toml_is_named_and_can_be_replaced(shell: Shell, desk: Desk) -> None:
    desk.config.write_text("[sip\nserver=")
    for line in ("set sip.server a.example.com", "unset sip.server", "agent 101"):
        reply = shell.run(line)
        assert reply.status == FAILED and "line 1" in text(reply) and "import" in text(reply), reply
    assert shell.run("show").status == shell.run("diff").status == OK
    assert shell.run("import\n" + FILE).status == OK and shell.run("apply keep").status == OK
    assert desk.settings().sip.server == "pbx.example.com"


def test_the_log_of_a_phone_that_does_not_run_is_the_systems(
    shell: Shell, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    reply = shell.run("log")
    assert (reply.status, "does not run" in text(reply)) == (FAILED, True) and "log shows" not in text(reply)
    (tmp_path / "bin").mkdir()
    journal = tmp_path / "bin" / "journalctl"
    journal.write_text('#!/bin/sh\nprintf "%s\\n" "$*" "no \033[2Jdisplay"\n')
    journal.chmod(0o755)
    reply = shell.run("log 7")
    assert reply.status == OK and "--unit callsheet.service --lines 7" in reply.lines[0]
    assert reply.lines[1] == "no \\x1b[2Jdisplay"


def test_apply_wait_answers_when_the_trial_is_over(shell: Shell, desk: Desk, phone: Asked) -> None:
    shell.run("set sip.server new.example.com")
    done: list[Reply] = []
    waiting = threading.Thread(target=lambda: done.append(shell.run("apply wait")))
    waiting.start()
    eventually(lambda: desk.files.left() is not None)
    assert not done
    with desk.guard:
        desk.files.confirm()
    waiting.join()
    assert done[0].status == OK and "stay" in done[0].lines[-1]
    shell.run("set sip.server worse.example.com")
    waiting = threading.Thread(target=lambda: done.append(shell.run("apply wait now")))
    waiting.start()
    eventually(lambda: desk.files.left() is not None)
    with desk.guard:
        desk.files.revert()
    waiting.join()
    assert done[1].status == FAILED and "settings from before are back" in text(done[1])
    assert shell.run("apply keep wait").status == USAGE


def test_a_phone_that_takes_new_settings_is_waited_for(
    shell: Shell, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.restarted()
    came: list[ControlServer] = []

    def arrive(_: float) -> None:
        if not came:
            desk.data.mkdir()
            came.append(ControlServer(desk.data, Asked()))
            came[0].start()

    monkeypatch.setattr("callsheet.console.desk.sleep", arrive)
    assert shell.run("log").status == OK
    came[0].close()


def test_two_consoles_at_once_are_no_second_chance(desk: Desk) -> None:
    desk.password.set("correct horse")
    wrong: list[bool] = []
    tries = [threading.Thread(target=lambda: wrong.append(desk.password.check("guess"))) for _ in range(12)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert wrong == [False] * 12 and desk.password.wait() > 0
    failures = json.loads((desk.data / "console.json").read_text())["failures"]
    assert failures == FREE_TRIES


def test_help_fits_a_terminal(shell: Shell) -> None:
    for line in (*shell.run("help").lines, *shell.run("help apply").lines):
        assert len(line) < 80, line
    shell.run("set phone.language zh")
    shell.run("apply keep")
    lines = shell.run("help").lines
    assert any("试用" in line for line in lines)
    for line in lines:
        assert sum(2 if east_asian_width(one) in "WF" else 1 for one in line) < 80, line


def test_completion(shell: Shell) -> None:
    assert list(shell.complete("fac")) == ["factory-reset"]
    assert list(shell.complete("set sheet.ur")) == ["sheet.url"]
    assert list(shell.complete("set phone.language ")) == ["en", "zh"]
    assert {"sip", "simulator", "sip.server"} <= set(shell.complete("show si"))
    assert list(shell.complete("reboot ")) == []


def test_every_command_is_explained_in_both_languages() -> None:
    assert en.TEXTS.keys() == zh.TEXTS.keys()
    assert {f"help.{command.name}" for command in COMMANDS} <= en.TEXTS.keys()


def test_every_setting_is_explained_in_both_languages(desk: Desk) -> None:
    assert [name for name, one in catalogue().items() if not one.text] == []
    assert SETTINGS_ZH.keys() == catalogue().keys()
    (desk.config).write_text('[phone]\nlanguage = "zh"\n')
    assert "注册服务器" in text(Shell(Session(desk)).run("show sip.server"))


@given(st.text(max_size=60) | st.sampled_from([c.name for c in COMMANDS]).flatmap(
    lambda name: st.text(max_size=30).map(lambda more: f"{name} {more}")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_nothing_that_is_typed_breaks_the_shell_or_changes_the_file(desk: Desk, line: str) -> None:
    if line.split()[:1] in (["apply"], ["revert"], ["test"], ["password"]):
        return
    reply = Shell(Session(desk)).run(line)
    assert reply.status in (OK, FAILED, USAGE)
    assert "internal error" not in text(reply)
    assert desk.text() == FILE
    assert read_settings(desk.text().encode())
