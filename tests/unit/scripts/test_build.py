# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged about a build without building: the key, the proofs, the packages, the words."""

import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import build, build_command, cross, debian, recipe, say, trial

PYTHON = Path(sys.executable)
GOOD_LOG = "\n".join(recipe.CONFIGURE_PROOF.values())
FACTS = {
    "version": "2.17",
    "codecs": ["PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "opus/48000/2"],
    "transports": {"UDP": True, "TCP": True, "TLS": True},
}
LIBRARIES = "NEEDED libasound.so.2\nNEEDED libsrtp2.so.1\nNEEDED libssl.so.3"


@pytest.fixture
def known_packages(monkeypatch):
    monkeypatch.setattr(debian, "installed", lambda names: dict.fromkeys(names, "1.0"))


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (recipe, "EDITION", "next"),
        (recipe, "CFLAGS", "-O3"),
        (recipe, "CONFIGURE", ["--disable-video"]),
        (recipe, "CONFIG_SITE", PYTHON),
        (recipe, "suite", lambda: "debian-99"),
        (recipe, "abi", lambda *_: "cpython-399-x86_64-linux-gnu"),
        (cross.platform, "machine", lambda: "vax"),
        (debian, "installed", lambda names: dict.fromkeys(names, "2.0")),
    ],
)
def test_key_follows_everything_that_goes_in(known_packages, monkeypatch, tmp_path, where, name, value):
    before = recipe.cache_key("aa", PYTHON)
    assert recipe.cache_key("aa", PYTHON) == before
    assert recipe.cache_key("bb", PYTHON) != before
    if value is PYTHON:
        value = tmp_path / "config_site.h"
        value.write_text("#define PJSUA_MAX_CALLS 9\n")
    monkeypatch.setattr(where, name, value)
    assert recipe.cache_key("aa", PYTHON) != before


def test_a_wheel_for_another_processor_has_a_key_and_words_of_its_own(known_packages, monkeypatch):
    monkeypatch.setattr(recipe, "abi", lambda _, host="": f"cpython-313-{host}")
    assert recipe.cache_key("aa", PYTHON, "aarch64-linux-gnu") != recipe.cache_key("aa", PYTHON)
    assert cross.configure("") == [] and cross.environment("") == {}
    assert "--with-ssl=/usr" in cross.configure("aarch64-linux-gnu")
    assert cross.environment("aarch64-linux-gnu")["CC"] == "aarch64-linux-gnu-gcc"


def test_cached_wheel_is_found_by_its_key_only(known_packages, monkeypatch, tmp_path):
    monkeypatch.setenv("CALLSHEET_CACHE", str(tmp_path / "none yet"))
    assert build.cached_wheel("aa", PYTHON) is None
    shelf = build.shelf(recipe.cache_key("aa", PYTHON))
    shelf.mkdir(parents=True)
    wheel = shelf / "pjsua2-2.17-cp311-cp311-linux_x86_64.whl"
    wheel.touch()
    assert build.cached_wheel("aa", PYTHON) == wheel
    assert build.cached_wheel("bb", PYTHON) is None


@pytest.mark.parametrize("feature", recipe.CONFIGURE_PROOF)
def test_configure_without_a_feature_is_named(feature):
    assert recipe.missing_features(GOOD_LOG) == []
    assert recipe.missing_features(GOOD_LOG.replace(recipe.CONFIGURE_PROOF[feature], "")) == [feature]


def test_trial_passes_only_what_can_do_all():
    assert trial.shortcomings(FACTS, LIBRARIES) == []
    assert trial.shortcomings({**FACTS, "codecs": FACTS["codecs"][:3]}, LIBRARIES) == ["opus"]
    refused = {**FACTS["transports"], "TLS": "Unsupported transport"}
    assert trial.shortcomings({**FACTS, "transports": refused}, LIBRARIES) == ["TLS transport"]
    assert trial.shortcomings(FACTS, "NEEDED libc.so.6") == ["ALSA", "SRTP", "TLS"]


def test_version_is_read_as_the_stack_writes_it():
    text = "export PJ_VERSION_MAJOR  := 2\nexport PJ_VERSION_MINOR  := 17\nexport PJ_VERSION_REV    :={}\n"
    assert build.read_version(text.format("")) == "2.17"
    assert build.read_version(text.format(" 1")) == "2.17.1"


def test_package_list_is_sound():
    for group in ("venv", "build", "test"):
        names = debian.packages(group)
        assert names
        assert len(names) == len(set(names))
    rows = [row for row in debian.PACKAGE_LIST.read_text().splitlines() if row and row[0] != "#"]
    assert all(len(row.split(maxsplit=2)) == 3 for row in rows), "every package says why"


def test_missing_packages_without_root_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(debian, "missing", lambda _: ["swig", "libopus-dev"])
    monkeypatch.setattr(debian, "may_install", lambda: False)
    with pytest.raises(say.Failed, match=r"apt-get install .*swig libopus-dev") as problem:
        build.provide_packages(PYTHON)
    assert problem.value.code == build.EXIT_PACKAGES


def test_a_failed_step_shows_the_end_of_its_log(tmp_path):
    command = [sys.executable, "-c", "print('what went wrong'); raise SystemExit(7)"]
    with pytest.raises(say.Failed, match=r"(?s)failed \(7\).*what went wrong"):
        say.run(command, log=tmp_path / "step.log")


@pytest.mark.parametrize(
    "words", [["--source", "x"], ["--sha256", "00"], ["--signed", "--record"], ["--nonsense"], ["--host", "aarch64-linux-gnu"]]
)
def test_usage_errors_exit_2(words):
    with pytest.raises(SystemExit) as problem:
        build_command.main(words)
    assert problem.value.code == 2


def test_archive_with_a_wrong_hash_exits_4_before_anything_is_built(tmp_path, capsys):
    archive = tmp_path / "pj.tar.gz"
    archive.write_bytes(b"x")
    assert build_command.main(["--source", str(archive), "--sha256", "0" * 64]) == 4
    assert "not used" in capsys.readouterr().err


def test_services_are_left_alone_while_installing(tmp_path, monkeypatch):
    """policy-rc.d answers 101 during an install, and is gone again afterwards even if it fails."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(debian, "POLICY", policy)
    with debian._services_left_alone():
        assert subprocess.call([policy]) == 101
    assert not policy.exists()
    interrupted = debian._services_left_alone()
    interrupted.__enter__()
    with pytest.raises(KeyboardInterrupt):
        interrupted.gen.throw(KeyboardInterrupt)
    assert not policy.exists()
