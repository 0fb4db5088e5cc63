# SPDX-License-Identifier: GPL-3.0-or-later
"""The town as a process: how it is started, what it prints, how it ends."""

import itertools
import json
import re
import signal
import sys

import pytest

from tests.sip.peers.process import Process
from tests.unit.town.rawphone import Dialog, RawPhone


def start(folder, *arguments):
    return Process([sys.executable, "-u", "-m", "callsheet.simulator.town", *arguments], folder, "town")


def listening(process):
    process.wait_for(lambda: "listening" in process.output())
    host, port = re.search(r"^listening (\S+):(\d+)$", process.output(), re.MULTILINE).groups()
    return host, int(port)


def test_the_demo_serves_and_tells_its_totals(tmp_path):
    log = tmp_path / "town.jsonl"
    with start(tmp_path, "--log", str(log), "--fsync") as process:
        with RawPhone(listening(process)) as phone:
            dialog = Dialog(phone, "1002")
            dialog.invite()
            dialog.ack_failure(phone.wait(486))
            Dialog(phone, "1003").invite()
            phone.wait(180)
        process.child.send_signal(signal.SIGTERM)
        assert process.finish() == 0
        totals = json.loads(re.search(r"^totals (.*)$", process.output(), re.MULTILINE)[1])
    assert (totals["calls"], totals["by_code"], totals["open"]) == (2, {"486": 1, "503": 1}, 0)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert events[0]["event"] == "open"
    assert events[-1]["event"] == "close"
    assert [e["result"] for e in events if e["event"] == "end"] == ["rejected", "town-closed"]
    assert all(a["clock"] <= b["clock"] for a, b in itertools.pairwise(events))


def test_a_ledger_of_before_is_continued(tmp_path):
    log = tmp_path / "town.jsonl"
    for _ in range(2):
        with start(tmp_path, "--log", str(log)) as process:
            listening(process)
            process.child.send_signal(signal.SIGINT)
            assert process.finish() == 0
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()] == ["open", "close"] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", "absent.toml"), "absent.toml: cannot be read: No such file"),
        (("--listen", "127.0.0.1"), "no port in '127.0.0.1'; expected HOST:PORT"),
        (("--listen", "192.0.2.1:5060"), "cannot listen on 192.0.2.1:5060: Cannot assign requested address"),
        (("--log", "absent/town.jsonl"), "absent/town.jsonl"),
    ],
)
def test_bad_usage_says_so_and_ends_with_2(tmp_path, arguments, words):
    with start(tmp_path, *arguments) as process:
        assert process.finish() == 2
        assert words in process.output()
        assert "Traceback" not in process.output()
