# SPDX-License-Identifier: GPL-3.0-or-later
"""The town's file: what it may say, and how mistakes in it are named."""

import re

import pytest

from callsheet.simulator.town import Behaviour, TownConfigError, demo_path, load_config, parse_config
from callsheet.simulator.town.behaviours import Directory, chance, draw, own_hz


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("seed = 1", "seed", "expected `str`"),
        ("colour = 1", "top level", "unknown key `colour`"),
        ("seed = \n", "not TOML", "line 1"),
        ("behaviours = 1", "behaviours", "expected tables"),
        ("[behaviours.busy]\nring = 'soon'", "behaviours.busy.ring", "Invalid"),
        ("[behaviours.busy]\nring = -1", "behaviours.busy.ring", ">= 0"),
        ("[behaviours.busy]\nring = [3, 1]", "behaviours.busy.ring", "[least, most]"),
        ("[behaviours.busy]\nring = [1, 2, 3]", "behaviours.busy.ring", "[least, most]"),
        ("[behaviours.busy]\nstatus = 99", "behaviours.busy.status", ">= 200"),
        ("[behaviours.busy]\nringing = 50", "behaviours.busy.ringing", "101-199"),
        ("[behaviours.busy]\nshare = -1", "behaviours.busy.share", ">= 0"),
        ("[behaviours.busy]\nlater = 1", "behaviours.busy", "unknown key `later`"),
        ("[behaviours.x]\nearly = 'sirens'", "behaviours.x.early", "no sound 'sirens'; known: silence, sit"),
        ("[behaviours.x]\nsequence = ['busy', 'nap']", "behaviours.x.sequence", "no behaviour 'nap'"),
        ("[behaviours.x]\nsequence = ['busy-then-answer']", "behaviours.x.sequence", "itself a sequence"),
        ("[behaviours.x]\nscript = [{ after = 1, do = 'jump' }]", "behaviours.x.script[0].do", "Invalid"),
        (
            "[behaviours.x]\nscript = [{ after = 1, do = 'dtmf' }]",
            "behaviours.x.script[0].digits",
            "expected keys",
        ),
        ("[behaviours.x]\nheaders = { 'Bad Name' = 'x' }", "behaviours.x.headers.Bad Name", "header name"),
        ('[behaviours.x]\nreason = ["a\\r\\nEvil: 1"]', "behaviours.x.headers.reason", "one line"),
        ("[behaviours.x]\non_cancel = 'shrug'", "behaviours.x.on_cancel", "Invalid"),
        ("[numbers]\n'1' = 'nap'", "numbers.1", "no behaviour 'nap'"),
        ("default = 'nap'", "default", "no behaviour 'nap'"),
        ("codecs = ['G729']", "codecs[0]", "Invalid"),
        ("codecs = []", "codecs", "at least one"),
        ("[registrar]\nexpires = 0", "registrar.expires", ">= 1"),
        ("[registrar.users]\n101 = 5", "registrar.users", "expected `str`"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path, text, key, why):
    file = tmp_path / "town.toml"
    file.write_text(text)
    with pytest.raises(TownConfigError) as caught:
        load_config(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: {key}")
    assert why in message
    assert "\n" not in message


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(TownConfigError, match=r"absent\.toml: cannot be read: No such file"):
        load_config(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b'seed = "\xe9"')
    with pytest.raises(TownConfigError, match=r"latin\.toml: is not UTF-8 at byte 8"):
        load_config(tmp_path / "latin.toml")


def test_a_known_name_changes_only_the_keys_it_gives():
    config = parse_config("[behaviours.unallocated]\nshare = 3\nring = 1")
    behaviour = config.behaviours["unallocated"]
    assert (behaviour.share, behaviour.ring, behaviour.status, behaviour.ringing) == (3, 1, 404, 0)
    assert behaviour.reason[0].startswith("Q.850;cause=1;")


def test_the_demo_has_the_promised_mix():
    directory = Directory(load_config(demo_path()))
    numbers = [f"+8613{n:09d}" for n in range(4000)]
    met = [directory.name_of(number) for number in numbers]
    shares = {
        "answer": 45,
        "busy-then-answer": 15,
        "unallocated": 5,
        "nowhere": 3,
        "declines": 5,
        "hangs-up-first": 5,
    }
    for name, share in shares.items():
        assert met.count(name) / 40 == pytest.approx(share, abs=2.5)


def test_assignment_depends_on_number_and_seed_alone():
    numbers = [f"{n}" for n in range(200)]
    text = "[behaviours.busy]\nshare = 1\n[behaviours.answer]\nshare = 1\n"
    one, again = (Directory(parse_config(text)) for _ in range(2))
    other = Directory(parse_config("seed = 'other'\n" + text))
    names = [one.name_of(n) for n in numbers]
    assert names == [again.name_of(n) for n in reversed(numbers)][::-1]
    assert names != [other.name_of(n) for n in numbers]


def test_exact_numbers_before_patterns_before_names_before_shares():
    config = parse_config(
        "default = 'gone'\n[numbers]\n'86*' = 'busy'\n'8610' = 'declines'\n'8?' = 'nowhere'"
    )
    directory = Directory(config)
    assert [directory.name_of(n) for n in ("8610", "8611", "85", "rings-out", "7")] == [
        "declines",
        "busy",
        "nowhere",
        "rings-out",
        "gone",
    ]


def test_sequences_go_by_attempt_and_stay_at_their_last():
    directory = Directory(parse_config("[numbers]\n1 = 'busy-then-answer'"))
    assert [directory.pick("1", attempt)[0] for attempt in (1, 2, 3)] == ["busy", "answer", "answer"]


def test_numbers_can_be_given_another_behaviour_while_the_town_lives():
    directory = Directory(parse_config(""))
    directory.assign("5", Behaviour(status=603, share=9))
    assert directory.pick("5", 1)[1].status == 603
    assert directory.name_of("hangsupfirst") == "hangs-up-first"
    assert directory.name_of("6") == "answer"
    with pytest.raises(KeyError):
        directory.assign("5", "nap")


def test_dice_are_the_same_at_every_run():
    throws = [draw((0.5, 3.0), chance("s", "1", 1)) for _ in range(2)]
    assert throws[0] == throws[1]
    assert 0.5 <= throws[0] <= 3.0
    assert draw(0.25, chance("s", "1", 1)) == 0.25
    assert draw((0.5, 3.0), chance("s", "1", 2)) != throws[0]


def test_own_frequencies_spread():
    voices = {own_hz(str(n)) for n in range(500)}
    assert min(voices) >= 500
    assert max(voices) <= 1490
    assert len(voices) > 90


def test_the_example_of_the_readme_is_right():
    readme = demo_path().with_name("README.md").read_text(encoding="utf-8")
    config = parse_config(re.search(r"```toml\n(.*?)```", readme, re.DOTALL)[1])
    assert Directory(config).pick("+864001", 1)[1].early == "announcement"
    assert sum(b.share for b in config.behaviours.values()) == 100
