# SPDX-License-Identifier: GPL-3.0-or-later
"""Build our own pjsua2 wheel in the cache: source, configure, libraries, binding, wheel, trial."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import cross, debian, say, trial
from .paths import RUNTIME_LOCK, cache_dir
from .recipe import (
    BINDING_CFLAGS,
    CFLAGS,
    CONFIG_SITE,
    CONFIGURE,
    WHEEL_SETUP,
    abi,
    cache_key,
    missing_features,
    recipe_hash,
    suite,
)

EXIT_PACKAGES = 3  # compilers or libraries are missing and cannot be installed from here
EXIT_FEATURE = 5  # it was built, but without something the phone needs

BINDING = Path("pjsip-apps/src/swig/python")


@dataclass
class Build:
    """One build: what goes in, and where it happens."""

    archive: Path
    sha256: str
    python: Path
    key: str
    work: Path
    host: str = ""
    version: str = ""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        """The unpacked source."""
        return self.work / "source"

    def log(self, name: str) -> Path:
        """Return the path of one step's log."""
        return self.work / "log" / f"{name}.log"


def shelf(key: str) -> Path:
    """Return the cache's directory for one key."""
    return cache_dir() / "pjsua2" / key


def cached_wheel(source_sha256: str, python: Path, host: str = "") -> Path | None:
    """Return the wheel in the cache for this source, machine and interpreter, if there is one."""
    wheels = sorted(shelf(cache_key(source_sha256, python, host)).glob("pjsua2-*.whl"))
    return wheels[-1] if wheels else None


def lacking(python: Path) -> list[str]:
    """Return the Debian packages a build for this interpreter still needs."""
    names = debian.missing(debian.packages("build"))
    ask = (
        "import os, sys, sysconfig; print(sys.version_info[1], os.path.exists("
        "os.path.join(sysconfig.get_path('include'), 'Python.h')))"
    )
    minor, headers = subprocess.check_output([str(python), "-c", ask], text=True).split()
    return names if headers == "True" else [*names, f"python3.{minor}-dev"]


def provide_packages(python: Path) -> None:
    """Install what the build needs if we may; raise Failed with EXIT_PACKAGES if we may not."""
    names = lacking(python)
    if not names:
        return
    if not debian.may_install():
        raise say.Failed(
            f"pjsua2 cannot be built here: missing {' '.join(names)}.\n"
            f"As root: apt-get install --no-install-recommends {' '.join(names)}",
            EXIT_PACKAGES,
        )
    try:
        debian.install(names)
    except say.Failed as problem:
        raise say.Failed(str(problem), EXIT_PACKAGES) from None


def build_wheel(archive: Path, sha256: str, python: Path, *, again: bool = False, host: str = "") -> Path:
    """Return our wheel for this archive and interpreter, from the cache or newly built; raise Failed.

    `host`: for that processor (a GNU triple), whose compilers and -dev packages the caller has put in place.
    """
    if not host:
        provide_packages(python)
    with _one_at_a_time():
        key = cache_key(sha256, python, host)
        ready = cached_wheel(sha256, python, host)
        if ready and not again:
            say.step(f"pjsua2 is in the cache: {ready}")
            return ready
        (cache_dir() / "work").mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"pjsua2-{key}-", dir=cache_dir() / "work"))
        job = Build(archive, sha256, python, key, work, host, env=_environment() | cross.environment(host))
        wheel = _keep(job, _make(job))
        shutil.rmtree(work)  # left behind on failure, with its logs
        return wheel


def _make(job: Build) -> Path:
    say.step(f"build pjsua2 for {abi(job.python, job.host)} in {job.work} (about a minute and a half on two cores)")
    _unpack(job)
    say.step(f"configure pjproject {job.version}")
    say.run(
        ["./configure", f"--prefix={job.work / 'prefix'}", *CONFIGURE, *cross.configure(job.host)],
        log=job.log("configure"),
        cwd=job.tree,
        env=job.env,
    )
    if lost := missing_features(job.log("configure").read_text(errors="replace")):
        raise say.Failed(f"configure found no {', '.join(lost)}: see {job.log('configure')}", EXIT_FEATURE)
    _compile(job)
    say.step("link the binding, pack the wheel")
    wheel = _pack(job)
    if job.host:
        cross.check(wheel, job.host, job.work, EXIT_FEATURE)
        return wheel
    say.step("try the wheel in an environment of its own")
    trial.run(wheel, job.python, job.work, job.log("trial"), EXIT_FEATURE)
    return wheel


def _unpack(job: Build) -> None:
    say.step("unpack the source")
    # Debian 12's Python 3.11.2 has no extraction filters yet; the archive's hash vouches for it.
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(job.archive) as archive:
        archive.extractall(job.work / "unpacked", **safely)  # type: ignore[arg-type]
    (top,) = (job.work / "unpacked").iterdir()
    top.rename(job.tree)
    job.version = read_version((job.tree / "version.mak").read_text())
    # Debian strips a source file for its licence but leaves it in the makefile.
    makefile = job.tree / "pjmedia/build/Makefile"
    if not (job.tree / "pjmedia/src/pjmedia-audiodev/bdimad_dev.c").exists():
        _replace(makefile, " bdimad_dev.o", "")
    # The stack logs to stdout before its log settings can be made: begin silent instead.
    _replace(
        job.tree / "pjlib/src/pj/log.c",
        "int pj_log_max_level = PJ_LOG_MAX_LEVEL;",
        "int pj_log_max_level = 0;",
    )
    # The thread that takes RTP in looks up 100 times a second, whether there is a call or not. With
    # epoll a new socket is seen at once, so that a tenth of a second is soon enough to be told to end.
    _replace(
        job.tree / "pjmedia/src/pjmedia/endpoint.c",
        "pj_time_val timeout = { 0, 10 };",
        "pj_time_val timeout = { 0, 100 };",
    )
    shutil.copy(CONFIG_SITE, job.tree / "pjlib/include/pj/config_site.h")


