# SPDX-License-Identifier: GPL-3.0-or-later
"""When .venv is left alone, when it is not; which Python is chosen; what the locks promise."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap import environment, pythons, reexec
from bootstrap.environment import State, Wish
from bootstrap.paths import PYPI_PJSUA2_LOCK, ROOT, RUNTIME_LOCK, TEST_LOCK, cache_dir
from bootstrap.pythons import Python

LOCKS = (RUNTIME_LOCK, TEST_LOCK, PYPI_PJSUA2_LOCK)


@pytest.fixture
def own():
    return State(
        root=str(ROOT),
        runtime=environment.runtime_hash(),
        test=environment.test_hash(),
        pjsua2="own",
        recipe=environment.current_recipe(),
    )


def test_a_complete_environment_satisfies_every_wish(own):
    for wish in (Wish(), Wish(test=True), Wish(fast=True), Wish(pjsua2=False)):
        assert environment.packages_ready(own, wish)
        assert environment.pjsua2_ready(own, wish)


def test_changed_locks_are_noticed(own):
    assert not environment.packages_ready(replace(own, runtime="old"), Wish())
    assert not environment.packages_ready(replace(own, test="old"), Wish(test=True))
    assert environment.packages_ready(replace(own, test="old"), Wish()), "tests were not asked for"


def test_published_wheel_is_good_enough_only_when_in_a_hurry(own):
    published = replace(own, pjsua2="published", recipe="")
    assert environment.pjsua2_ready(published, Wish(fast=True))
    assert not environment.pjsua2_ready(published, Wish())
    assert not environment.pjsua2_ready(replace(own, pjsua2="none"), Wish(fast=True))


def test_own_wheel_of_an_older_recipe_is_rebuilt_but_not_in_a_hurry(own):
    old = replace(own, recipe="old")
    assert not environment.pjsua2_ready(old, Wish())
    assert environment.pjsua2_ready(old, Wish(fast=True))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', '{"root": "/elsewhere"}'])
def test_unreadable_or_foreign_state_counts_as_nothing(tmp_path, monkeypatch, content):
    state = tmp_path / "callsheet.json"
    state.write_text(content)
    monkeypatch.setattr(environment, "STATE", state)
    assert environment.load() == State()


def test_state_round_trips(tmp_path, monkeypatch, own):
    monkeypatch.setattr(environment, "STATE", tmp_path / "callsheet.json")
    environment.store(own)
    assert environment.load() == own


def _python(minor, *, can_venv=True):
    return Python(Path(f"/usr/bin/python3.{minor}"), (3, minor, 1), can_venv)


def test_the_users_own_python_is_taken_unless_it_cannot_make_environments():
    new, old = _python(13), _python(12)
    assert pythons.choose([new, old], published_first=False) == new
    assert pythons.choose([_python(13, can_venv=False), old], published_first=False) == old
    assert pythons.choose([], published_first=False) is None


def test_in_a_hurry_a_python_with_a_published_wheel_comes_first():
    new, old = _python(13), _python(12)
    assert pythons.choose([new, old], published_first=True) == old
    assert pythons.choose([new], published_first=True) == new


def test_supported_pythons_agree_with_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    classified = re.findall(r"Python :: 3\.(\d+)", " ".join(project["classifiers"]))
    assert [minor for minor in range(30) if reexec.supported((3, minor, 0))] == sorted(map(int, classified))
    assert project["requires-python"] == ">={}.{}".format(*reexec.OLDEST)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_every_package_by_hash_and_name_no_host(lock):
    rows = lock.read_text().replace("\\\n", " ").splitlines()
    rows = [row for row in rows if row and not row.startswith("#")]
    assert rows
    for row in rows:
        assert re.match(r"^[a-z0-9.-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+$", row), row[:80]
    assert "://" not in lock.read_text()


def _names(lock):
    return set(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_locks_hold_what_the_project_asks_for_and_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = {
        RUNTIME_LOCK: project["dependencies"] + extras["simulator"],
        TEST_LOCK: project["dependencies"] + extras["simulator"] + extras["test"],
    }
    for lock, words in asked.items():
        wanted = {re.sub(r"[._]", "-", re.match(r"[\w.-]+", word)[0].lower()) for word in words}
        assert wanted <= {name for name, _ in _names(lock)}, "run scripts/lock"
    assert _names(RUNTIME_LOCK) <= _names(TEST_LOCK)


def test_cache_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("CALLSHEET_CACHE", raising=False)
    assert cache_dir() == tmp_path / "xdg" / "callsheet"
    monkeypatch.setenv("CALLSHEET_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"
