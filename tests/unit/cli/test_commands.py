# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands as their users meet them: exit status, one helpful line, and JSON that is always JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callsheet import __version__
from callsheet.cli.main import main
from callsheet.core.outcomes import TABLE, CallEnd, Outcome, Reason, explain
from callsheet.core.retry import DEFAULTS

DATA = Path(__file__).parents[2] / "data"
FIRMWARE = Path(__file__).parents[3] / "firmware"
JSON, CSV = str(DATA / "sheet-mixed.json"), str(DATA / "sheet-mixed.csv")
BAD = """number;name;prio
112;a;x
+49x;b;1
113;c;2
"""


def run(capsys, *arguments):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD)
    return str(path)


def test_version(capsys) -> None:
    assert run(capsys, "--version") == (0, f"callsheet {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "COMMAND"),
        (["shet"], "'shet'"),
        (["sheet"], "COMMAND"),
        (["sheet", "check"], "FILE"),
        (["sheet", "check", JSON, "--jsn"], "--jsn"),
        (["sheet", "check", "nowhere.json"], "nowhere.json: No such file"),
        (["sheet", "check", str(DATA)], "Is a directory"),
        (["sheet", "plan", JSON, "--at", "tomorrow"], "not a time"),
        (["sheet", "plan", JSON, "--at", "1890-01-01T00:00"], "year"),
        (["sheet", "plan", JSON, "--call-seconds", "nan"], "seconds"),
        (["sheet", "plan", JSON, "--limit", "-1"], "--limit"),
        (["explain"], "CODE"),
        (["explain", "99"], "final response"),
        (["explain", "180"], "final response"),
        (["explain", "busy"], "final response"),
        (["explain", "486", "--reason", "<>"], "Reason header"),
        (["explain", "486", "--cancelled", "me"], "--cancelled"),
        (["explain", "486", "--retry-after", "soon"], "seconds"),
        (["explain", "486", "--config", "nowhere.toml"], "nowhere.toml"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_usage_errors_are_one_line_and_status_2(capsys, arguments, part, as_json) -> None:
    status, out, err = run(capsys, *arguments, *(["--json"] if as_json else []))
    assert status == 2
    assert err.count("\n") == 1
    assert part in err
    assert err.startswith("callsheet")
    if as_json:
        assert json.loads(out)["error"]["reason"]
    else:
        assert out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["sheet", "--help"], ["sheet", "check", "--help"], ["explain", "-h"]])
def test_help(capsys, arguments) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, err) == (0, "")
    assert "usage: callsheet" in out


@pytest.mark.parametrize(("file", "tasks"), [(JSON, 7), (CSV, 5)])
def test_a_good_sheet(capsys, file, tasks) -> None:
    status, out, err = run(capsys, "sheet", "check", file, "--agent", "101")
    assert (status, err) == (0, "")
    assert f"tasks\t{tasks}\n" in out
    status, out, err = run(capsys, "sheet", "check", file, "--json")
    found = json.loads(out)
    assert (status, err, found["valid"], found["tasks"], found["agent"]) == (0, "", True, tasks, "101")
    assert (found["sheet"], found["revision"], found["problems"]) == ("2026-11-renewals", 3, [])


def test_a_sheet_for_another_agent(capsys) -> None:
    status, out, err = run(capsys, "sheet", "check", JSON, "--agent", "102")
    assert (status, out) == (1, "")
    assert 'for agent "101", not for "102"' in err
    status, out, _ = run(capsys, "sheet", "check", JSON, "--agent", "102", "--json")
    assert (status, json.loads(out)["valid"]) == (1, False)


