# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/test: what it plans, what it counts, and that no skip passes for success in CI."""

import os
import subprocess
import sys

import pytest

from bootstrap import debian, environment, say, stages, test_command
from bootstrap.paths import ROOT

TESTS = """
import pytest

def test_good(): pass

@pytest.mark.skip(reason="no peer")
def test_marked(): pass

def test_asks():
    pytest.importorskip("no_such_module_anywhere")

@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""


def _pytest(folder, **env):
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={folder}", str(folder)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSHEET", "PYTEST"))}
    return subprocess.run(command, text=True, capture_output=True, env={**kept, **env}, check=False)


def test_skips_are_fine_by_default(tmp_path):
    (tmp_path / "test_some.py").write_text(TESTS)
    reply = _pytest(tmp_path)
    assert reply.returncode == 0
    assert "1 passed, 2 skipped, 1 xfailed" in reply.stdout


def test_skips_fail_where_all_must_run(tmp_path):
    (tmp_path / "test_some.py").write_text(TESTS)
    reply = _pytest(tmp_path, CALLSHEET_REQUIRE_ALL="1")
    assert reply.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in reply.stdout
    assert "must not be skipped (CALLSHEET_REQUIRE_ALL=1): Skipped: no peer" in reply.stdout


def test_a_whole_module_cannot_skip_itself_either(tmp_path):
    (tmp_path / "test_some.py").write_text("import pytest\npytest.skip('no peer', allow_module_level=True)\n")
    assert _pytest(tmp_path).returncode == 5
    reply = _pytest(tmp_path, CALLSHEET_REQUIRE_ALL="1")
    assert reply.returncode not in (0, 5)
    assert "must not be skipped" in reply.stdout


def test_a_skip_that_no_package_could_cure_stands(tmp_path):
    text = "import pytest\ndef test_some(): pytest.skip('no user namespaces here')\n"
    (tmp_path / "test_some.py").write_text(text)
    reply = _pytest(tmp_path, CALLSHEET_REQUIRE_ALL="1")
    assert reply.returncode == 0
    assert "1 skipped" in reply.stdout


@pytest.mark.parametrize(
    "marks", [(), ("sip",), ("browser",), ("kill",), ("sip", "kill"), ("sip", "browser"), ("vm",), ("image",)]
)
def test_every_test_belongs_to_exactly_one_stage(marks):
    words = {name: name in marks for name in ("sip", "browser", "kill", "slow", "vm", "image", "nightly")}
    expressions = [stage.words[stage.words.index("-m") + 1] for stage in stages.FULL]
    assert sum(eval(expression, {}, words) for expression in expressions) == 1


def test_a_path_narrows_the_run_to_one_stage():
    (only,) = stages.plan(fast=False, extra=["tests/conftest.py::nothing", "-x"])
    assert only.words == ("tests/conftest.py::nothing", "-x")


def test_other_words_reach_every_pytest_stage():
    planned = stages.plan(fast=False, extra=["-k", "queue"])
    assert all(stage.words[-2:] == ("-k", "queue") for stage in planned if stage.is_pytest)
    assert all("-k" not in stage.words for stage in planned if not stage.is_pytest)
    assert all(stage.again for stage in planned if stage.is_pytest), "and what fails is still tried once more"


def test_counts_and_last_line(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>')
    totals = stages.Totals()
    totals.add_report(report)
    totals.add_report(report)
    assert totals.line(1.25) == "6 passed, 4 failed, 2 errors, 6 skipped in 1.2s"
    assert stages.Totals(passed=5).line(0.04) == "5 passed, 0 failed in 0.0s"


def test_a_failing_stage_is_named_and_an_empty_one_forgiven_only_if_lenient(tmp_path):
    check = stages.Stage("a check", ("-c", "raise SystemExit(1)"), is_pytest=False)
    empty = stages.Stage("empty", (str(tmp_path), "-q", "-c", os.devnull))
    assert stages.run([check], tmp_path, lenient=True).bad_stages == ["a check"]
    assert stages.run([empty], tmp_path, lenient=True).bad_stages == []
    assert stages.run([empty], tmp_path, lenient=False).bad_stages == ["empty"]


def test_what_failed_is_tried_once_more_alone_and_named(tmp_path):
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_some.py").write_text(
        "from pathlib import Path\n"
        "SEEN = Path(__file__).with_name('seen')\n"
        "def test_sound(): pass\n"
        "def test_unsteady():\n"
        "    before = SEEN.exists()\n"
        "    SEEN.touch()\n"
        "    assert before\n"
    )
    stage = stages.Stage("some", (str(tests), "-q", "-c", os.devnull), again=True)
    totals = stages.run([stage], tmp_path, lenient=False)
    assert (totals.passed, totals.failed, totals.bad_stages) == (2, 0, [])
    assert [name.split("::")[-1] for name in totals.unsteady] == ["test_unsteady"]
    assert totals.line(1.0) == "2 passed, 0 failed, 1 of them at the second try in 1.0s"


@pytest.mark.parametrize(("bad", "tried"), [(1, True), (stages.FORGIVABLE, True), (stages.FORGIVABLE + 1, False)])
def test_what_fails_again_or_in_numbers_stays_a_failure(tmp_path, capfd, bad, tried):
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_some.py").write_text("".join(f"def test_{n}(): assert False\n" for n in range(bad)))
    stage = stages.Stage("some", (str(tests), "-q", "-c", os.devnull), again=True)
    totals = stages.run([stage], tmp_path, lenient=False)
    assert (totals.passed, totals.failed, totals.unsteady, totals.bad_stages) == (0, bad, [], ["some"])
    assert ("once more, alone" in "".join(capfd.readouterr())) is tried


def test_missing_peers_are_named_and_forbidden_where_all_must_run(monkeypatch, capsys):
    monkeypatch.setattr(debian, "missing", lambda _: ["sip-tester"])
    monkeypatch.delenv("CALLSHEET_REQUIRE_ALL", raising=False)
    test_command.provide_peers(install=False)
    assert "not installed: sip-tester" in capsys.readouterr().err
    monkeypatch.setenv("CALLSHEET_REQUIRE_ALL", "1")
    with pytest.raises(say.Failed, match="sip-tester"):
        test_command.provide_peers(install=False)


def test_a_stop_gap_pjsua2_does_not_pass_for_the_real_one(monkeypatch, capsys):
    monkeypatch.delenv("CALLSHEET_REQUIRE_ALL", raising=False)
    published = environment.State(pjsua2="published")
    test_command.judge_pjsua2(published, fast=True)
    assert not capsys.readouterr().err
    test_command.judge_pjsua2(published, fast=False)
    assert "not our own build (published)" in capsys.readouterr().err
    monkeypatch.setenv("CALLSHEET_REQUIRE_ALL", "1")
    with pytest.raises(say.Failed):
        test_command.judge_pjsua2(published, fast=False)