def read_version(version_mak: str) -> str:
    """Return the version that a `version.mak` states, as `2.17` or `2.17.1`."""
    values = {}
    for line in version_mak.splitlines():
        if line.startswith("export PJ_VERSION_"):
            name, _, value = line.removeprefix("export PJ_VERSION_").partition(":=")
            values[name.strip()] = value.strip()
    numbers = [values.get(name, "") for name in ("MAJOR", "MINOR", "REV")]
    return ".".join(number for number in numbers if number)


def _compile(job: Build) -> None:
    """Make the libraries, and beside them the binding's one big object, which needs headers only."""
    binding = job.tree / BINDING
    say.step("generate the binding")
    say.run(["make", "pjsua2_wrap.cpp"], log=job.log("swig"), cwd=binding, env=job.env)
    problems: list[say.Failed] = []

    def wrap() -> None:
        try:
            say.run(_wrap_command(job), log=job.log("binding"), cwd=binding, env=job.env)
        except say.Failed as problem:
            problems.append(problem)

    say.step(f"compile the libraries and the binding on {os.cpu_count()} cores")
    thread = threading.Thread(target=wrap)
    thread.start()
    try:
        jobs = f"-j{os.cpu_count() or 1}"
        say.run(["make", jobs, "lib"], log=job.log("make"), cwd=job.tree, env=job.env)
        say.step("libraries made; the binding still compiles")
    finally:
        thread.join()
    if problems:
        raise problems[0]


def _wrap_command(job: Build) -> list[str]:
    ask = "import sysconfig; print(sysconfig.get_path('include'))"
    headers = subprocess.check_output([str(job.python), "-c", ask], text=True).strip()
    flags = [*_words(job, "cflags"), *BINDING_CFLAGS.split(), f"-I{headers}"]
    return [job.env.get("CXX", "g++"), *flags, "-c", "pjsua2_wrap.cpp", "-o", "pjsua2_wrap.o"]


def _pack(job: Build) -> Path:
    binding = job.tree / BINDING
    shutil.copy(WHEEL_SETUP, binding / "setup.py")
    tools = job.python
    if not job.host:  # there, the interpreter has Debian's own setuptools
        tools = trial.environment(job.python, job.work / "tools", job.log("tools"))
        trial.pip(tools, ["install", "--require-hashes", "--no-deps", "-r", _build_tools(job)], job.log("tools"))
    link = [*_words(job, "ldflags"), *(f"-l{name}" for name in _words(job, "libs"))]
    env = {
        **job.env,
        "PJSUA2_VERSION": job.version,
        "PJSUA2_LINK": " ".join(link),
        "LDFLAGS": "-Wl,-s -Wl,--as-needed",
    }
    say.run(
        [tools, "setup.py", "bdist_wheel", "-d", job.work / "dist"],
        log=job.log("wheel"),
        cwd=binding,
        env=env,
    )
    (wheel,) = (job.work / "dist").glob("*.whl")
    return wheel


def _build_tools(job: Build) -> Path:
    """Write the part of the lock file that packs a wheel: setuptools, with its hashes."""
    text = RUNTIME_LOCK.read_text().replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.startswith("setuptools==")]
    part = job.work / "build-tools.lock"
    part.write_text("\n".join(rows) + "\n")
    return part


def _keep(job: Build, wheel: Path) -> Path:
    """Put wheel, logs and a record of what went in on the shelf; the wheel last and at once."""
    place = shelf(job.key)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    shutil.copytree(job.log("x").parent, place / "log")
    record = {
        "pjproject": job.version,
        "source": job.archive.name,
        "source_sha256": job.sha256,
        "recipe": recipe_hash(job.sha256),
        "suite": suite(),
        "abi": abi(job.python, job.host),
        "dev_packages": debian.installed(debian.packages("build")),
    }
    (place / "build.json").write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    shutil.copy(wheel, place / "part")
    kept = place / wheel.name
    (place / "part").rename(kept)
    say.step(f"made {kept} ({kept.stat().st_size / 1e6:.1f} MB)")
    return kept


def _words(job: Build, target: str) -> list[str]:
    command = ["make", "--no-print-directory", "-f", "helper.mak", target]
    return subprocess.check_output(command, cwd=job.tree / BINDING, env=job.env, text=True).split()


def _environment() -> dict[str, str]:
    """Return the build's environment: the caller's, without what would leak into the result."""
    unwanted = {"CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**env, "CFLAGS": CFLAGS, "CXXFLAGS": CFLAGS, "LC_ALL": "C.UTF-8"}


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        raise say.Failed(f"{path}: expected {old!r} there; this source needs another patch")
    path.write_text(text.replace(old, new))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say.step("another build is running; wait for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
