# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel knows of a process: CPU time, memory, wake-ups; and running one to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_CPUCLOCK_SCHED = 2
# Linux counts for a process's largest memory also that of the one it was made from, which here may be the larger one:
# this one is small.
_WAIT = """
import os, sys, time
os.set_inheritable(int(sys.argv[1]), False)
began = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
told = os.waitstatus_to_exitcode(status), time.monotonic() - began, used.ru_maxrss, used.ru_utime + used.ru_stime
os.write(int(sys.argv[1]), " ".join(map(str, told)).encode())
"""
MIB = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads, by the process's own CPU clock (clock_getcpuclockid(3)).

    /proc/PID/stat counts ticks of 10 ms, too coarse for a phone that does nothing.
    """
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of a process and all below it, and of their children that have ended (ticks of 10 ms)."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            # The name may hold blanks and brackets (proc_pid_stat(5)); the fields that count stand behind it.
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)], ticks[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    below = {pid}
    while more := {one for one, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(ticks.get(one, 0) for one in below) / os.sysconf("SC_CLK_TCK")


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    return _status(pid, "VmRSS") / 1024


def wake_ups(pid: int) -> int:
    """Times its threads went to sleep of their own accord, so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


class Usage(Struct, frozen=True):
    """What a process used over some seconds."""

    cpu: float
    """Per cent of one core."""
    wake_ups: float
    """A second."""
    rss: float
    """MiB at the end."""


def watch(pid: int, seconds: float) -> Usage:
    """Let it run, and look at both ends. Raises OSError if it is gone."""
    began, cpu, wakes = time.monotonic(), cpu_seconds(pid), wake_ups(pid)
    time.sleep(seconds)
    took = time.monotonic() - began
    return Usage(100 * (cpu_seconds(pid) - cpu) / took, (wake_ups(pid) - wakes) / took, rss(pid))


class Finished(Struct, frozen=True):
    """A command that ran to its end."""

    seconds: float
    peak: float
    """Resident memory in MiB at its highest (getrusage's ru_maxrss), of the largest process."""
    output: str
    cpu: float
    """Seconds of user and system time, with those of the processes it waited for."""


def run(command: list[str], cwd: Path) -> Finished:
    """Run a command in `cwd`; modules are found as in this process. Raises RuntimeError with its words if it fails."""
    log = cwd / "command.log"
    read, write = os.pipe()
    with log.open("wb") as output, os.fdopen(read) as told:
        waiter = subprocess.Popen([sys.executable, "-I", "-S", "-c", _WAIT, str(write), *command], cwd=cwd, pass_fds=(write,),
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        os.close(write)
        words = told.read().split()
        waiter.wait()
    text = log.read_text(errors="replace")
    if len(words) != 4 or words[0] != "0":
        raise RuntimeError(f"{command[0]} ended with {words[0] if words else 'nothing'}: {text[-500:]}")
    took, peak, cpu = map(float, words[1:])
    return Finished(took, peak / 1024, text, cpu)


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise OSError(f"process {pid} has no {name}: it has ended")