def test_a_bad_sheet_names_every_bad_row(capsys, bad) -> None:
    status, out, err = run(capsys, "sheet", "check", bad)
    assert (status, out) == (1, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == ["line 2, column 7", "line 3, column 1"]
    status, out, err = run(capsys, "sheet", "check", bad, "--json")
    found = json.loads(out)
    assert (status, err, found["valid"], found["error"]["line"]) == (1, "", False, 2)
    assert [problem["line"] for problem in found["problems"]] == [3]


def test_bad_rows_may_be_left_out(capsys, bad) -> None:
    status, out, err = run(capsys, "sheet", "check", bad, "--skip-bad-rows")
    assert status == 0
    assert "tasks\t1\n" in out
    assert err.count("left out") == 2
    status, out, err = run(capsys, "sheet", "check", bad, "--skip-bad-rows", "--json")
    assert (status, err, len(json.loads(out)["problems"])) == (0, "", 2)


def test_explain_says_what_the_core_says(capsys) -> None:
    status, out, err = run(
        capsys, "explain", "486", "--reason", 'Q.850;cause=17;text="user busy"', "--phrase", "Busy Here", "--json"
    )
    found = json.loads(out)
    end = CallEnd(486, "Busy Here", (Reason("Q.850", 17, "user busy"),))
    assert (status, err) == (0, "")
    assert found["outcome"] == explain(end).outcome == "busy"
    assert found["end"]["reasons"] == [{"protocol": "Q.850", "cause": 17, "text": "user busy"}]
    assert found["policy"]["after"] == DEFAULTS[Outcome.BUSY].after
    assert found["policy"]["source"] == "default"
    assert found["decision"]["action"] == "retry"


@pytest.mark.parametrize(
    ("arguments", "outcome", "action"),
    [
        (["404", "--reason", "Q.850;cause=1"], "empty", "drop"),
        (["404"], "suspected-empty", "retry"),
        (["487", "--cancelled", "ring-timeout"], "no-answer", "retry"),
        (["487", "--cancelled", "agent"], "skipped", "ask"),
        (["408", "--local"], "our-fault", "pause"),
        (["603", "--retry-after", "60"], "declined", "retry"),
        (["603"], "declined", "drop"),
        (["200"], "answered", "ask"),
        (["699"], "failed-unknown", "retry"),
        (["487", "--cancelled", "ring-timeout", "--tone", "sit"], "suspected-empty", "retry"),
        (["500", "--reason", "SIP;cause=486", "--reason", "Q.850;cause=17"], "busy", "retry"),
    ],
)
def test_outcomes_and_what_follows(capsys, arguments, outcome, action) -> None:
    status, out, _ = run(capsys, "explain", *arguments, "--json")
    found = json.loads(out)
    assert (status, found["outcome"], found["decision"]["action"]) == (0, outcome, action)
    status, out, _ = run(capsys, "explain", *arguments)
    assert (status, out.splitlines()[0]) == (0, f"outcome\t{outcome}")


def test_every_status_of_the_table_can_be_explained(capsys) -> None:
    for code in sorted({code for row in TABLE for code in row.codes if code >= 200}):
        status, out, _ = run(capsys, "explain", str(code), "--json")
        assert (status, json.loads(out)["outcome"]) == (0, explain(CallEnd(code)).outcome)


def test_the_policy_of_a_sheet_and_of_settings(capsys, tmp_path) -> None:
    status, out, _ = run(capsys, "explain", "486", "--sheet", JSON, "--json")
    assert (status, json.loads(out)["policy"]["source"], json.loads(out)["decision"]["after"]) == (0, "sheet", 600)
    config = tmp_path / "phone.toml"
    config.write_text('[calls]\nretry.busy = {action = "drop"}\n')
    status, out, _ = run(capsys, "explain", "486", "--config", str(config), "--json")
    assert (status, json.loads(out)["policy"]["source"], json.loads(out)["decision"]["action"]) == (0, "settings", "drop")
    config.write_text("[calls]\ngapp = 1\n")
    status, out, err = run(capsys, "explain", "486", "--config", str(config))
    assert (status, out) == (1, "")
    assert 'did you mean "gap"?' in err


SHEET = """# agent: 101
# zone: Europe/Berlin
# order: priority
# gap: 10
# rules: {"hours": [{"days": ["tue"], "start": "09:00", "end": "10:00"}]}
id;number;name;priority;time zone;held;not before
low;+49301234001;Anna;;;;
high;+49301234002;Борис;5;;;
east;+81301234003;;9;Asia/Tokyo;;
later;+49301234004;;9;;;2026-11-24T09:30
held;+49301234005;;9;;asked for it;
short;112;;9;;;
"""


@pytest.fixture
def plan_of(tmp_path, capsys):
    path = tmp_path / "plan.csv"
    path.write_text(SHEET)

    def plan(*arguments):
        status, out, err = run(capsys, "sheet", "plan", str(path), *arguments)
        assert (status, err) == (0, "")
        return out

    return plan


def test_a_plan_says_when_and_why(plan_of) -> None:
    found = json.loads(plan_of("--at", "2026-11-24T09:00", "--call-seconds", "50", "--json"))
    assert [(item["position"], item["task"], item["at"]) for item in found["items"]] == [
        (1, "high", "2026-11-24T09:00:00+01:00"),
        (2, "low", "2026-11-24T09:01:00+01:00"),
        (3, "later", "2026-11-24T09:30:00+01:00"),
        (4, "east", "2026-12-01T01:00:00+01:00"),
    ]
    assert found["items"][2]["waited"]["kind"] == "not-before"
    assert found["items"][3]["waited"]["kind"] == "hours"
    assert {item["task"]: item["kind"] for item in found["blocked"]} == {"held": "held", "short": "number-refused"}
    assert found["sources"]["gap"] == {"value": 10.0, "source": "sheet"}
    assert found["sources"]["mode"]["source"] == "default"


def test_a_plan_with_the_phones_settings(plan_of, tmp_path) -> None:
    config = tmp_path / "phone.toml"
    config.write_text("[numbers]\nallow_emergency = true\nallow_short = true\n")
    found = json.loads(plan_of("--at", "2026-11-24T08:00:00Z", "--config", str(config), "--json", "--limit", "1"))
    assert [item["task"] for item in found["items"]] == ["short"]
    assert (found["calls"], len(found["blocked"])) == (5, 1)


def test_a_plan_as_text_is_one_line_to_a_call(plan_of) -> None:
    lines = plan_of("--at", "2026-11-24T09:00").splitlines()
    assert lines[0] == "1\t2026-11-24T09:00:00+01:00\thigh\t+49301234002\tБорис\t"
    assert lines[-1].startswith("blocked\t")
    assert len(lines) == 6
    assert plan_of()  # from now on


def test_a_plan_of_a_bad_sheet(capsys, bad) -> None:
    assert run(capsys, "sheet", "plan", bad)[0] == 1
    status, out, err = run(capsys, "sheet", "plan", bad, "--skip-bad-rows", "--json")
    assert (status, err, json.loads(out)["valid"]) == (0, "", True)


def test_standard_input_and_a_reader_that_leaves() -> None:
    command = [sys.executable, "-m", "callsheet.cli.main", "sheet", "check", "-"]
    environment = {**os.environ, "PYTHONPATH": str(FIRMWARE), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, input=Path(CSV).read_bytes(), capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"agent\t101" in done.stdout
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, input=Path(CSV).read_bytes(), stdout=writer, stderr=subprocess.PIPE, env=environment,
                          check=False)
    os.close(writer)
    assert done.stderr == b""


def test_the_phone_is_imported_only_when_it_runs() -> None:
    code = "import sys, callsheet.cli.main as m; m.main(['explain', '486']); print('callsheet.cli.phone' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.endswith("False\n")


def test_a_table_on_a_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    status, out, _ = run(capsys, "explain", "486")
    assert status == 0
    assert "│ outcome" in out


