# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout's .venv: what is in it, what is wanted of it, and getting from one to the other."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from . import build, build_command, debian, pythons, recipe, say, source, trial
from .paths import PYPI_PJSUA2_LOCK, ROOT, RUNTIME_LOCK, TEST_LOCK, VENV, cache_dir

STATE = VENV / "callsheet.json"
PYTHON = VENV / "bin" / "python"

STOP_GAP = (
    "pjsua2 is the published stop-gap: no ALSA (no sound device), no Opus, TLS by an outdated OpenSSL."
    " scripts/setup replaces it by our own build where a compiler can be had."
)


@dataclass(frozen=True)
class State:
    """What .venv holds: hashes of what went in, and which pjsua2 ("own", "published", "none")."""

    root: str = ""
    runtime: str = ""
    test: str = ""
    pjsua2: str = "none"
    recipe: str = ""


@dataclass(frozen=True)
class Wish:
    """What the caller wants of .venv."""

    test: bool = False
    fast: bool = False
    pjsua2: bool = True
    python: str | None = None


def load() -> State:
    """Return what .venv says it holds; an empty State if it is not there or cannot be read."""
    try:
        state = State(**json.loads(STATE.read_text()))
    except (OSError, ValueError, TypeError):
        return State()
    return state if PYTHON.exists() and state.root == str(ROOT) else State()


def store(state: State) -> None:
    """Write down what .venv holds now, at once."""
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps(asdict(state), indent=1) + "\n")
    part.rename(STATE)


def runtime_hash() -> str:
    """Return the hash of all that decides the runtime packages and the editable install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    facts = {name: project[name] for name in ("build-system", "project")}
    return _hash(RUNTIME_LOCK.read_text(), json.dumps(facts, sort_keys=True))


def test_hash() -> str:
    """Return the hash of what decides the test packages."""
    return _hash(TEST_LOCK.read_text())


def current_recipe() -> str:
    """Return the hash of our pjsua2's recipe as the repository has it now."""
    return recipe.recipe_hash(source.recorded().sha256)


def packages_ready(state: State, wish: Wish) -> bool:
    """Tell whether the locked packages wanted are in."""
    return state.runtime == runtime_hash() and (not wish.test or state.test == test_hash())


def pjsua2_ready(state: State, wish: Wish) -> bool:
    """Tell whether the pjsua2 in .venv is good enough for the wish."""
    if not wish.pjsua2:
        return True
    if state.pjsua2 == "own":
        return wish.fast or state.recipe == current_recipe()
    return state.pjsua2 == "published" and wish.fast


def ensure(wish: Wish) -> tuple[State, bool]:
    """Bring .venv to the wish; return its state and whether anything was done. Raise Failed."""
    with _one_at_a_time():
        state = before = load()
        # An environment of another Python cannot be bent into the one asked for.
        if wish.python and state.root and not _is_of(wish.python):
            state = State()
        if not state.root:
            state = _create(wish)
        if not packages_ready(state, wish):
            state = _install_packages(state, wish)
        if not pjsua2_ready(state, wish):
            state = _install_pjsua2(state, wish)
        return state, state != before


def _is_of(asked: str) -> bool:
    wanted, have = pythons.look(shutil.which(asked) or asked), pythons.look(PYTHON)
    return bool(wanted and have and wanted.version == have.version)


def _create(wish: Wish) -> State:
    # Our own wheel in the cache serves any Python; only the published one is choosy.
    python = pythons.get(wish.python, published_first=wish.fast)
    say.step(f"{python}: make {VENV}")
    say.run([python.path, "-m", "venv", "--clear", VENV], log=_log())
    state = State(root=str(ROOT))
    store(state)
    return state


def _install_packages(state: State, wish: Wish) -> State:
    test = wish.test or bool(state.test)
    lock = TEST_LOCK if test else RUNTIME_LOCK
    rows = sum(line[:1].isalpha() for line in lock.read_text().splitlines())
    say.step(f"install the {rows} packages of {lock.name}")
    # Wheels only: a newcomer has no compiler, and a build would run unpinned code.
    _pip("install", "--require-hashes", "--only-binary", ":all:", "-r", lock)
    say.step("install the project itself, editable")
    _pip("install", "--no-build-isolation", "--no-deps", "--editable", ROOT)
    state = replace(state, runtime=runtime_hash(), test=test_hash() if test else "")
    store(state)
    return state


def _install_pjsua2(state: State, wish: Wish) -> State:
    python = pythons.look(PYTHON)
    if python is None:
        raise say.Failed(f"{PYTHON} does not start; remove {VENV} and run scripts/setup again")
    wheel = build.cached_wheel(source.recorded().sha256, PYTHON)
    if wheel is None and not (wish.fast and python.has_published_pjsua2):
        wheel = _own_wheel()
    if wheel:
        say.step(f"install pjsua2, our own build: {wheel}")
        _swap_pjsua2("--no-index", "--no-deps", wheel)
        state = replace(state, pjsua2="own", recipe=current_recipe())
    elif state.pjsua2 == "none":
        state = _install_published(state, python)
    store(state)
    return state


def _own_wheel() -> Path | None:
    """Build our own wheel; None (and a note why) where that cannot be done."""
    missing = build.lacking(PYTHON)
    if missing and not debian.may_install():
        say.warn(f"our own pjsua2 cannot be built here: missing {' '.join(missing)}")
        return None
    try:
        return build_command.pinned_or_signed(PYTHON)
    except say.Failed as problem:
        say.warn(f"our own pjsua2 was not built: {problem}")
        return None


def _install_published(state: State, python: pythons.Python) -> State:
    if not python.has_published_pjsua2:
        return state
    say.step("install the published pjsua2 wheel")
    try:
        _swap_pjsua2("--require-hashes", "--only-binary", ":all:", "-r", PYPI_PJSUA2_LOCK)
    except say.Failed as problem:
        say.warn(f"no published pjsua2 for this machine: {problem}")
        return state
    return replace(state, pjsua2="published", recipe="")


def _swap_pjsua2(*words: str | Path) -> None:
    # Both distributions own the same module files: one must be gone before the other comes.
    _pip("uninstall", "--yes", "pjsua2", "pjsua2-python")
    _pip("install", *words)


def _pip(*words: str | Path) -> None:
    trial.pip(PYTHON, list(words), _log())


def _log() -> Path:
    return cache_dir() / "log" / "setup.log"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let two runs in one checkout wait for each other, without leaving a lock file behind."""
    with (ROOT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
